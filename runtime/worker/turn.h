// The Turn of a worker is the call that it runs now, as its threads know it: whether it runs, since when, and whether
// its CPU is lent to others because one of its threads waits.
//
//   over --begin()--> runs --a thread waits--> lent --the last of them is done--> runs --end()--> over
//                                               `------------------end()-----------------------^
//
// A call that polls (its waits are in vain, or it asks without waiting, and computes next to nothing in between) does
// not take the CPU back each time: many such calls would have all CPUs for ever, and what they wait for none.
//
// Invariants: the CPU is lent only while a call runs, and is taken back before the next one begins.
// Threads:    begin() and end() are for the executor's; Waits and the questions for any.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "../../base/build_settings.h"

namespace manta::detail {

class Turn {
 public:
  // What it takes to lend the CPU, and to take it back. Called by whichever thread begins or ends the lending.
  Turn(std::function<void()> lend, std::function<void()> take_back)
      : lend_(std::move(lend)), take_back_(std::move(take_back)) {}

  void begin();
  void end();

  // SYNC: none, of the questions: the answer may be old when it is used.
  bool runs() const { return number_.load() % 2 == 1; }
  bool lent() const { return lent_.load(); }
  // Whether user code runs and the executor's own thread does not wait in the runtime.
  bool in_user_code() const { return runs() && !own_thread_waits_.load(); }
  std::int64_t began() const { return began_.load(); }  // by monotonic_ms()
  // For a thread that asks whether something is done, instead of waiting for it: kForLong after each 10 ms in which the
  // call has asked, when it shall lend the CPU for a moment; kPolls if it has done little else in them.
  enum class Asks : std::uint8_t { kNow, kForLong, kPolls };
  Asks asks();

  // As long as one exists, a thread of the process waits: the executor's, or one that user code has started.
  class Waits {
   public:
    Waits(Turn& turn, bool own_thread);
    ~Waits();
    Waits(const Waits&) = delete;
    // What it waits for has not come. If the call polls (as `polls` says, or since this is not the first such wait),
    // the CPU stays lent until the call waits for something that comes, computes in between, or ends.
    void in_vain(bool polls = false);

   private:
    Turn& turn_;
    const bool own_thread_;
    std::uint64_t number_ = 0;
    bool polls_ = false;
  };

 private:
  void lend();
  void take_back();

  const std::function<void()> lend_;
  const std::function<void()> take_back_;
  // Of calls begun and ended: odd while one runs. SYNC: with waiting_, sequentially consistent: end() changes the
  // number and then looks at the count, Waits() the other way round, so that one of them sees the other.
  std::atomic<std::uint64_t> number_{0};
  std::atomic<std::int64_t> began_{0};
  // By monotonic_ms(); 0: the call has not asked yet. SYNC: none, see asks().
  std::atomic<std::int64_t> lends_at_{0};
  std::atomic<bool> own_thread_waits_{false};  // SYNC: none, see the questions
  std::mutex lending_;
  // Threads of the call that runs, and one more if it polls. SYNC: see number_. It is changed under lending_.
  std::atomic<int> waiting_{0};
  bool polls_ = false;  // under lending_
  // Whose wait was the last in vain, in which call, and the thread's CPU time then; all under lending_.
  std::thread::id in_vain_by_;
  std::uint64_t in_vain_in_ = 0;
  std::chrono::nanoseconds in_vain_at_{};
  // How often it was asked since lends_at_ was set, and at which CPU time that was, in ns. SYNC: none, see asks().
  std::atomic<std::uint32_t> asked_{0};
  std::atomic<std::int64_t> asked_at_{0};
  std::atomic<bool> lent_{false};  // SYNC: none, see the questions
};

}  // namespace manta::detail
