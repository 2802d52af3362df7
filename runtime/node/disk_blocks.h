// DiskBlocks are the blocks whose bytes are on disk, each until its last holder frees it. They keep their place in the
// arena, their owner and their holds: only their memory is gone.
//
//   on disk --a reader asks--> waits for room --> is read into another block, the copy, which the reader holds
//      ^----------------------------------------------/
//
// The copy is held by the node, too, for the next reader, until the block is gone or memory is needed: then those
// copies go first that nobody reads, the one that was asked for longest ago first. A copy lies in memory if there is
// room, in turn with those that wait for room in the StoreRoom, else in the overflow.
//
// Threads: confined. Units: bytes; arena offsets. Errors: none; a reader is told.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../../objectstore/arena/arena.h"
#include "../../objectstore/spill/spill_place.h"
#include "../../rpc/control.h"
#include "../../scheduler/holders.h"
#include "../wire/node_messages.h"
#include "disk_work.h"

namespace manta::detail::node {

// What spilling needs of the node and its processes.
struct SpillSession {
  std::function<std::vector<scheduler::ProcessSlot>(std::uint64_t block)> holders_of;
  std::function<bool(std::uint64_t block)> is_wire;  // the wire form of a value lies in it
  std::function<bool(rpc::Slot)> live;
  std::function<void(rpc::Slot, const SpillAsk&, PayloadBytes)> ask;
  std::function<void(rpc::Slot, const RestoreTold&, std::string_view)> tell;
  // The process, or the node, holds the block, which is the node's, once more; the node once less.
  std::function<void(std::uint64_t block, rpc::Slot)> hold;
  std::function<void(std::uint64_t block)> let_go;
  std::function<std::int64_t()> first_in_line;  // since when the first waits for room in the store
  std::function<void(const std::string&)> warn;
  std::function<std::int64_t()> now_ms;
};

class DiskBlocks {
 public:
  struct Memory {
    std::function<bool()> make_room;   // false: there is nothing to be done
    std::function<bool()> makes_room;  // whether there will probably be some soon
  };

  // `timeout_ms`: so long a reader waits for room.
  DiskBlocks(objectstore::Arena& arena, DiskWork& disk, std::int64_t timeout_ms,
             const SpillSession& session, Memory memory)
      : arena_(arena),
        disk_(disk),
        timeout_ms_(timeout_ms),
        session_(session),
        memory_(std::move(memory)) {}

  void add(std::uint64_t block, const objectstore::SpilledAt& at);
  // Its memory has been given back: until then it is not forgotten.
  void emptied(std::uint64_t block) { blocks_.at(block).emptied = true; }
  bool has(std::uint64_t block) const { return blocks_.contains(block); }
  // Of a block that is there.
  void on(rpc::Slot from, const RestoreAsk& ask);
  void process_died(rpc::Slot slot);

  // Now and then while there are any: who waits for room or for the disk, and what was freed.
  void look();
  bool any() const { return !blocks_.empty(); }
  bool anybody_waits() const { return !awaited_.empty(); }
  // Whether more may be added: they keep their addresses.
  bool has_addresses() const;

  bool is_copy(std::uint64_t block) const { return copies_.contains(block); }
  // Those that only the node holds, up to `bytes`. False: there was none.
  bool drop_copies(std::size_t bytes);
  void drop_copy(std::uint64_t copy);

 private:
  struct Reader {
    rpc::Slot slot = 0;
    std::uint64_t question = 0;
    std::int64_t since = 0;
  };
  struct OnDisk {
    objectstore::SpilledAt at;
    std::optional<std::uint64_t> copy = {};
    std::vector<Reader> waiting = {};  // the oldest first
    bool reading = false;
    std::int64_t reading_since = 0;  // when the disk was asked
    bool emptied = false;
  };
  struct Copy {
    std::uint64_t of = 0;
    std::uint64_t asked_for = 0;  // the number of the answer that named it last
  };
  struct Result {
    std::optional<std::uint64_t> copy;
    RestoreTold::Outcome outcome = RestoreTold::Outcome::kNoRoom;
    std::string lost = {};
  };
  // Where a copy may lie: nowhere yet, in this block, or wherever there is room.
  struct Room {
    bool none = false;
    std::optional<std::uint64_t> copy = {};
  };

  bool restore(std::uint64_t block, OnDisk& found);
  Room room_for(const OnDisk& found);
  Result read(const objectstore::SpilledAt& at, std::optional<std::uint64_t> copy);
  void restored(std::uint64_t block, const Result& result);
  void refuse_late(OnDisk& found);
  void answer(std::uint64_t block, OnDisk& found, const RestoreTold& told,
              std::string_view text = {});
  void tell(const Reader& reader, RestoreTold told, std::string_view text = {});
  void forget_freed();
  void forget(std::uint64_t block, const OnDisk& found);

  objectstore::Arena& arena_;
  DiskWork& disk_;
  const std::int64_t timeout_ms_;
  const SpillSession& session_;
  const Memory memory_;

  std::map<std::uint64_t, OnDisk> blocks_;
  // How many begin in a slab, whose addresses are in use until none does.
  std::map<std::uint64_t, std::size_t> in_slab_;
  std::size_t addresses_ = 0;        // of them
  std::set<std::uint64_t> awaited_;  // those that have readers which wait
  bool short_of_room_ = false;       // for the first of these
  std::int64_t no_overflow_until_ = 0;
  std::int64_t next_forgetting_ = 0;
  std::map<std::uint64_t, Copy> copies_;
  std::uint64_t answers_ = 0;
};

}  // namespace manta::detail::node
