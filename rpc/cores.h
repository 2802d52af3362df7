// Cores says whether a thread that waits may spin: it may only while a core is left over.
//
// All processes of a session count, in shared memory, their threads that use a core: those that run
// user code, and those that spin. A thread that parks is not counted. Spinning for about twice as long as
// a wake-up takes bounds the loss to a small factor. Where no core is left over, a spinning thread
// would take one from user code, so it parks at once. With a single core, waiting threads yield.
//
// Invariant: `active` is the sum of all `own` counts, but for processes that died (forget()).
// Threads:   any; enter and leave come in pairs on one thread. Units: nanoseconds.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>

#include "fence.h"
#include "futex.h"

namespace manta::rpc {

// Lies in the session header. SYNC: none, for all of it: these are figures by which a thread decides to spin or not.
struct CoresPage {
  std::atomic<std::uint32_t> cores;               // that this session may run on
  std::atomic<std::uint32_t> wake_cost;           // in ns, measured once by the node
  alignas(128) std::atomic<std::int32_t> active;  // threads that use a core
};

class Cores {
 public:
  Cores(CoresPage& session, std::atomic<std::int32_t>& own) : session_(session), own_(own) {}

  // enter(): this thread begins to use a core: an executor when it starts, the driver's main thread in init(), any of
  // them after it has parked. leave(): it ceases to, when it ends or parks. Progress::wait() does so around its sleeps.
  void enter();
  void leave();
  static bool counted();  // whether this thread is between enter() and leave()

  // SYNC: none for all three, see CoresPage.
  bool single() const { return session_.cores.load(std::memory_order_relaxed) <= 1; }
  bool may_spin() const {
    return session_.active.load(std::memory_order_relaxed) <=
           static_cast<std::int32_t>(session_.cores.load(std::memory_order_relaxed));
  }
  // How long a thread should spin at most.
  std::chrono::nanoseconds spin_time() const {
    return std::chrono::nanoseconds(2 * session_.wake_cost.load(std::memory_order_relaxed));
  }

  // By the node, when a process died: takes its threads out of the sum.
  static void forget(CoresPage& session, std::atomic<std::int32_t>& dead);

 private:
  CoresPage& session_;
  std::atomic<std::int32_t>& own_;
};

// Counts this thread while it waits, if it is not counted already.
class ActiveThread {
 public:
  explicit ActiveThread(Cores& cores) : cores_(Cores::counted() ? nullptr : &cores) {
    if (cores_ != nullptr) cores_->enter();
  }
  ~ActiveThread() {
    if (cores_ != nullptr) cores_->leave();
  }
  ActiveThread(const ActiveThread&) = delete;
  ActiveThread& operator=(const ActiveThread&) = delete;

 private:
  Cores* cores_;
};

// One phase of spinning. again() is called between two looks; when it gives false, the thread should park.
class Spin {
 public:
  Spin(const Cores& cores, Deadline deadline) : cores_(cores), deadline_(deadline) {}
  bool again() {
    if (++looks_ % kLooksPerCheck != 1 && !cores_.single()) [[likely]] {
      cpu_pause();
      return true;
    }
    return check();
  }
  void restart() { looks_ = 0; }  // something was served, and the phase begins anew

 private:
  static constexpr std::uint32_t kLooksPerCheck = 32;
  bool check();

  const Cores& cores_;
  Deadline deadline_;
  std::chrono::steady_clock::time_point until_;
  std::uint32_t looks_ = 0;
};

// The cores that this process might run on when it was started; fewer if its cgroups allow less time than so many
// cores have, rounded up; at least 1. `root` stands for "/" in tests.
std::uint32_t usable_cores(const std::filesystem::path& root = "/");

// How long it takes from futex_wake until the sleeper runs on another core. To measure it takes a few milliseconds.
std::chrono::nanoseconds measure_wake_cost();

}  // namespace manta::rpc
