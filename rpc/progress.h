// Progress decides which thread of a process serves its rings: the holder of the *baton*.
//
// A thread that waits takes the baton and serves until what it waits for has arrived, so that a
// synchronous call needs no hand-over between threads. When nobody waits, the *ring thread* serves:
// it sleeps until a peer rings, or, as long as user threads come and go, looks once per tick
// (1 ms) so that in a burst no peer needs to ring.
//
//             baton held                                        baton free
//   serving (kAwake or kWatched)     --a user thread leaves-->  kWatched: the ring thread ticks
//   asleep in wait() (kUserParked)                       \--->  kRingParked: it sleeps, ring it
//
// What only this process needs to know is one atomic word: whether the baton is held; whether it was kicked
// (something changed while it was held, so that the holder polls before it sleeps or leaves); whether a waiter is
// coming (it was woken to take the baton); whether the ring thread sleeps without a tick; how many waiters are in
// line. Whoever leaves the baton looks at all of these in the same step. docs/models/progress_baton.pml is this
// protocol, checked exhaustively.
//
// Invariants: (1) Work::poll() runs only under the baton; (2) whoever takes the baton polls at least once;
//             (3) nobody sleeps for more than a tick while a message waits.
// Threads:    any for wait, kick, wake_all, set_busy; start and stop by the owner.
// Errors:     none; nothing throws, and Work and Waiter must not either.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>

#include "control.h"
#include "cores.h"

namespace manta::rpc {

class Progress {
 public:
  // The runtime's rings and queues.
  class Work {
   public:
    // Serves everything that has arrived. True if something was completed, so that waiters may be satisfied.
    // What it pushes to the process's own queue must be followed by kick(), as anywhere.
    virtual bool poll() = 0;
    // Whether something has arrived. Must be cheap; any thread calls it.
    virtual bool pending() const = 0;

   protected:
    ~Work() = default;
  };

  // What a thread waits for; it lies on its stack.
  class Waiter {
   public:
    // Must be cheap; any thread calls it, at any time during wait(). It becomes true in poll(), or else kick() or
    // wake_all() follows. SYNC: what satisfies it is stored with release and loaded with acquire.
    virtual bool satisfied() const = 0;

   protected:
    Waiter() = default;
    ~Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

   private:
    friend class Progress;
    enum class Signal : std::uint32_t { kNone, kCheck, kTakeBaton };
    std::atomic<std::uint32_t> signal_{0};  // a futex word
    Waiter* next_ = nullptr;                // in line; both links are under line_mutex_
    Waiter* previous_ = nullptr;
  };

  Progress(ProcessPage& page, Cores& cores, Work& work);
  ~Progress();  // stops the ring thread
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Starts the ring thread, in which all signals are blocked. Throws std::system_error if no thread can be made.
  void start();
  // Joins it. wait() and kick() still work, but nobody serves in between.
  void stop();

  // Serves, or waits for the thread that serves, until `waiter` is satisfied (true) or the deadline is over
  // (false). Must not be called inside poll().
  bool wait(Waiter& waiter, Deadline deadline = std::nullopt);

  // To be called after pushing to this process's own queue, and after doing a part of poll()'s work outside it: polls
  // if nobody holds the baton, else the holder will; then whoever is satisfied wakes.
  void kick();

  // Something that poll() does not look at has changed (the node died, say), and every waiter looks again.
  void wake_all();

  // By executors: from now on, until they call it with false, no thread of this process would take a call, so calls
  // need not wake the ring thread. An executor comes back for work through wait().
  void set_busy(bool busy);

 private:
  // word_ holds flags, how many waiters are in line, and in its upper half the ring_gen with which the
  // ring thread went to sleep.
  static constexpr std::uint64_t kHeld = 1;    // somebody holds the baton
  static constexpr std::uint64_t kKicked = 2;  // only with kHeld: poll before sleeping or leaving
  static constexpr std::uint64_t kComing = 4;  // a waiter left the line in order to take the baton
  // The ring thread sleeps without a tick, unless it was rung since.
  static constexpr std::uint64_t kUntimed = 8;
  static constexpr std::uint64_t kListed = 256;
  static bool anyone_in_line(std::uint64_t word) { return (word & 0xffffffff) >= kListed; }
  static std::uint64_t asleep(std::uint64_t word, std::uint32_t ring_gen) {
    return std::uint64_t{ring_gen} << 32 | (word & 0xffffffff) | kUntimed;
  }

  enum class Turn { kTaken, kInLine };

  // Getting the baton.
  bool try_take();
  bool take_while_spinning(const Waiter& waiter, Deadline deadline);
  Turn take_or_get_in_line(Waiter& waiter, bool coming);

  // With the baton.
  bool serve(Waiter& waiter, Deadline deadline);
  void user_thread_has_it();
  bool poll_once();
  bool kicked() const;
  void wake_satisfied();
  bool poll_if_kicked();
  void park_serving(const Waiter& waiter, Deadline deadline);
  void set_state(BellState state);

  // Giving it up.
  void leave();
  bool leave_once(bool call_ring_thread);
  bool ring_thread_will_look(std::uint64_t word, bool call_ring_thread);
  bool hand_on(const std::uint32_t* ring_thread_sleeps = nullptr);
  void park_for_ring_thread();
  void wake_ring_thread();

  // The line of waiters without the baton (progress_line.cc); all under line_mutex_.
  Waiter::Signal sleep_in_line(Waiter& waiter, Deadline deadline);
  bool get_out_of_line(Waiter& waiter);
  void append(Waiter& waiter);
  void remove(Waiter& waiter);
  static void signal(Waiter& waiter, Waiter::Signal signal);

  // The ring thread (progress_ring_thread.cc). look() gives whether to sleep for one tick, or until rung.
  void run_ring_thread();
  bool look(std::uint32_t gen);
  void leave_watched();
  void leave_parked(std::uint32_t gen);
  bool try_leave_parked(std::uint32_t gen);
  bool leave_it_to_holder(std::uint32_t gen);

  ProcessPage& page_;
  Cores& cores_;
  Work& work_;

  alignas(128) std::atomic<std::uint64_t> word_;
  std::atomic<std::uint32_t> activity_{0};  // how often user threads took the baton
  // How often they left it to a ring thread that sleeps; under the baton.
  std::uint32_t cold_leaves_ = 0;

  alignas(128) std::mutex line_mutex_;
  Waiter* line_first_ = nullptr;
  Waiter* line_last_ = nullptr;

  std::atomic<bool> busy_{false};
  std::atomic<bool> started_{false};
  std::atomic<bool> stopping_{false};
  std::uint32_t seen_activity_ = 0;  // of the ring thread, at its last look
  std::thread ring_thread_;
};

}  // namespace manta::rpc
