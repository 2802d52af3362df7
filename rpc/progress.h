// Progress decides which thread of a process serves its rings: the holder of the *baton*.
//
// A thread that waits takes the baton and serves until what it waits for is there, so that a
// synchronous call needs no hand-over between threads. When nobody waits, the *ring thread* serves:
// it sleeps until a peer rings, or, as long as user threads come and go, looks in once per tick
// (1 ms) so that in a burst no peer needs to ring.
//
//             baton held                                        baton free
//   serving (kAwake or kWatched)     --a user thread leaves-->  kWatched: the ring thread ticks
//   asleep in wait() (kUserParked)                       \--->  kRingParked: it sleeps, ring it
//
// What only this process needs to know is one atomic word: held; kicked (something was pushed while
// it was held: poll once more before leaving); a waiter is coming (woken to take the baton); the
// ring thread sleeps without a tick; how many waiters are in line. Leaving the baton is one step
// with looking at these. docs/models/progress_baton.pml is this protocol, checked exhaustively.
//
// Invariants: (1) Work::poll() runs only under the baton; (2) whoever takes the baton polls at
// least
//             once; (3) nobody sleeps for more than a tick while a message waits.
// Threads:    any for wait, kick, wake_all, set_busy; start and stop by the owner.
// Errors:     none; nothing throws (Work and Waiter must not either).
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include <manta/rpc/control.h>
#include <manta/rpc/cores.h>

namespace manta::rpc {

class Progress {
 public:
  class Work {  // the runtime's rings and queues
   public:
    // Serves everything there is; true: something was completed, so that waiters may be satisfied.
    // What it pushes to the process's own queue must be followed by kick(), as anywhere.
    virtual bool poll() = 0;
    virtual bool pending() const = 0;  // is there anything to poll? Cheap; any thread

   protected:
    ~Work() = default;
  };

  class Waiter {  // on the stack of a thread in wait()
   public:
    // Cheap; any thread, at any time during wait(). Becomes true in poll(), or else wake_all()
    // follows. Written with release, read with acquire.
    virtual bool satisfied() const = 0;

   protected:
    Waiter() = default;
    ~Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   private:
    friend class Progress;
    enum class Signal : std::uint32_t { kNone, kCheck, kTakeBaton };
    std::atomic<std::uint32_t> signal_{0};  // futex word
    Waiter* next_ = nullptr;                // in line; both under line_mutex_
    Waiter* previous_ = nullptr;
  };

  Progress(ProcessPage& page, Cores& cores, Work& work);
  ~Progress();  // stops
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void start();  // starts the ring thread, all signals blocked
  void stop();   // joins it. wait() and kick() go on to work, but nobody serves in between

  // Serves, or waits for who serves, until `waiter` is satisfied (true) or the deadline is over
  // (false). Not from inside poll().
  bool wait(Waiter& waiter, Deadline deadline = std::nullopt);

  // After pushing to this process's own queue: polls, if nobody holds the baton; else the holder
  // will.
  void kick();

  // Something outside poll() has changed (the node died): every waiter looks again.
  void wake_all();

  // By executors: from now on (until false) no thread of this process would take a call, so calls
  // need not wake the ring thread. An executor comes back for work through wait().
  void set_busy(bool busy);

 private:
  enum class Turn { kTaken, kListed };

  // Under the baton.
  void taken();
  bool poll_once();
  void wake_satisfied();
  bool serve(Waiter& waiter, Deadline deadline);
  void park_serving(const Waiter& waiter, Deadline deadline);
  void set_state(BellState state);

  // Giving it up.
  void leave();
  bool leave_once(bool call_ring_thread);
  bool leave_to_ring_thread(std::uint32_t seen, bool call_ring_thread);
  bool hand_on(std::uint32_t ring_thread_bit);
  bool poll_if_kicked();
  bool ring_thread_was_rung() const;
  void wake_ring_thread();

  // Getting it.
  bool try_take();
  bool take_while_spinning(const Waiter& waiter, Deadline deadline);
  Turn take_or_get_in_line(Waiter& waiter, bool coming);
  Waiter::Signal sleep_in_line(Waiter& waiter, Deadline deadline);
  void append(Waiter& waiter);
  void remove(Waiter& waiter);
  bool get_out_of_line(Waiter& waiter);

  // The ring thread.
  void run_ring_thread();
  bool ring_thread_turn(std::uint32_t gen);
  bool ring_thread_leaves_watched();
  bool ring_thread_parks(std::uint32_t gen);
  bool sleep_while_held(std::uint32_t gen);

  ProcessPage& page_;
  Cores& cores_;
  Work& work_;

  alignas(128) std::atomic<std::uint32_t> word_;  // see progress.cc
  std::atomic<std::uint32_t> activity_{0};        // user threads that took the baton
  std::atomic<std::uint32_t> slept_gen_{0};  // ring_gen with which the ring thread went to sleep
  std::uint32_t cold_leaves_ = 0;            // under the baton
  std::vector<const std::atomic<std::uint32_t>*>
      to_wake_;  // under the baton; kept for its capacity

  alignas(128) std::mutex line_mutex_;
  Waiter* line_first_ = nullptr;
  Waiter* line_last_ = nullptr;

  std::atomic<bool> busy_{false};
  std::atomic<bool> stopping_{false};
  std::uint32_t seen_activity_ = 0;  // the ring thread's
  std::thread ring_thread_;
};

}  // namespace manta::rpc
