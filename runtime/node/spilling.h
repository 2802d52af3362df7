// Spilling moves the bytes of blocks that nobody reads from the store's memory to disk, and back for those who read
// them.
//
//   block:   in memory --begin_spill--> asked for --all holders agree, and a sweep--> written --> on disk
//               ^-----one does not, or the disk fails-----/----------------------------/           |
//               a reader asks: its bytes are read into another block, which the reader holds <-----/
//
// A block on disk keeps its place in the arena, its owner and its holds: only its memory is gone. It is gone itself
// when its last holder frees it. The copy that was read is held by the node, too, for the next reader, until the block
// is gone or memory is needed: then those copies go first that nobody reads, the one that was asked for longest ago
// first.
//
// Why nobody reads what is written and then given back: a process that holds the block (its tag, or a hold that the
// node counts) is asked, and agrees only if no array, call or reader of its has it; from then on it asks before it
// reads. One that adopts the block later finds it marked in the arena, before anybody was asked. One that is on its way
// to adopt it is counted by the node already, or is served by a call that its caller keeps open, who does not agree.
// Who agrees may have just passed it on: such holds are counted before, so they are read in one complete sweep over all
// rings; and one that is read until then, of somebody who was not asked, keeps the block in memory, also if it is
// released again.
//
// Threads: confined; disks are the business of a thread of its own, which posts back. Units: bytes; arena offsets.
// Errors:  none; a disk that fails is left out for some time (SpillFiles), and said once.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>

#include "../../objectstore/arena/arena.h"
#include "../../objectstore/spill/spill_place.h"
#include "../../rpc/control.h"
#include "../../scheduler/holders.h"
#include "../wire/node_messages.h"

namespace manta::detail::node {

class Spilling {
 public:
  struct Session {
    std::function<std::vector<scheduler::ProcessSlot>(std::uint64_t block)> holders_of;
    std::function<bool(std::uint64_t block)> is_wire;  // the wire form of a value lies in it
    std::function<bool(rpc::Slot)> live;
    std::function<void(rpc::Slot, const SpillAsk&, PayloadBytes)> ask;
    std::function<void(rpc::Slot, const RestoreTold&, std::string_view)> tell;
    // The process, or the node, holds the block, which is the node's, once more; the node once less.
    std::function<void(std::uint64_t block, rpc::Slot)> hold;
    std::function<void(std::uint64_t block)> let_go;
    std::function<void(const std::string&)> warn;
    std::function<std::int64_t()> now_ms;
  };

  // `place` null: nothing is spilled. `timeout_ms`: so long a reader waits for room.
  Spilling(asio::io_context& io, objectstore::Arena& arena,
           std::unique_ptr<objectstore::SpillPlace> place, std::int64_t timeout_ms,
           Session session);
  ~Spilling();

  // Somebody needs memory: drops copies or spills some blocks, unless that is under way. False: there is nothing.
  bool make_room();
  void on(rpc::Slot from, const SpillTold& told, PayloadBytes agreed);
  void on(rpc::Slot from, const RestoreAsk& ask);
  void process_died(rpc::Slot slot);
  // The node ends, without destroying this.
  void end();
  void block_held(std::uint64_t block, rpc::Slot whose);  // a hold was counted

  // Around a sweep over all rings.
  void begin_sweep();
  void end_sweep();
  bool sweep_needed() const { return step_ == Step::kSweeping; }
  bool possible() const { return place_ != nullptr; }
  bool is_copy(std::uint64_t block) const { return copies_.contains(block); }
  bool spills() const { return step_ != Step::kIdle; }
  // Whether memory will probably be free soon: not while it asks again those who have just not agreed.
  bool makes_room() const { return step_ == Step::kWriting || (spills() && passes_in_vain_ == 0); }
  bool busy() const { return step_ != Step::kIdle || !on_disk_.empty(); }
  // Now and then while busy(): who does not answer, who waits for room, and what was freed on disk.
  void look();
  std::chrono::milliseconds look_after() const;
  bool urgent() const { return step_ == Step::kAsking || !awaited_.empty(); }

 private:
  enum class Step : std::uint8_t { kIdle, kAsking, kSweeping, kWriting };
  struct Candidate {
    std::uint64_t block = 0;
    std::size_t size = 0;
    std::set<rpc::Slot> asked = {};
    std::set<rpc::Slot> silent = {};  // of those
  };
  struct Reader {
    rpc::Slot slot = 0;
    std::uint64_t question = 0;
    std::int64_t since = 0;
  };
  struct OnDisk {
    objectstore::SpilledAt at;
    std::uint64_t restored = 0;        // the block with its bytes, plus 1
    std::vector<Reader> waiting = {};  // the oldest first
    bool reading = false;
  };
  // Of a block on disk, in memory, and held by the node.
  struct Copy {
    std::uint64_t of = 0;
    std::uint64_t asked_for = 0;  // the number of the answer that named it last
  };
  using Written = std::vector<objectstore::SpilledAt>;

  std::set<rpc::Slot> holders_of(std::uint64_t block) const;
  bool post(std::function<void()> work);
  void warn(const std::string& why);
  bool begin_round();
  void add_to_round(const objectstore::BlockExtent& block);
  void drop(std::vector<Candidate>::iterator candidate);
  void keep(const Candidate& candidate);
  void end_asking();
  void write();
  void written(const Written& places, const std::string& why_not);
  void end_round();
  bool drop_copies();
  void drop_copy(std::uint64_t copy);
  void restore(std::uint64_t block, OnDisk& found);
  std::optional<std::uint64_t> room_for(const OnDisk& found);
  bool is_late(const Reader& reader) const;
  bool has_addresses() const;
  void forget_freed();
  void restored(std::uint64_t block, std::uint64_t copy, RestoreTold::Outcome outcome,
                const std::string& lost);
  void answer(std::uint64_t block, OnDisk& found, const RestoreTold& told,
              std::string_view text = {});
  void tell(const Reader& reader, RestoreTold told, std::string_view text = {});

  asio::io_context& io_;
  objectstore::Arena& arena_;
  const std::unique_ptr<objectstore::SpillPlace> place_;
  const std::int64_t timeout_ms_;
  const Session session_;

  Step step_ = Step::kIdle;
  bool swept_ = false;  // the sweep that is awaited has begun
  std::uint64_t question_ = 0;
  std::int64_t since_ = 0;
  std::uint64_t cursor_ = 0;  // where the next round looks for candidates
  std::int64_t in_vain_until_ = 0;
  std::int64_t warned_until_ = 0;
  int fruitless_ends_ =
      0;  // how often a round reached the end of the arena since something was spilled
  std::vector<Candidate> round_;
  std::map<rpc::Slot, std::vector<std::uint64_t>> asked_;          // in the order of the question
  std::vector<std::pair<rpc::Slot, RestoreAsk>> asked_meanwhile_;  // of blocks of this round
  int passes_in_vain_ = 0;  // since something was spilled or dropped
  std::map<std::uint64_t, OnDisk> on_disk_;
  std::size_t bytes_on_disk_ = 0;
  std::set<std::uint64_t> awaited_;  // those of them that have readers who wait
  std::int64_t next_forgetting_ = 0;
  std::map<std::uint64_t, Copy> copies_;
  std::uint64_t answers_ = 0;
  std::optional<asio::thread_pool> disks_;  // last: it ends before what it uses
};

}  // namespace manta::detail::node
