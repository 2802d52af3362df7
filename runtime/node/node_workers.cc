// How the node starts workers, and what it does when one has died.
#include <chrono>
#include <cstdio>
#include <memory>
#include <signal.h>
#include <string>

#include "death_report.h"
#include "node.h"

namespace manta::detail::node {
namespace {

constexpr std::chrono::seconds kStartsWithin(60);

std::string tail(const std::string& text) {
  const std::size_t most = DeathReport::kMaxText;
  return text.size() <= most ? text : text.substr(text.size() - most);
}

}  // namespace

std::optional<rpc::Slot> Node::start_worker(const scheduler::WorkerKind& kind) {
  const std::shared_ptr<Job> job = jobs_.at(kind.job);
  const std::optional<rpc::Slot> slot = peers_.free_slot();
  if (!slot) {
    job->note_start_failure("a worker process could not be started: the node has 2,046 processes");
    return std::nullopt;
  }
  peers_.open(*slot, kind.job);
  const std::optional<pid_t> pid = workers_.start(*slot, kind, job);
  if (!pid) {
    peers_.mark_dead(*slot);
    peers_.release(*slot);
    return std::nullopt;
  }
  peers_.set_pid(*slot, *pid);
  starting_[*slot] = std::chrono::steady_clock::now();
  return slot;
}

void Node::end_those_that_never_start() {
  const scheduler::Time now = std::chrono::steady_clock::now();
  for (const auto& [slot, since] : starting_) {
    if (now - since >= kStartsWithin) workers_.kill(slot);
  }
}

// The driver is not killed, but not heard any more.
void Node::refuse(const Peers::Broken& broken) {
  const bool driver = is_driver(broken.slot);
  const std::string who =
      driver ? "the driver" : "worker " + std::to_string(peers_.pid(broken.slot));
  std::fprintf(stderr, "manta node: %s sent %s: the node reads no more of it%s\n", who.c_str(),
               broken.sent.c_str(), driver ? "" : ", and kills it");
  workers_.kill(broken.slot);
  if (driver && broken.slot != rpc::kDriverSlot) end_job(job_of(broken.slot));
}

void Node::reap() {
  for (const WorkerProcesses::Exit& exit : workers_.reap()) bury(exit);
  for (const pid_t orphan : workers_.take_reaped_orphans()) {
    for (const auto& [number, job] : jobs_) job->strays.erase(orphan);
  }
  settle_jobs();
}

void Node::bury(const WorkerProcesses::Exit& exit) {
  const rpc::Slot slot = exit.slot;
  read_to_the_end(slot);
  DeathReport death = describe_death(exit.pid, exit.status, control_.process(slot).crash);
  std::string ran_out;
  if (const auto ended = ended_for_memory_.extract(slot)) ran_out = ended.mapped();
  death.expected = (exit.killed_by_us && ran_out.empty()) || actors_.expects_exit(slot);
  death.output = tail(exit.output->last_lines());
  if (death.signal == SIGKILL && !death.expected) {
    const std::string by_kernel = memory_kills_.explain_kill();  // it may have done so, too
    if (ran_out.empty()) ran_out = by_kernel;
    death.out_of_memory = !ran_out.empty();
    if (death.out_of_memory) death.detail = ": " + ran_out;
  }
  if (death.exit_code == kGivenUpExit) tell_of_end(death, job_of(slot).log());
  if (!death.stack.empty()) exit.output->note("(manta) stack of the crash:\n" + death.stack + "\n");
  if (starting_.erase(slot) != 0) {
    job_of(slot).note_start_failure("a worker process ended before it was ready: " +
                                    full_text(death));
  }
  forget_process(slot, death);
  dead_.push_back(slot);
}

void Node::forget_process(rpc::Slot slot, const DeathReport& death) {
  peers_.mark_dead(slot);
  leasing_.process_died(slot);
  lanes_.process_died(slot, encode(death));
  actors_.process_died(slot, death);
  objects_.process_died(slot, death.pid);
  waits_.process_died(slot);
  store_room_.process_died(slot);
  census_.process_died(slot);
  spilling_.process_died(slot);
  memory_monitor_.process_died(slot);
}

// Also what no call of its fails with, since it was running none.
void Node::tell_of_end(const DeathReport& death, DriverLog& log) {
  constexpr int kMostTold = 20;
  if (death.detail.empty() || told_ends_ == kMostTold) return;
  ++told_ends_;
  log.add(2, "manta: a worker process " + describe(death) + "\n", 1);
}

MemoryMonitor::Session Node::memory_of_processes() {
  const auto workers = [this] {
    using Work = MemoryMonitor::Work;
    std::map<rpc::Slot, MemoryMonitor::Worker> found;
    for (const rpc::Slot slot : workers_.slots()) {
      if (starting_.contains(slot)) continue;
      const bool actor = actors_.has_actor(slot);
      found[slot] = {.slot = slot,
                     .pid = static_cast<pid_t>(peers_.pid(slot)),
                     .work = actor ? Work::kActor : Work::kIdle};
    }
    for (const TaskLane& lane : lanes_.of_tasks()) {
      const auto worker = found.find(lane.callee);
      if (worker == found.end() || worker->second.work == Work::kActor) continue;
      worker->second.work = lane.last_attempt ? Work::kLastAttempt : Work::kTriedAgain;
      worker->second.number = lane.opened;
    }
    std::vector<MemoryMonitor::Worker> all;
    for (const auto& [slot, worker] : found) all.push_back(worker);
    return all;
  };
  return {.workers = workers,
          .store_bytes = [this] { return arena_.stats().used; },
          .drivers =
              [this] {
                std::vector<pid_t> pids;
                for (const auto& [number, job] : jobs_) pids.push_back(job->pid());
                return pids;
              }};
}

void Node::recycle_dead_slots() {
  const std::size_t recycled = std::erase_if(dead_, [this](rpc::Slot slot) {
    if (!lanes_.unused(slot)) return false;
    actors_.release_all(slot);
    if (actors_.needs_arguments_of(slot)) return false;
    objects_.sweep_memory(slot);
    peers_.release(slot);
    return true;
  });
  if (recycled != 0) count_what_is_beside();
}

}  // namespace manta::detail::node
