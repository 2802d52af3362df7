#include "spilled_blocks.h"

#include <chrono>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../../base/failpoint.h"
#include "../ownership/tables.h"

namespace manta::detail {

void agree_to_spill(objectstore::Store& store, NodeLink& node, const SpillAsk& question,
                    PayloadBytes blocks) {
  std::vector<std::byte> agreed;
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= blocks.size();
       at += sizeof(std::uint64_t)) {
    std::uint64_t offset = 0;
    std::memcpy(&offset, blocks.data() + at, sizeof offset);
    const auto block = store.blocks().find(offset);
    agreed.push_back(std::byte{block && block->evict()});
  }
  base::failpoint(base::Failpoint::kSpillAgreed);
  node.send(SpillTold{.question = question.question}, agreed);
}

bool waits_for_others(const objectstore::Store& store, std::chrono::milliseconds waited) {
  constexpr std::chrono::seconds kAnyway{2};
  return !store.arena().may_spill() || waited >= kAnyway;
}

void make_readable(NodeQuestions& questions, objectstore::Store& store,
                   serialization::Buffer& buffer, std::string_view waiter,
                   const rpc::Deadline& deadline, const std::function<void()>& waits_long) {
  base::check(!TablesLock::held_by_this_thread(), "a thread that waits for a disk holds no lock");
  while (!buffer.storage->begin_reading()) {
    const auto& block = static_cast<const objectstore::Block&>(*buffer.storage);
    const RestoreAsk question{.block = block.offset(), .object = block.object()};
    const std::string object = what_is_asked_for(question);
    const auto answer = questions.ask(
        question, waiter,
        [&](std::chrono::seconds waited) {
          if (waits_long && waits_for_others(store, waited)) waits_long();
          return false;
        },
        deadline, NodeQuestions::kLong);
    if (!answer && deadline && *deadline <= std::chrono::steady_clock::now()) {
      throw GetTimeout("manta::get() waited until its time was over; " + object +
                       " is on disk and is being read back");
    }
    if (!answer && questions.node_died()) {
      throw NodeDied("the node died while " + object + " was read back from disk");
    }
    if (!answer) {
      throw InvalidArgument("the session ended while " + object + " was read back from disk");
    }
    RestoreTold told;
    std::memcpy(&told, answer->data(), sizeof told);
    switch (told.outcome) {
      case RestoreTold::Outcome::kInMemory:
        continue;
      case RestoreTold::Outcome::kNoRoom:
        throw ObjectStoreFull(object + " is on disk, and neither memory nor disk has room for " +
                              std::to_string(block.size()) +
                              " bytes to read it back: drop references or arrays, or give init a "
                              "larger store");
      case RestoreTold::Outcome::kLost:
        throw ObjectLost(object + " was on disk and cannot be read back: " +
                         std::string(reinterpret_cast<const char*>(answer->data()) + sizeof told,
                                     answer->size() - sizeof told));
      case RestoreTold::Outcome::kSilent:
        throw ObjectLost(
            object +
            " is on disk, and the disk has not answered for minutes: it is asked again by the next "
            "get() or task that reads it");
      case RestoreTold::Outcome::kRestored:
        break;
    }
    base::failpoint(base::Failpoint::kReadBack);
    auto copy = store.blocks().adopt(told.block, objectstore::Share::kHeld);
    copy->set_object(block.object());
    store.say_if_it_overflows(copy->offset());
    buffer.data = copy->data() + (buffer.data - block.data());
    buffer.storage = std::move(copy);  // which may have been spilled, too
  }
  buffer.storage->end_reading();
}

}  // namespace manta::detail
