#include "wait_for_room.h"

#include <chrono>
#include <cstdio>
#include <string>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../../objectstore/largest_uses.h"
#include "../launch/ask_console.h"
#include "../launch/clock.h"
#include "../ownership/memory_text.h"
#include "../process/process.h"
#include "../process/spilled_blocks.h"
#include "waiting_call.h"

namespace manta::detail {
namespace {

// Of the whole session. A process answers the node under its tables lock: who holds it cannot wait for that.
std::string ask_for_uses() {
  const auto process = Process::current_or_null();
  if (!process || TablesLock::held_by_this_thread()) return {};
  std::string text;
  try {
    const auto report = decode_memory_report(
        ask_console(process->attachment().directory, {.most = objectstore::kLargestUses}));
    if (!report) return {};
    for (const MemoryObject& object : report->objects) text += "\n  " + text_of(object);
  } catch (const RuntimeError&) {  // the session ends, or too many ask
  }
  return text;
}

void warn(const objectstore::Store& store, std::size_t size, std::int64_t waited_ms) {
  const StoreStats stats = store.stats();
  const std::string line = "manta: waiting for " + std::to_string(waited_ms / 1000) +
                           " s for room for " + std::to_string(size) +
                           " bytes in the object store: " + std::to_string(stats.used) + " of " +
                           std::to_string(stats.capacity) +
                           " bytes are in use. The largest:" + store.largest_uses() + "\n";
  std::fputs(line.c_str(), stderr);
}

void wait_for_room(std::size_t size, const objectstore::Store::TakeRoom& take) {
  base::check(!TablesLock::held_by_this_thread(), "who waits for room holds no lock");
  const auto process = Process::current_or_null();
  if (!process) return;
  LentCpu lent(process->waiting_threads());
  if (waits_for_others(process->store(), {})) lent.lend();
  RoomAsk ask{.size = size, .since = monotonic_ms()};
  const std::string waiter = name_of_waiter(process->waiting_threads());
  bool warned = false;
  const auto look = [&](std::chrono::seconds) {
    const std::int64_t waited = monotonic_ms() - ask.since;
    if (waits_for_others(process->store(), std::chrono::milliseconds(waited))) lent.lend();
    if (!warned && waited >= room_warned_after_ms) {
      warned = true;
      warn(process->store(), size, waited);
    }
    return false;
  };
  for (;;) {
    const auto answer = process->questions().ask(ask, waiter, look, {}, NodeQuestions::kLong);
    if (!answer && process->ownership().closed()) {
      throw InvalidArgument("the session was shut down while this waited for room in its store");
    }
    const bool granted = answer && answer->front() != std::byte{0};
    if (take()) return;
    if (!answer && process->questions().node_died()) {
      throw NodeDied("the node died while " + waiter + " waited for room for " +
                     std::to_string(size) + " bytes in its object store");
    }
    if (!answer) return;
    if (!granted && answer->size() > 1) {
      const StoreStats stats = process->store().stats();
      throw OutOfDisk(
          "object store: no room for " + std::to_string(size) + " bytes in memory, where " +
          std::to_string(stats.used) + " of " + std::to_string(stats.capacity) +
          " bytes are in use, and objects cannot be spilled: " +
          std::string(reinterpret_cast<const char*>(answer->data()) + 1, answer->size() - 1));
    }
    if (!granted) return;
    ++ask.tries;
    // Each turn in vain begins a wait of its own.
    if (monotonic_ms() - ask.since >= NodeQuestions::kLong.count()) (void)look({});
  }
}

}  // namespace

void let_threads_wait_for_room(Process& process) {
  process.store().set_wait_for_room(wait_for_room);
  objectstore::set_ask_for_uses(ask_for_uses);
}

}  // namespace manta::detail
