// Spilling moves the bytes of blocks that nobody reads from the store's memory to disk (DiskBlocks keeps them
// there, and brings them back), some at a time, a round:
//
//   block:   in memory --begin_spill--> asked for --all holders agree, and a sweep--> written --> on disk
//               ^-----one does not, or the disk fails, or does not answer-----/---------/
//
// Why nobody reads what is written and then given back: a process that holds the block (its tag, or a hold that the
// node counts) is asked, and agrees only if no array, call or reader of its has it; from then on it asks before it
// reads. One that adopts the block later finds it marked in the arena, before anybody was asked. One that is on its way
// to adopt it is counted by the node already, or is served by a call that its caller keeps open, which does not agree.
// A process that agrees may have just passed it on: such holds are counted before, so they are read in one complete
// sweep over all rings; and one that is read until then, of somebody that was not asked, keeps the block in memory,
// also if it is released again.
//
// Blocks that share a slab are spilled together: one that stays in memory keeps its neighbours there.
//
// Threads: confined. Units: bytes; arena offsets.
// Errors:  none; a disk that fails is left out for some time (SpillFiles), and said once a minute.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../../objectstore/arena/arena.h"
#include "../../objectstore/spill/spill_place.h"
#include "../../rpc/control.h"
#include "../wire/node_messages.h"
#include "disk_blocks.h"
#include "disk_work.h"
#include "own_asio.h"

namespace manta::detail::node {

class Spilling {
 public:
  // `place` null: nothing is spilled. `timeout_ms`: so long a reader waits for room.
  Spilling(asio::io_context& io, objectstore::Arena& arena,
           std::unique_ptr<objectstore::SpillPlace> place, std::int64_t timeout_ms,
           SpillSession session);

  // From 80 % on memory is made free before anybody has to wait for it.
  void keep_room();
  // Somebody needs memory: drops copies or spills some blocks, unless that is under way. False: there is nothing.
  bool make_room() { return make_room(Urgency::kNeeded); }
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
  // Why the disk took nothing when it was asked last; empty if it did.
  const std::string& why_not() const { return why_not_; }
  bool possible() const { return disk_.possible(); }
  bool is_copy(std::uint64_t block) const { return on_disk_.is_copy(block); }
  bool spills() const { return step_ != Step::kIdle; }
  bool empties() const { return emptying_ != 0; }  // memory of what is on disk
  // Whether memory will probably be free soon: not while it asks again those that have just not agreed.
  bool makes_room() const;
  // Whether it has looked at all that could be spilled since then, and found nothing, or the disk has taken nothing.
  bool has_tried_since(std::int64_t time) const {
    const bool silent = fate_ != nullptr && step_ != Step::kWriting;  // the disk
    return !possible() || silent || tried_at_ >= time;
  }
  bool busy() const { return step_ != Step::kIdle || on_disk_.any(); }
  // Now and then while busy(): who does not answer, who waits for room, and what was freed on disk.
  void look();
  std::chrono::milliseconds look_after() const {
    return std::chrono::milliseconds(is_active() ? 4 : urgent() ? 10 : 300);
  }
  bool urgent() const { return step_ == Step::kAsking || is_active() || on_disk_.anybody_waits(); }

 private:
  enum class Urgency : std::uint8_t { kAhead, kNeeded };
  enum class Step : std::uint8_t { kIdle, kAsking, kSweeping, kWriting };
  struct Candidate {
    std::uint64_t block = 0;
    std::size_t size = 0;
    std::set<rpc::Slot> asked = {};
    std::set<rpc::Slot> silent = {};  // of those
  };
  // Of a write: whoever is first decides.
  enum class Fate : std::uint8_t { kOpen, kSucceeds, kGivenUp };
  using Written = std::vector<objectstore::SpilledAt>;

  std::set<rpc::Slot> holders_of(std::uint64_t block) const;
  void warn(const std::string& why);
  bool is_full() const;
  bool is_active() const { return session_.now_ms() < active_until_; }
  std::size_t round_size() const;
  bool make_room(Urgency urgency);
  bool begin_round();
  // Of a whole: a run, or a slab with its blocks.
  void add_to_round(std::uint64_t whole);
  std::vector<Candidate>::iterator in_round(std::uint64_t block);
  void keep_whole_of(std::uint64_t block);
  bool is_free(std::uint64_t block) const {
    return arena_.block_at(block).owner == objectstore::kNobody;
  }
  void forget_free();
  void keep_those(const std::function<bool(const Candidate&)>& stay);
  void end_asking();
  void write();
  void write_and_empty(const std::vector<objectstore::SpillPlace::Bytes>& bytes,
                       const std::vector<std::uint64_t>& blocks, std::atomic<Fate>& fate);
  bool keep_whole_slabs(Written& places, const std::vector<std::uint64_t>& blocks) const;
  void written(const Written& places, const std::string& why_not);
  void give_up_writing();
  std::uint64_t bytes_of_round() const;
  void written_too_late(const Written& places);
  void end_round();

  objectstore::Arena& arena_;
  const SpillSession session_;
  DiskBlocks on_disk_;

  Step step_ = Step::kIdle;
  bool swept_ = false;  // the sweep that is awaited has begun
  std::uint64_t question_ = 0;
  std::int64_t since_ = 0;    // of the step
  std::uint64_t cursor_ = 0;  // where the next round looks for candidates
  // Of the next round. Sparse slabs are spilled when somebody needs memory and a pass over all else was in vain.
  objectstore::Filling filling_ = objectstore::Filling::kDense;
  std::int64_t in_vain_until_ = 0;
  std::atomic<std::size_t> emptying_{0};  // bytes on disk whose memory is being given back
  std::int64_t active_until_ = 0;
  std::int64_t freed_until_ = 0;  // what was dropped is free by then
  std::int64_t warned_until_ = 0;
  std::string why_not_;
  std::int64_t tried_at_ = 0;  // all, in vain
  bool disk_fails_ = false;    // it took nothing of the last round that was written
  // How often a round reached the end of the arena since something was spilled.
  int fruitless_ends_ = 0;
  int passes_in_vain_ = 0;                                 // since something was spilled or dropped
  std::vector<Candidate> round_;                           // by their offsets
  std::map<rpc::Slot, std::vector<std::uint64_t>> asked_;  // in the order of the question
  std::vector<std::pair<rpc::Slot, RestoreAsk>> asked_meanwhile_;  // of blocks of this round
  std::shared_ptr<std::atomic<Fate>> fate_;  // of the write; null: there is none
  DiskWork disk_;                            // last: its threads end before what they use
};

}  // namespace manta::detail::node
