// A Call is one call as its caller's process keeps it, from submission to reply.
//
//   built --submitted--> waiting for arguments --> queued --> in flight --reply--> done
//                                                    |  ^---- returned, retried ---|  ^
//                                                    \---> runs in place (in_place.h)-/
//
// The arguments are encoded on the caller's thread into `body`; where a ref stands for a value, a Part says at which
// position of the body the value is inserted when the call is sent.
// Invariants: a Call belongs to the queue, lane or table that it is in; entries of missing arguments share it. It keeps
// alive what its arguments refer to until its reply; it owns its results until they are done.
// Threads:    built by the caller's thread, then confined to the holder of the progress baton (under the tables lock).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "../../base/result.h"
#include "../../objectstore/store.h"
#include "../options/options.h"
#include "../ownership/actor_entry.h"
#include "../ownership/object_entry.h"
#include "../wire/lane_messages.h"
#include "pending_bytes.h"

namespace manta::detail {

class Call;

// What a process does with its calls; the wiring of its parts decides.
class CallRouter {
 public:
  virtual void accept(base::Ref<Call> call) = 0;       // submitted just now
  virtual void send_ready(base::Ref<Call> call) = 0;   // a task; all its arguments are there
  virtual void start_ready(base::Ref<Call> call) = 0;  // the same, if none of them failed

 protected:
  ~CallRouter() = default;
};

class Call final : public Command {
 public:
  struct Part {
    std::size_t at = 0;  // position in the body
    ObjectEntryRef entry;
  };
  struct Kept {  // what the arguments refer to
    std::vector<base::StorageRef> blocks;
    std::vector<serialization::Reference> references;
    std::vector<Part> parts;
  };

  ~Call() override;
  void run(base::Ref<Command> self, CallRouter& router) override;
  void object_done(base::Ref<Command> self, CallRouter& router) override;

  // The call as it travels, once every part of its arguments is there: frame, name, arguments.
  std::size_t frame_size() const;
  void write_frame(std::byte* out, std::size_t size, std::uint64_t sequence,
                   const objectstore::Store& store);
  // Bytes of the argument section; writes them to `out`.
  std::size_t arguments_size() const;
  void write_arguments(std::byte* out, const objectstore::Store& store) const;

  template <class Visit>
  void each_result(Visit&& visit) {
    if (result) visit(result);
    if (more_results) {
      for (auto& entry : *more_results) visit(entry);
    }
  }
  // Moves the arguments into a block of the store, when they are too large to travel in a lane.
  base::Status<objectstore::StoreError> externalize(objectstore::Store& store);
  // The first argument that failed, or null.
  const ObjectEntry* failed_argument() const;
  std::string display_name() const;

  CallFrame frame;
  std::string name;  // given by the user; empty: the function's own
  SmallBytes body;
  std::unique_ptr<Kept> kept;
  ObjectEntryRef result;
  // Of an unpacked call: `result` is null then, but for unpack(0), which nobody gets.
  std::unique_ptr<std::vector<ObjectEntryRef>> more_results;
  base::Ref<ActorEntry> actor;                 // of a method call
  std::shared_ptr<const TaskOptions> options;  // null: the defaults
  base::StorageRef external;                   // block that holds the arguments of a large frame
  int missing = 0;                             // arguments that are not there yet
  int retries = 0;                             // crashes survived
  bool one_way = false;
  bool abandoned = false;  // it has failed already; entries of missing arguments may know it still
  bool ready = false;      // see Completion::make_ready()
  bool queued = false;     // in a TaskSender, and not in flight
  bool in_place = false;   // it runs where it was submitted
  std::uint64_t estimate_ns = 0;       // of its run time, while in flight
  std::int64_t submitted_ms = 0;       // by monotonic_ms()
  Call* next = nullptr;                // in a queue of ready calls
  Call* previous = nullptr;            // in that of a TaskSender
  PendingBytes* counted_by = nullptr;  // until it goes
  std::uint32_t counted_bytes = 0;
};

}  // namespace manta::detail
