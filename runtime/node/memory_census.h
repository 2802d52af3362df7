// What lies in the object store, and what holds it: asked of all processes, because only they know why they hold a
// block. Of a ref whose value a process never got it has no block: those the node counts itself.
//
//   begin --MemoryAsk to each--> waiting --all have told, or a second is over--> the report, to all that asked
//
// Whoever begins while one is waiting gets the next one. A question for the sums only, and not for objects, needs no
// answer of others. A process that runs user code without a thread that serves the rings does not answer; what is known
// of its blocks without it is in the report, which names it.
//
// Threads: confined. Errors: none.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "../../objectstore/arena/arena.h"
#include "../../rpc/control.h"
#include "../../scheduler/holders.h"
#include "../wire/memory_report.h"
#include "../wire/node_messages.h"

namespace manta::detail::node {

class MemoryCensus {
 public:
  using RefsTo = std::map<std::uint64_t, std::set<rpc::Slot>>;
  struct Session {
    std::function<std::vector<rpc::Slot>()> processes;
    std::function<void(rpc::Slot, const MemoryAsk&)> ask;
    std::function<std::string(rpc::Slot)> name_of;  // "driver (pid 12)"
    std::function<std::vector<scheduler::ProcessSlot>(std::uint64_t block)> holders_of;
    std::function<bool(std::uint64_t block)> is_copy;  // of one on disk, for the next reader
    // The processes that have refs to what lies in each of the blocks: also those that never got it.
    std::function<RefsTo(const std::set<std::uint64_t>& blocks)> refs_to;
    std::function<NodeRecords()> records;
    std::function<std::int64_t()> now_ms;
  };
  using Done = std::function<void(const MemoryReport&)>;

  MemoryCensus(const objectstore::Arena& arena, Session session)
      : arena_(arena), session_(std::move(session)) {}

  void begin(std::uint64_t most, Done done);
  void on(rpc::Slot from, const MemoryTold& told, PayloadBytes blocks);
  void process_died(rpc::Slot slot);
  bool waiting() const { return !awaited_.empty(); }
  void look();  // whether the time is over

 private:
  struct Asker {
    std::uint64_t most = 0;
    Done done;
  };
  struct Told {
    rpc::Slot from = 0;
    HeldBlock held;
  };

  void start();
  void finish();
  MemoryReport report(std::uint64_t most) const;
  RefsTo refs_to(const std::vector<objectstore::BlockExtent>& blocks) const;
  bool is_in_object(std::uint64_t block) const;
  MemoryObject describe(const objectstore::BlockExtent& block,
                        const std::set<rpc::Slot>& with_refs) const;
  MemoryHolder holder_of(rpc::Slot slot, std::vector<std::string> kinds) const;
  std::string owner_of(objectstore::OwnerTag tag) const;

  const objectstore::Arena& arena_;
  const Session session_;
  std::uint64_t question_ = 0;
  std::int64_t since_ = 0;
  std::vector<Asker> askers_, next_;
  std::set<rpc::Slot> awaited_;
  std::multimap<std::uint64_t, Told> told_;  // by block
  std::map<rpc::Slot, std::string> runs_;    // what those run that have told
};

}  // namespace manta::detail::node
