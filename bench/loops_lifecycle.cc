// What a session costs: its start and end, an idle worker's memory, idleness, and the death of a worker or submitter.
// Units: milliseconds; MB of private memory; percent of a core. Floor: the start of a small program, for each process
// that has to start one after the other.
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <unistd.h>

#include <manta/manta.h>

#include "figures.h"
#include "loops.h"

namespace manta::bench {
namespace {

int parent() { return getppid(); }

int die_at_first() {
  if (manta::this_task().attempt() == 1) kill(getpid(), SIGKILL);
  return manta::this_task().attempt();
}

int sleep_for(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return 0;
}

double private_megabytes(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/smaps_rollup");
  double kib = 0;
  for (std::string word; file >> word;) {
    double value = 0;
    if ((word == "Private_Clean:" || word == "Private_Dirty:") && file >> value) kib += value;
  }
  return kib * 1024 / 1e6;
}

struct Submitter {
  manta::ObjectRef<int> start() { return manta::remote(sleep_for)(1'000'000); }
  int pid() const { return getpid(); }
};

void start_all_workers() {
  std::vector<manta::ObjectRef<int>> sleeping;
  for (int i = 0; i < 2; ++i) sleeping.push_back(manta::remote(sleep_for)(50));
  (void)manta::get(sleeping);
}

// From init() to the first result, and the shutdown after it.
double own_cpu() { return SessionCpu(getpid()).own(); }
struct LifeOfSession {
  Sample start;
  Sample end;
};
LifeOfSession best_life(const Run& run) {
  LifeOfSession best;
  for (int i = 0; i < (run.effort == Effort::kSmoke ? 1 : 7); ++i) {
    const double own_before = own_cpu();
    auto began = Clock::now();
    auto session = manta::init({.cpus = 2});
    const SessionCpu cpu(manta::get(manta::remote(parent)()));
    Sample start{seconds_since(began), 0};
    start.cpu_seconds = own_cpu() - own_before + cpu.others();
    const double own_at_end = own_cpu();
    began = Clock::now();
    session.shutdown();
    Sample end{seconds_since(began), 0};
    end.cpu_seconds = own_cpu() - own_at_end;
    if (start.seconds < best.start.seconds) best.start = start;
    if (end.seconds < best.end.seconds) best.end = end;
  }
  return best;
}

}  // namespace

Measured init_to_first(const Run& run) { return milliseconds(best_life(run).start); }
Measured shutdown(const Run& run) { return milliseconds(best_life(run).end); }

Measured killed_worker_retry(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  start_all_workers();
  bool right = true;
  const auto sample = measure.each([&](Stopwatch& watch) {
    watch.start();
    right = right && manta::get(manta::remote(die_at_first, {.max_retries = 1})()) == 2;
    watch.stop();
  });
  // The CPU time of the killed workers is known in steps of 10 ms only.
  return right ? Measured{milliseconds(sample).value, kNone} : Measured{};
}

// From the death of the process that has submitted a call until one that waits for its result has OwnerDied.
Measured owner_died(const Run& run) {
  const auto session = manta::init({.cpus = 3});
  const Measure measure(run.effort);
  bool right = true;
  const auto sample = measure.each([&](Stopwatch& watch) {
    auto submitter = manta::actor<Submitter>();
    const auto never = manta::get(submitter.call(&Submitter::start));
    const pid_t pid = manta::get(submitter.call(&Submitter::pid));
    watch.start();
    kill(pid, SIGKILL);
    try {
      (void)manta::get(never, std::chrono::seconds(10));
      right = false;
    } catch (const manta::OwnerDied&) {
    } catch (const manta::GetTimeout&) {
      right = false;
    }
    watch.stop();
  });
  return right ? Measured{milliseconds(sample).value, kNone} : Measured{};
}

// The smaller of two workers that have run a task.
Measured worker_private(const Run&) {
  const auto session = manta::init({.cpus = 2});
  start_all_workers();
  double least = std::numeric_limits<double>::infinity();
  for (const pid_t worker : SessionCpu::of_open_session().workers()) {
    least = std::min(least, private_megabytes(worker));
  }
  return {least, kNone};
}

// Driver, node and two workers, while the driver waits inside get() for a task that sleeps; after the node has
// populated memory ahead, which it does in the first seconds of a session.
Measured idle_cpu(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  start_all_workers();
  const auto cpu = SessionCpu::of_open_session();
  const int settling = run.effort == Effort::kSmoke ? 10 : 3000;
  const int measured = run.effort == Effort::kSmoke ? 50 : 4000;
  (void)manta::get(manta::remote(sleep_for)(settling));
  const auto waited_for = manta::remote(sleep_for)(measured);
  double used = -cpu.others();
  used -= cpu.own();
  const auto began = Clock::now();
  (void)manta::get(waited_for);
  const double waited = seconds_since(began);
  used += cpu.own();
  used += cpu.others();
  return {used / waited * 100, kNone};
}

}  // namespace manta::bench
