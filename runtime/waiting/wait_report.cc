#include "wait_report.h"

#include "../calls/needs.h"
#include "../process/process.h"
#include "../worker/executor.h"
#include "../worker/task_frame.h"

namespace manta::detail {
namespace {

// Where one object ends the wait, the needs of each are told apart, up to so many.
constexpr std::size_t kMostAlternatives = 100;

}  // namespace

WaitReport::~WaitReport() {
  if (number_ == 0) return;
  const TablesLock lock(process_.tables());
  process_.waits().remove(number_);
  process_.node().send(WaitOver{.wait = number_});
}

// Whether the call that runs cannot end while this thread waits. If this is the executor's thread, it cannot. Nor if it
// is a thread that the call has started and the executor's thread seems to wait for it: that one sleeps outside of the
// runtime all the time, as it does in join() or future::get().
bool WaitReport::holds_up_its_call() {
  if (Executor::of_this_thread() != nullptr) return true;
  Executor& executor = *Executor::of_process();
  const Turn& turn = executor.turn();
  if (!turn.in_user_code() || !this_thread_started_since(turn.began())) return false;
  if (!join_) join_.emplace(executor.thread());
  return join_->lasts();
}

void WaitReport::tell(std::span<ObjectEntry* const> objects, WaitRecord::Ends ends,
                      std::size_t spare) {
  WaitRecord record{
      .ends = ends, .spare = static_cast<std::uint32_t>(spare), .deadline = deadline_};
  record.waiter = name_of_running();
  if (holds_up_its_call()) {
    record.holds_up = true;
    const auto running = Executor::of_process()->running();
    record.lane = running.lane;
    record.sequence = running.sequence;
  }
  const TablesLock lock(process_.tables());
  add_needs(record, objects);
  auto bytes = encode(record);
  if (bytes == told_) return;
  if (number_ == 0) number_ = process_.waits().add(at_node_);
  waiter_ = record.waiter;
  told_ = std::move(bytes);
  process_.node().send(WaitBegun{.wait = number_}, told_);
}

// An object's number is its place among all objects of the wait, which stays the same: the node may ask about it later.
void WaitReport::add_needs(WaitRecord& record, std::span<ObjectEntry* const> objects) const {
  std::vector<std::uint32_t> pending;
  for (std::uint32_t i = 0; i < objects.size(); ++i) {
    if (!objects[i]->done()) pending.push_back(i);
  }
  const bool all = record.ends == WaitRecord::Ends::kAllDone;
  // Where one object that is done ends the wait, `objects` may be only the first of very many.
  const bool some = record.ends == WaitRecord::Ends::kSomeDone;
  const bool one_by_one = !all && (some ? objects.size() : pending.size()) <= kMostAlternatives;
  Needs needs(process_.ownership(), process_.senders());
  for (const std::uint32_t i : pending) needs.add(*objects[i], one_by_one ? i : 0);
  record.needs = needs.take();
  if (all) record.objects = {0};
  if (!one_by_one) return;
  if (!some) record.spare = static_cast<std::uint32_t>(pending.size()) - 1;
  record.objects = std::move(pending);
}

}  // namespace manta::detail
