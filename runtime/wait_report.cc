#include <manta/runtime/executor.h>
#include <manta/runtime/needs.h>
#include <manta/runtime/notices.h>
#include <manta/runtime/process.h>
#include <manta/runtime/task_frame.h>
#include <manta/runtime/wait_report.h>

namespace manta::detail {
namespace {

constexpr std::size_t kLongestName = 200;

}  // namespace

std::uint64_t WaitReports::add(WaitReport& report) {
  told_[++last_] = &report;
  return last_;
}

void WaitReports::refuse(std::uint64_t number, std::string_view cycle) {
  const auto found = told_.find(number);
  if (found == told_.end() || found->second->refused()) return;  // it is over already
  found->second->cycle_ = cycle;
  found->second->refused_.store(true, std::memory_order_release);
}

WaitReport::~WaitReport() {
  if (number_ == 0) return;
  const Process::TablesLock lock(process_);
  process_.waits().remove(number_);
  process_.node().send({.kind = NodeMessage::wait_over, .arg0 = number_});
}

// The executor's thread does. So does a thread that the call has started, if the executor's waits for it, as it seems: it
// sleeps outside of the runtime all the time (in join(), in future::get()).
bool WaitReport::holds_up_its_call() {
  if (Executor::of_this_thread() != nullptr) return true;
  const Executor& executor = *process_.executor();
  if (!executor.in_user_code() || !this_thread_started_since(executor.turn_began())) return false;
  if (!join_) join_.emplace(executor.thread());
  return join_->lasts();
}

void WaitReport::tell(std::span<ObjectEntry* const> needed, std::span<ObjectEntry* const> enough) {
  WaitRecord record{.all = !needed.empty(), .deadline = deadline_};
  if (const auto frame = TaskFrame::of_process())
    record.waiter = one_line(frame->name, kLongestName);
  if (holds_up_its_call()) {
    record.holds_up = true;
    const auto running = process_.executor()->running();
    record.lane = running.lane;
    record.sequence = running.sequence;
  }
  const Process::TablesLock lock(process_);
  Needs needs(process_);
  for (const ObjectEntry* entry : record.all ? needed : enough) needs.add(*entry);
  record.needs = needs.take();
  auto bytes = encode(record);
  if (bytes == told_) return;
  if (number_ == 0) number_ = process_.waits().add(*this);
  waiter_ = record.waiter;
  told_ = std::move(bytes);
  process_.node().send({.kind = NodeMessage::wait_begun, .arg0 = number_}, told_);
}

}  // namespace manta::detail
