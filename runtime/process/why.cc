#include "why.h"

#include <chrono>
#include <set>

#include "../calls/needs.h"
#include "../launch/clock.h"
#include "../ownership/notices.h"
#include "../ownership/object_ref.h"
#include "../wire/waits.h"
#include "process.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMostNames = 3;
constexpr std::size_t kMostText = 16384;  // of an error, in an answer for another process

std::vector<Need> needs_of(Process& process, const ObjectEntry& entry) {
  Needs needs(process.ownership(), process.senders());
  needs.add(entry);
  return needs.take();
}

std::optional<Need> first_need(Process& process, const ObjectEntry& entry) {
  auto all = needs_of(process, entry);
  if (all.empty()) return std::nullopt;
  return std::move(all.front());
}

// Calls that hold workers though all refs to their results are gone; the user was told of each. "" if there are none.
std::string in_vain(Process& process) {
  std::string names;
  std::size_t count = 0;
  process.senders().tasks.each_call([&](const Call& call) {
    if (!call.missed || call.state() != CallState::kInFlight) return;
    if (count < kMostNames) names += (names.empty() ? "" : ", ") + call.display_name();
    ++count;
  });
  if (count == 0) return {};
  if (count > kMostNames) names += ", ...";
  return "; " + std::to_string(count) + (count == 1 ? " call runs" : " calls run") +
         " though all refs to the result were dropped: " + names;
}

// What another thread of this process runs may wait for the object store, as the node knows.
Need need_in_place(Process& process, const Call& call) {
  return {.kind = Need::Kind::kInPlace,
          .lane = process.slot(),
          .name = name_in_waits(call.display_name())};
}

// Bytes on disk, or "".
std::string on_disk(Process& process, const Value& value) {
  std::set<const objectstore::Block*> blocks;
  for (const auto& buffer : value.buffers()) {
    blocks.insert(process.store().block_of(buffer.storage.get()));
  }
  blocks.erase(nullptr);
  std::size_t size = 0;
  for (const objectstore::Block* const block : blocks) {
    const auto extent = process.store().arena().block_at(block->offset());
    if (extent.bytes == objectstore::RunBytes::kOnDisk) size += extent.size;
  }
  if (size == 0) return {};
  return "; " + std::to_string(size) +
         " bytes of it lie on disk, and are read back when it is used";
}

std::string state_of(Process& process, const Call& call, const std::optional<Need>& next) {
  if (call.state() == CallState::kInPlace) {
    return "runs in place of the task that waits for it, in process " +
           std::to_string(process.control().process(process.slot()).pid.load());
  }
  if (call.missing() != 0) {
    return "waits for " + std::to_string(call.missing()) + " of its arguments" +
           (next ? ", and so for " + next->name : "");
  }
  if (call.actor() != nullptr &&
      process.senders().actors.line_to(call.actor()->id()).constructor != nullptr) {
    return "waits for actor " + call.actor()->id().hex() +
           " to be made, whose constructor waits for an argument" +
           (next ? ", and so for " + next->name : "");
  }
  if (call.actor() != nullptr && call.actor()->phase == ActorPhase::kStarting) {
    return "waits for actor " + call.actor()->id().hex() +
           " to start, which waits for its resources or runs its constructor";
  }
  if (const CallLane* const lane = process.senders().lane_of(call)) {
    return (lane->has_begun(call) ? "runs in process " : "waits for its turn in process ") +
           std::to_string(process.control().process(lane->callee()).pid.load());
  }
  if (call.actor() != nullptr) return "waits to be sent to actor " + call.actor()->id().hex();
  if (call.state() == CallState::kResting) {
    return "waits to be tried again, since memory ran out in attempt " +
           std::to_string(call.attempt - 1);
  }
  return "waits for a worker with " + TaskSender::request_of(call) + " free" + in_vain(process);
}

// What this process knows, under the tables lock. `next` is what only others know more of.
WhyStep why_here(Process& process, const ObjectEntry& entry) {
  const std::string name = "object " + entry.id().hex();
  if (entry.state() == ObjectState::kReady) {
    return {.text = name + " is ready" + on_disk(process, entry.value())};
  }
  if (entry.state() == ObjectState::kFailed) {
    return {.text = name + " holds an error: " + record_of(entry.value()).message};
  }
  auto next = first_need(process, entry);
  if (entry.from_elsewhere()) {
    return {.text = name + " was made in another process and is not ready there yet",
            .next = std::move(next)};
  }
  const Call* const call = entry.producer();
  if (call == nullptr) {
    const std::string of_actor = process.senders().actors.why(entry);
    return {.text = name + (of_actor.empty() ? " is pending" : of_actor), .next = std::move(next)};
  }
  const std::uint32_t age_ms = static_cast<std::uint32_t>(monotonic_ms()) - call->submitted_ms;
  std::string text = name + " waits for " + call->display_name() + ", submitted " +
                     std::to_string(age_ms) + " ms ago, which " + state_of(process, *call, next);
  if (call->state() == CallState::kInPlace) next = need_in_place(process, *call);
  return {.text = std::move(text), .next = std::move(next)};
}

}  // namespace

std::string why(const ObjectEntry& entry) {
  Process& process = Process::current("why()");
  WhyStep step;
  {
    const TablesLock lock(process.tables());
    step = why_here(process, entry);
  }
  if (!step.next) return step.text;
  const auto answer =
      process.questions().ask(WhyAsk{}, encode(step), [](std::chrono::seconds) { return true; });
  if (!answer) return step.text;
  return {reinterpret_cast<const char*>(answer->data()), answer->size()};
}

std::string why_as_known_here(const ObjectEntry& entry) {
  Process& process = Process::current("why()");
  const TablesLock lock(process.tables());
  return why_here(process, entry).text;
}

void tell_needs(Process& process, const NeedsAsk& question) {
  std::vector<Need> found;
  if (const auto entry = process.ownership().objects().find(question.object)) {
    found = needs_of(process, *entry);
  }
  process.node().send(
      NeedsTold{.wait = question.wait, .number = question.number, .waiting = question.waiting},
      encode(found));
}

void tell_why(Process& process, const WhyAskMaker& question, std::string_view text_so_far) {
  WhyStep step{.text = std::string(text_so_far)};
  if (const auto entry = process.ownership().objects().find(question.object)) {
    WhyStep here = why_here(process, *entry);
    step.text += ": there " + one_line(here.text, kMostText);
    step.next = std::move(here.next);
  }
  process.node().send(WhyContinue{.question = question.question, .asker = question.asker},
                      encode(step));
}

}  // namespace manta::detail
