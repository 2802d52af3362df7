// A wait is a SessionWaiter: its loop is wait_as_who_we_are(). The classes derived from it, OneDone, AllDone and
// CountDone, say when the wait is over, and which objects it is for.
#include "wait_objects.h"

#include <atomic>
#include <string>

#include "../../base/error.h"
#include "../../base/number_text.h"
#include "../ownership/object_ref.h"
#include "../process/process.h"
#include "../process/why.h"
#include "../worker/exceptions.h"
#include "../worker/executor.h"
#include "../worker/run_instead.h"
#include "lend_cpu.h"
#include "wait_report.h"

namespace manta::detail {
namespace {

using Patience = RunInstead::Patience;

// The wait ends with the session, too. It keeps the process of the session meanwhile.
class SessionWaiter : public rpc::Progress::Waiter {
 public:
  explicit SessionWaiter(const char* what) : process_(Process::current_or_null()), what_(what) {
    if (!process_) Process::current(what);  // throws
  }
  bool satisfied() const final {
    return over() || (instead_ && instead_->has_more()) || (report_ && report_->refused());
  }
  virtual bool done() const = 0;
  // Either the wait ends when all of these are done, or when some of those are.
  virtual Entries needed() const = 0;
  virtual Entries enough() const { return {}; }
  virtual WaitRecord::Ends ends() const = 0;
  virtual std::size_t spare() const { return 0; }  // how many of enough() need not be done
  Process& process() const { return *process_; }

  bool wait(const Deadline& deadline) {
    const bool over = wait_as_who_we_are(deadline);
    if (process_->ownership().closed()) {
      throw InvalidArgument(std::string(what_) +
                            ": the session was shut down meanwhile; its objects went with it");
    }
    return over;
  }

 private:
  // Runs in place the calls that it waits for, as far as they may be; else it waits, and soon lends its CPU.
  bool wait_as_who_we_are(const Deadline& deadline) {
    if (over()) return true;
    Executor* const executor = Executor::of_this_thread();
    if (executor != nullptr && executor->may_run_in_place()) {
      instead_.emplace(executor->in_place(), process_->senders(), needed(), enough(), deadline);
    }
    for (;;) {
      while (instead_ && !over() && instead_->run_one(Patience::kFresh)) {
      }
      if (over()) return true;
      report_.emplace(*process_, deadline.has_value());
      const bool in_time = wait_lending_cpu(
          process_->waiting_threads(), *this, deadline, [this] { return something_else_to_do(); },
          [this] { tell(*report_); });
      if (!in_time || over()) return in_time;
      if (report_->refused()) refuse_to_wait_for_itself();
      report_.reset();
    }
  }

  void tell(WaitReport& report) const {
    const Entries objects = needed();
    const Entries looked_at = objects.empty() ? enough() : objects;
    report.tell(looked_at, ends(), spare());
  }

  [[noreturn]] void refuse_to_wait_for_itself() const {
    throw DeadlockDetected(std::string(what_) + " inside " + report_->waiter() +
                           " waits for itself: " + report_->cycle() +
                           ". None of these calls can end. Give the ref back instead of waiting "
                           "for it inside the call, or let another actor do this part");
  }

  bool something_else_to_do() {
    if (instead_ && instead_->run_one(Patience::kWaitedShortly)) return true;
    if (instead_) instead_->ask_for_calls_back(process_->tables());
    return false;
  }

  bool over() const { return process_->ownership().closed() || done(); }

  const base::Ref<Process> process_;
  const char* const what_;
  std::optional<RunInstead> instead_;  // on an executor's thread
  std::optional<WaitReport> report_;   // while it waits, in a worker
};

class OneDone final : public SessionWaiter {
 public:
  explicit OneDone(ObjectEntry& entry) : SessionWaiter("manta::get()"), entry_(&entry) {}
  bool done() const override { return entry_->done(); }
  Entries needed() const override { return {&entry_, 1}; }
  WaitRecord::Ends ends() const override { return WaitRecord::Ends::kAllDone; }

 private:
  ObjectEntry* const entry_;
};

// A Prefix remembers up to where all entries are done, so that each of them is looked at about once.
class Prefix {
 public:
  explicit Prefix(Entries entries) : entries_(entries) {}
  std::size_t done() const {
    // SYNC: none: a thread moves the mark only past entries that are done; an old mark only costs time.
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
    if (entry->state() == ObjectState::kFailed) return entry;
  }
  return nullptr;
}

std::string place(std::size_t index, std::size_t count) {
  return "index " + std::to_string(index) + " of " + std::to_string(count) +
         (count == 1 ? " ref" : " refs");
}

// Waits until all are done, or one has failed.
class AllDone final : public SessionWaiter {
 public:
  explicit AllDone(Entries entries)
      : SessionWaiter("manta::get()"), entries_(entries), prefix_(entries) {}
  bool done() const override {
    // Read before the entries are: a failure that comes later is seen at the next look.
    const std::uint64_t failures = process().completion().failures();
    if (prefix_.done() == entries_.size()) return true;
    // SYNC: none, of both accesses, as in Prefix.
    if (looked_at_.load(std::memory_order_relaxed) == failures) return false;
    if (first_failed(entries_) != nullptr) return true;
    looked_at_.store(failures, std::memory_order_relaxed);
    return false;
  }

  Entries needed() const override { return entries_; }
  WaitRecord::Ends ends() const override { return WaitRecord::Ends::kOneFailed; }

 private:
  Entries entries_;
  Prefix prefix_;
  // The number of failures in this process when it was last seen that none of the entries had failed.
  mutable std::atomic<std::uint64_t> looked_at_{UINT64_MAX};
};

// Waits until some number of the entries of a CompletionWait are done.
class CountDone final : public SessionWaiter {
 public:
  CountDone(const char* what, const CompletionWatch& watch, Entries entries, std::size_t count)
      : SessionWaiter(what), watch_(watch), entries_(entries), count_(count) {}
  bool done() const override { return watch_.arrived() >= count_; }
  Entries needed() const override { return all() ? pending() : Entries(); }
  Entries enough() const override { return all() ? Entries() : pending(); }
  WaitRecord::Ends ends() const override {
    return all() ? WaitRecord::Ends::kAllDone : WaitRecord::Ends::kSomeDone;
  }
  std::size_t spare() const override { return spare_; }

 private:
  // Where some objects are enough, only the first of them are looked at, so that a wait for one after the other of very
  // many is not quadratic.
  static constexpr std::size_t kLookedAt = 1000;

  bool all() const { return count_ == entries_.size(); }
  // Those that were pending when this was first asked. They live as long as the wait: the caller drops them later.
  Entries pending() const {
    if (!pending_) {
      const TablesLock lock(process().tables());
      pending_ = watch_.pending(entries_, all() ? entries_.size() : kLookedAt);
      const std::size_t not_needed = watch_.arrived() + pending_->size();
      spare_ = not_needed > count_ ? not_needed - count_ : 0;
    }
    return *pending_;
  }

  const CompletionWatch& watch_;
  Entries entries_;
  const std::size_t count_;
  mutable std::optional<std::vector<ObjectEntry*>> pending_;
  mutable std::size_t spare_ = 0;
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

CompletionWait::CompletionWait(const char* what, Entries entries)
    : what_(what),
      entries_(entries),
      watch_(Process::current(what).tables(), Process::current(what).ownership(), entries) {}

bool CompletionWait::wait_for(std::size_t count, const Deadline& deadline) {
  return CountDone(what_, watch_, entries_, count).wait(deadline);
}

void throw_if_failed(Entries entries) {
  const ObjectEntry* const failed = first_failed(entries);
  if (failed == nullptr) return;
  std::size_t index = entries.size();
  for (std::size_t i = entries.size(); i-- > 0;) {
    if (entries[i]->state() != ObjectState::kFailed) continue;
    entries[i]->mark_seen();
    index = i;
  }
  ErrorRecord error = entries[index]->read([](const Value& value) { return record_of(value); });
  const std::string& before = error.path.empty() ? error.function : error.path;
  error.path = place(index, entries.size()) + " given to manta::get()" +
               (before.empty() ? "" : " <- " + before);
  throw_error(error);
}

void throw_failed(const ObjectEntry& entry) {
  entry.mark_seen();
  throw_error(entry.read([](const Value& value) { return record_of(value); }));
}

void rethrow_at(std::size_t index, std::size_t refs) {
  try {
    throw;
  } catch (const SerializationError& error) {
    if (typeid(error) != typeid(SerializationError)) throw;
    throw SerializationError(place(index, refs) + " given to manta::get(): " + error.what());
  }
}

void throw_timeout(const char* what, Entries entries, const Timeout& timeout) {
  std::size_t first = entries.size();
  std::size_t count = 0;
  for (std::size_t i = entries.size(); i-- > 0;) {
    if (entries[i] == nullptr || entries[i]->done()) continue;
    first = i;
    ++count;
  }
  const auto ms = std::chrono::duration<double, std::milli>(timeout.value()).count();
  std::string text = std::string(what) + " waited " + base::number_text(ms) + " ms; ";
  if (count == 0) {
    text += "the value arrived just now";
  } else {
    text += std::to_string(count) + (count == 1 ? " object is" : " objects are") + " not ready. ";
    text +=
        "The first" + (entries.size() == 1 ? " " : ", " + place(first, entries.size()) + ": ") +
        (timeout.value() < kToldAfter ? why_as_known_here(*entries[first]) : why(*entries[first]));
  }
  throw GetTimeout(text);
}

}  // namespace manta::detail
