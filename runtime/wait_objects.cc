#include <algorithm>
#include <atomic>
#include <string>

#include <manta/base/error.h>
#include <manta/base/number_text.h>
#include <manta/runtime/exceptions.h>
#include <manta/runtime/executor.h>
#include <manta/runtime/lend_cpu.h>
#include <manta/runtime/object_ref.h>
#include <manta/runtime/process.h>
#include <manta/runtime/run_instead.h>
#include <manta/runtime/wait_objects.h>

namespace manta::detail {
namespace {

using Patience = RunInstead::Patience;

// Names of the calls from the one that makes `entry` to one of actor `self` that it depends on; empty: there is none, as
// far as this process knows.
std::string path_to_calls_of(const ActorId& self, const ObjectEntry& entry, int depth = 0) {
  constexpr int kDeepest = 100;
  const Call* call = entry.producer;
  if (call == nullptr || entry.done() || depth == kDeepest) return {};
  if (call->actor && call->actor->id() == self) return call->display_name();
  if (call->missing == 0 || !call->kept) return {};
  for (const auto& part : call->kept->parts) {
    const std::string path = path_to_calls_of(self, *part.entry, depth + 1);
    if (!path.empty()) return call->display_name() + " <- " + path;
  }
  return {};
}

// Also over when the session is: its process is kept while somebody waits.
class SessionWaiter : public rpc::Progress::Waiter {
 public:
  explicit SessionWaiter(const char* what) : process_(Process::current_or_null()), what_(what) {
    if (!process_) Process::current(what);  // throws
  }
  bool satisfied() const final { return over() || (instead_ && instead_->has_more()); }
  virtual bool done() const = 0;
  virtual Entries needed() const = 0;            // it ends only when all of them are done
  virtual Entries enough() const { return {}; }  // or when some of them are
  Process& process() const { return *process_; }

  bool wait(const Deadline& deadline) {
    const bool over = wait_as_who_we_are(deadline);
    if (process_->closed()) {
      throw InvalidArgument(std::string(what_) +
                            ": the session was shut down meanwhile; its objects went with it");
    }
    return over;
  }

 private:
  void refuse_to_wait_for_itself(const ActorId& self) const {
    const Process::TablesLock lock(*process_);
    for (const ObjectEntry* entry : needed()) {
      const std::string path = path_to_calls_of(self, *entry);
      if (path.empty()) continue;
      throw DeadlockDetected(std::string(what_) + " inside actor " + self.hex() +
                             " waits for a call to that same actor, which cannot begin before this "
                             "one has ended: " +
                             path);
    }
  }

  // Runs in place what it waits for, as far as it may; else it waits, and soon lends its cpu.
  bool wait_as_who_we_are(const Deadline& deadline) {
    Executor* const executor = Executor::of_this_thread();
    if (executor != nullptr && executor->may_run_in_place())
      instead_.emplace(executor->in_place(), *process_, needed(), enough(), deadline);
    for (;;) {
      while (instead_ && !over() && instead_->run_one(Patience::fresh)) {
      }
      const bool in_time = over() || wait_lending_cpu(*process_, *this, deadline,
                                                      [this] { return something_else_to_do(); });
      if (!in_time || over()) return in_time;
    }
  }

  bool something_else_to_do() {
    if (instead_ && instead_->run_one(Patience::waited_shortly)) return true;
    const Executor* const executor = Executor::of_this_thread();
    if (executor != nullptr && executor->is_actor())
      refuse_to_wait_for_itself(executor->actor_id());
    if (instead_) instead_->ask_for_calls_back();
    return false;
  }

  bool over() const { return process_->closed() || done(); }

  const base::Ref<Process> process_;
  const char* const what_;
  std::optional<RunInstead> instead_;  // on an executor's thread
};

class OneDone final : public SessionWaiter {
 public:
  explicit OneDone(ObjectEntry& entry) : SessionWaiter("manta::get()"), entry_(&entry) {}
  bool done() const override { return entry_->done(); }
  Entries needed() const override { return {&entry_, 1}; }

 private:
  ObjectEntry* const entry_;
};

// Entries that are looked at in order. Remembers how far all are done, so that each is looked at once more or less.
class Prefix {
 public:
  explicit Prefix(Entries entries) : entries_(entries) {}
  std::size_t done() const {
    // SYNC: none: whoever looks moves the mark only past entries that are done; a stale mark costs time only.
    std::size_t at = done_.load(std::memory_order_relaxed);
    while (at < entries_.size() && entries_[at]->done()) ++at;
    done_.store(at, std::memory_order_relaxed);
    return at;
  }

 private:
  Entries entries_;
  mutable std::atomic<std::size_t> done_{0};
};

const ObjectEntry* first_failed(Entries entries) {
  for (ObjectEntry* entry : entries) {
    if (entry->state() == ObjectState::failed) return entry;
  }
  return nullptr;
}

// All done, or one failed.
class AllDone final : public SessionWaiter {
 public:
  explicit AllDone(Entries entries)
      : SessionWaiter("manta::get()"), entries_(entries), prefix_(entries) {}
  bool done() const override {
    const std::uint64_t failures =
        process().failures();  // before the entries: later ones are for the next time
    if (prefix_.done() == entries_.size()) return true;
    if (looked_at_.load(std::memory_order_relaxed) == failures) return false;
    if (first_failed(entries_) != nullptr) return true;
    looked_at_.store(failures, std::memory_order_relaxed);  // SYNC: none, as in Prefix
    return false;
  }

  Entries needed() const override { return entries_; }

 private:
  Entries entries_;
  Prefix prefix_;
  mutable std::atomic<std::uint64_t> looked_at_{
      UINT64_MAX};  // failures of the process when there was none of ours
};

class SomeDone final : public SessionWaiter {
 public:
  SomeDone(Entries entries, std::size_t count)
      : SessionWaiter("manta::wait()"), entries_(entries), count_(count), prefix_(entries) {}
  bool done() const override {
    const std::size_t first = prefix_.done();
    std::size_t found = first;
    for (std::size_t i = first; i < entries_.size() && found < count_; ++i)
      found += entries_[i]->done() ? 1 : 0;
    return found >= count_;
  }

  Entries needed() const override { return count_ == entries_.size() ? entries_ : Entries(); }
  Entries enough() const override { return count_ == entries_.size() ? Entries() : entries_; }

 private:
  Entries entries_;
  const std::size_t count_;
  Prefix prefix_;
};

void subscribe_all(Process& process, Entries entries) {
  for (ObjectEntry* entry : entries) {
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
  OneDone waiter(entry);
  if (entry.from_elsewhere()) waiter.process().subscribe(entry);
  return waiter.wait(deadline);
}

bool wait_all_or_failure(Entries entries, const Deadline& deadline) {
  AllDone waiter(entries);
  if (waiter.done()) return true;
  subscribe_all(waiter.process(), entries);
  return waiter.wait(deadline);
}

void wait_some(Entries entries, std::size_t count, const Deadline& deadline) {
  SomeDone waiter(entries, count);
  if (waiter.done()) return;
  subscribe_all(waiter.process(), entries);
  waiter.wait(deadline);
}

void throw_if_failed(Entries entries) {
  const ObjectEntry* const failed = first_failed(entries);
  if (failed == nullptr) return;
  for (const ObjectEntry* entry : entries) {
    if (entry->state() == ObjectState::failed) entry->mark_seen();
  }
  throw_failed(*failed);
}

void throw_failed(const ObjectEntry& entry) {
  entry.mark_seen();
  throw_error(entry.read([](const Value& value) { return record_of(value); }));
}

void throw_timeout(Entries entries, const Timeout& timeout) {
  const ObjectEntry* waiting = nullptr;
  std::size_t count = 0;
  for (ObjectEntry* entry : entries) {
    if (entry->done()) continue;
    if (waiting == nullptr) waiting = entry;
    ++count;
  }
  const auto ms = std::chrono::duration<double, std::milli>(timeout.value()).count();
  std::string text = "manta::get() waited " + base::number_text(ms) + " ms; ";
  if (waiting == nullptr) {
    text += "the value arrived just now";
  } else {
    text += std::to_string(count) + (count == 1 ? " object is" : " objects are") +
            " not ready. The first " + why(*waiting);
  }
  throw GetTimeout(text);
}

}  // namespace manta::detail
