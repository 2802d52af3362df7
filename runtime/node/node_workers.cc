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

using namespace std::chrono_literals;

std::string tail(const std::string& text) {
  const std::size_t most = DeathReport::kMaxText;
  return text.size() <= most ? text : text.substr(text.size() - most);
}

}  // namespace

std::optional<rpc::Slot> Node::start_worker(const scheduler::WorkerKind& kind) {
  const std::optional<rpc::Slot> slot = peers_.free_slot();
  if (!slot) {
    workers_.note_failure("a worker process could not be started: the node has 2,046 processes");
    return std::nullopt;
  }
  peers_.open(*slot);
  const std::optional<pid_t> pid = workers_.start(*slot, kind);
  if (!pid) {
    peers_.mark_dead(*slot);
    peers_.release(*slot);
    return std::nullopt;
  }
  peers_.set_pid(*slot, *pid);
  starting_.insert(*slot);
  watch_startup(*slot);
  return slot;
}

// A worker that never says hello (a static constructor that hangs) counts as failed.
void Node::watch_startup(rpc::Slot slot) {
  auto timer = std::make_shared<asio::steady_timer>(io_, 60s);
  timer->async_wait([this, slot, timer, pid = peers_.pid(slot)](asio::error_code) {
    if (starting_.contains(slot) && peers_.pid(slot) == pid) workers_.kill(slot);
  });
}

// The driver is not killed, but not heard any more.
void Node::refuse(const Peers::Broken& broken) {
  const bool driver = broken.slot == rpc::kDriverSlot;
  const std::string who =
      driver ? "the driver" : "worker " + std::to_string(peers_.pid(broken.slot));
  std::fprintf(stderr, "manta node: %s sent %s: the node reads no more of it%s\n", who.c_str(),
               broken.sent.c_str(), driver ? "" : ", and kills it");
  workers_.kill(broken.slot);
}

void Node::reap() {
  for (const WorkerProcesses::Exit& exit : workers_.reap()) bury(exit);
}

void Node::bury(const WorkerProcesses::Exit& exit) {
  const rpc::Slot slot = exit.slot;
  read_to_the_end(slot);
  DeathReport death = describe_death(exit.pid, exit.status, control_.process(slot).crash);
  death.expected = exit.killed_by_us || actors_.expects_exit(slot);
  death.output = tail(exit.output->last_lines());
  if (death.signal == SIGKILL && !death.expected) {
    const std::string why = memory_kills_.explain_kill();
    if (!why.empty()) death.detail = ": " + why;
  }
  if (!death.stack.empty()) exit.output->note("(manta) stack of the crash:\n" + death.stack + "\n");
  if (starting_.erase(slot) != 0) {
    workers_.note_failure("a worker process ended before it was ready: " + full_text(death));
  }
  peers_.mark_dead(slot);
  leasing_.process_died(slot);
  lanes_.process_died(slot, encode(death));
  actors_.process_died(slot, death);
  objects_.process_died(slot, exit.pid);
  waits_.process_died(slot);
  store_room_.process_died(slot);
  census_.process_died(slot);
  spilling_.process_died(slot);
  dead_.push_back(slot);
}

void Node::recycle_dead_slots() {
  std::erase_if(dead_, [this](rpc::Slot slot) {
    if (!lanes_.unused(slot)) return false;
    actors_.release_all(slot);
    if (actors_.needs_arguments_of(slot)) return false;
    objects_.sweep_memory(slot);
    peers_.release(slot);
    return true;
  });
}

}  // namespace manta::detail::node
