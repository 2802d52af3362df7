// A RunningCall is one call while a worker runs it: its arguments as views into the received bytes and the store, and
// its results as they are written.
//
//   begin(frame bytes) --> the stub reads arguments, adds results --> end(): what of the arguments is still in use
//
// A call that runs in place (in_place.h) has its caller in this process: its results stay values of the process, and
// what it is lent belongs to the caller anyway.
// Invariants: arguments stay readable until end(); results are written in their order.
// Errors:     begin() and run() throw; a call with an error has it as each of its results.
// Threads:    confined to the executor.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../objectstore/block.h"
#include "../../rpc/control.h"
#include "../code/code_id.h"
#include "../ownership/value_codec.h"
#include "../wire/error_record.h"
#include "../wire/lane_messages.h"
#include "../wire/node_messages.h"
#include "call_context.h"
#include "item_receiver.h"

namespace manta::detail {

class NodeQuestions;
class Ownership;
class Process;
class Turn;

class RunningCall final : public CallContext {
 public:
  enum class Caller { kElsewhere, kHere };
  // `turn`: whose CPU is lent while arguments are read back from disk.
  RunningCall(Process& process, Turn& turn, ItemReceiver& items, Caller caller = Caller::kElsewhere)
      : process_(process), turn_(turn), receiver_(items), caller_(caller) {}

  // `bytes` are a CallFrame and what follows it; they must stay until end(). Throws BuildMismatch, NotFound or
  // SerializationError for code that this process does not have.
  void begin(std::span<const std::byte> bytes, void* instance);
  void run();
  // Of an argument that failed, so that run() has called nothing; or null.
  const ErrorRecord* failed_argument() const { return failed_argument_.get(); }
  // The error stands instead of all results.
  void fail(const ErrorRecord& error);
  // Drops the arguments, and notes which of their blocks and references the program still uses.
  void end();

  const CallFrame& frame() const { return frame_; }
  const std::string& name() const { return name_; }
  Instance constructed() const { return constructed_; }

  // Of a call whose caller is in this process: its results, or the error in the place of each.
  std::vector<Value> take_values() { return std::exchange(values_here_, {}); }

  // The reply, after end(). References in the results are counted for `caller`, in the name of this reply.
  std::span<const std::uint64_t> kept() const { return kept_; }
  std::span<const std::byte> results_for(rpc::Slot caller, ReplyName reply);
  // Before results_for(): a block for a large section of results, into which move_results() moves it. Null if the
  // section is small, or if there is no room, so that the results are an error now.
  base::Ref<objectstore::Block> room_for_results();
  // The same for an item. Throws ObjectStoreFull, OutOfDisk or OutOfMemory.
  base::Ref<objectstore::Block> room_for_item();
  void move_results(base::Ref<objectstore::Block> block);
  // Blocks that only the results hold: they become the caller's when the reply is in its ring; without it they are
  // freed.
  bool gives_blocks() const { return !result_blocks_.empty(); }
  void hand_over_blocks(rpc::Slot caller);
  void drop_blocks() { result_blocks_.clear(); }

  // Of a generator: how many items it has given, and whether it may give another one when so many were taken.
  std::uint64_t items() const { return items_; }
  bool may_give_another(std::uint64_t taken) const {
    return most_ == 0 || items_ < taken || items_ - taken < most_;
  }

  std::uint32_t run_time() const { return run_ns_; }
  void set_run_time(std::uint32_t ns) { run_ns_ = ns; }

  void void_result() override;
  void error_result(const ErrorRecord& error) override;
  void begin_items(std::uint64_t most) override;
  void stopped() override;
  void construct(Instance instance) override { constructed_ = instance; }

 private:
  serialization::Encoded& scratch() override { return scratch_; }
  void add_result(serialization::Encoded& encoded) override;
  bool add_item(serialization::Encoded& encoded) override;
  template <class Store>
  auto with_room(Store&& store);
  std::string what_for() const;
  void clear_results();
  void end_forked_child() const;
  Ownership& ownership() const;
  NodeQuestions& questions() const;
  void read_arguments(std::span<const std::byte> bytes);
  std::span<const std::byte> read_external();
  void fail_argument(const std::exception& error);
  void read_back(std::span<serialization::Buffer> buffers);
  Stub called_stub() const;
  void keep_block(objectstore::Block& block);
  void keep_reference(const serialization::Reference& reference);
  void hold_references_for(rpc::Slot caller, ReplyName reply);
  BlockMark mark_for(objectstore::Block& block, std::size_t uses, rpc::Slot caller,
                     ReplyName reply);

  Process& process_;
  Turn& turn_;
  ItemReceiver& receiver_;
  const Caller caller_;
  CallFrame frame_;
  std::string name_;
  Stub stub_ = nullptr;
  Instance constructed_;
  base::StorageRef external_;                   // of arguments that are too large for a lane
  std::vector<serialization::Buffer> buffers_;  // of all arguments
  std::vector<serialization::Reference> references_;
  std::vector<base::StorageRef> lent_;  // the blocks of the arguments, once each
  serialization::Encoded scratch_;

  std::vector<std::byte> results_;
  std::vector<std::size_t> result_buffers_;      // positions of WireBuffers in results_
  std::vector<base::StorageRef> result_blocks_;  // beside them
  std::vector<serialization::Reference> result_references_;
  std::vector<Value> values_here_;  // instead, when the caller is here
  std::uint32_t results_added_ = 0;
  std::uint64_t items_ = 0, most_ = 0;  // only of a generator, as begin_items() says
  std::vector<std::uint64_t> kept_;
  std::uint32_t run_ns_ = 0;
  std::unique_ptr<ErrorRecord> failed_argument_;  // freed while the call was on its way
};

}  // namespace manta::detail
