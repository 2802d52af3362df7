#include <manta/base/error.h>
#include <manta/runtime/exceptions.h>
#include <manta/runtime/executor.h>
#include <manta/runtime/object_ref.h>
#include <manta/runtime/process.h>
#include <manta/runtime/wait_objects.h>

namespace manta::detail {
namespace {

using Clock = std::chrono::steady_clock;

// How long an executor waits before it says that it is blocked: a short wait costs the node no message.
constexpr auto kShortWait = std::chrono::microseconds(200);

class OneDone final : public rpc::Progress::Waiter {
 public:
  OneDone(const Process& process, const ObjectEntry& entry) : process_(process), entry_(entry) {}
  bool satisfied() const override { return entry_.done(); }

 private:
  const Process& process_;
  const ObjectEntry& entry_;
};

// All done, or one failed. Remembers how far it got: each entry is looked at once, but for failures behind.
class AllDone final : public rpc::Progress::Waiter {
 public:
  explicit AllDone(std::span<const ObjectEntryRef> entries) : entries_(entries) {}
  bool satisfied() const override {
    // SYNC: whoever looks may move the mark forward only past entries that are done: a stale mark costs time only.
    std::size_t at = done_.load(std::memory_order_relaxed);
    while (at < entries_.size() && entries_[at]->done()) {
      if (entries_[at]->state() == ObjectState::failed) return true;
      ++at;
    }
    done_.store(at, std::memory_order_relaxed);
    return at == entries_.size() || failed_behind(at);
  }

 private:
  bool failed_behind(std::size_t at) const {
    for (; at < entries_.size(); ++at) {
      if (entries_[at]->state() == ObjectState::failed) return true;
    }
    return false;
  }

  std::span<const ObjectEntryRef> entries_;
  mutable std::atomic<std::size_t> done_{0};
};

class SomeDone final : public rpc::Progress::Waiter {
 public:
  SomeDone(std::span<const ObjectEntryRef> entries, std::size_t count) : entries_(entries), count_(count) {}
  bool satisfied() const override {
    std::size_t found = 0;
    for (const auto& entry : entries_) {
      if (entry->done() && ++found >= count_) return true;
    }
    return found >= count_;
  }

 private:
  std::span<const ObjectEntryRef> entries_;
  const std::size_t count_;
};

bool wait_on(Process& process, rpc::Progress::Waiter& waiter, const Deadline& deadline) {
  auto* executor = Executor::of_this_thread();
  if (executor == nullptr) return process.progress().wait(waiter, deadline);
  const auto soon = Clock::now() + kShortWait;
  if (process.progress().wait(waiter, deadline && *deadline < soon ? deadline : Deadline(soon))) return true;
  if (deadline && *deadline <= soon) return false;
  const Executor::Blocked blocked(*executor);
  return process.progress().wait(waiter, deadline);
}

void subscribe_all(Process& process, std::span<const ObjectEntryRef> entries) {
  for (const auto& entry : entries) {
    if (!entry->done() && entry->from_elsewhere()) process.subscribe(*entry);
  }
}

}  // namespace

Deadline deadline_of(const Timeout& timeout) {
  if (timeout.is_forever()) return std::nullopt;
  return timeout.deadline();
}

bool wait_done(ObjectEntry& entry, const Deadline& deadline) {
  if (entry.done()) return true;
  Process& process = Process::current("manta::get()");
  if (entry.from_elsewhere()) process.subscribe(entry);
  OneDone waiter(process, entry);
  return wait_on(process, waiter, deadline);
}

bool wait_all_or_failure(std::span<const ObjectEntryRef> entries, const Deadline& deadline) {
  AllDone waiter(entries);
  if (waiter.satisfied()) return true;
  Process& process = Process::current("manta::get()");
  subscribe_all(process, entries);
  return wait_on(process, waiter, deadline);
}

std::size_t wait_some(std::span<const ObjectEntryRef> entries, std::size_t count, const Deadline& deadline) {
  SomeDone waiter(entries, count);
  if (!waiter.satisfied()) {
    Process& process = Process::current("manta::wait()");
    subscribe_all(process, entries);
    wait_on(process, waiter, deadline);
  }
  std::size_t found = 0;
  for (const auto& entry : entries) found += entry->done() ? 1 : 0;
  return found;
}

const ObjectEntry* first_failed(std::span<const ObjectEntryRef> entries) {
  for (const auto& entry : entries) {
    if (entry->state() == ObjectState::failed) return entry.get();
  }
  return nullptr;
}

void throw_failed(const ObjectEntry& entry) {
  entry.mark_seen();
  throw_error(entry.read([](const Value& value) { return record_of(value); }));
}

void throw_timeout(std::span<const ObjectEntryRef> entries, const Timeout& timeout) {
  const ObjectEntry* waiting = nullptr;
  std::size_t count = 0;
  for (const auto& entry : entries) {
    if (entry->done()) continue;
    if (waiting == nullptr) waiting = entry.get();
    ++count;
  }
  const auto ms = std::chrono::duration<double, std::milli>(timeout.value()).count();
  std::string text = "manta::get() waited " + std::to_string(ms) + " ms; ";
  if (waiting == nullptr) {
    text += "the value arrived just now";
  } else {
    text += std::to_string(count) + (count == 1 ? " object is" : " objects are") + " not ready. The first " + why(*waiting);
  }
  throw GetTimeout(text);
}

}  // namespace manta::detail
