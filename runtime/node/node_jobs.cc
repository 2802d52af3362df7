// The jobs of a node that serves several drivers: admitted, ended with their drivers, forgotten.
//
//   admit() --> the driver leaves, dies, or sends nonsense --> end_job(): what it has asked for ends
//           --> settle_jobs(): when no detached actor of the job lives, its wishes and workers end; when none of its
//               processes is left its pins go, and the driver is told so
//           --> when the driver reads none of our memory any more, its slot is used again
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "../../base/version.h"
#include "../options/gpu_names.h"
#include "children.h"
#include "node.h"

namespace manta::detail::node {
namespace {

// For a process inside exec(), half a second. One that was started without any environment is not the job's to kill.
constexpr std::chrono::milliseconds kLookAgain(5);
constexpr int kMostLooks = 100;

}  // namespace

void Node::on(rpc::Slot from, const TellUser&, PayloadBytes notice) {
  job_of(from).log().add_notice(notice);
}

bool Node::is_driver(rpc::Slot slot) const {
  const auto job = jobs_.find(peers_.job(slot));
  return job != jobs_.end() && job->second->driver() == slot;
}

void Node::warn(const std::string& what) {
  for (const auto& [number, job] : jobs_) job->warn(what);
}

NodeResources Node::resources() const {
  const scheduler::ResourceSet& total = leasing_.total();
  const scheduler::ResourceSet available =
      leasing_.available([this](rpc::Slot worker) { return is_idle(worker); });
  NodeResources resources{.total = {}, .available = {}, .labels = role_.options.labels};
  for (const std::string& name : total.names()) {
    if (name == scheduler::kTaskSlot) continue;
    resources.total[name] = total.amount(name);
    resources.available[name] = std::max(0.0, available.amount(name));
  }
  return resources;
}

NodeStatus Node::status() const {
  NodeStatus status;
  status.version = base::version();
  status.node = role_.attachment.node.hex();
  status.directory = directory_.path.string();
  status.pid = getpid();
  status.standing = role_.options.standing;
  status.actors = actors_.size();
  status.resources = resources();
  status.store = arena_.stats();
  std::map<scheduler::JobNumber, std::uint64_t> workers;
  for (const rpc::Slot slot : workers_.slots()) ++workers[peers_.job(slot)];
  for (const auto& [number, job] : jobs_) {
    std::error_code ignored;
    const auto program = std::filesystem::read_symlink(
        "/proc/self/fd/" + std::to_string(job->program().get()), ignored);
    status.jobs.push_back({.job = job->id().hex(),
                           .driver = job->pid(),
                           .program = program.string(),
                           .workers = workers[number],
                           .left = job->state == JobState::kLeft,
                           .ending = job->state > JobState::kLeft});
  }
  return status;
}

NodeHello Node::hello() const {
  NodeHello hello;
  hello.directory = directory_.path;
  hello.control = memory_.control.duplicate();
  hello.arena = memory_.arena.duplicate();
  hello.bell = memory_.bell.duplicate();
  if (!hello.control || !hello.arena.read_only || !hello.bell) {
    throw std::system_error(errno, std::generic_category(), "the session's memory");
  }
  return hello;
}

void Node::admit(JoinRequest request, Job::Socket socket) {
  const int fd = socket.native_handle();
  try {
    const Role asked = read_role_file(request.role);
    if (asked.kind != RoleKind::kJob) throw std::runtime_error("it did not say its part");
    const std::optional<rpc::Slot> slot = peers_.free_slot();
    if (!slot) throw std::runtime_error("the node has 2,046 processes");
    NodeHello answer = hello();
    Role part;
    part.kind = RoleKind::kJob;
    part.attachment = part_of(*slot, asked);
    answer.part = make_role_file(part);
    if (!answer.send(fd)) return;
    const scheduler::JobNumber number = ++last_job_;
    const auto job = std::make_shared<Job>(number, asked.attachment.job, *slot, asked.options,
                                           std::move(request.program), std::move(socket));
    peers_.open(*slot, number);
    peers_.set_pid(*slot, job->pid());
    jobs_[number] = job;
    watch_driver(job);
  } catch (const std::exception& error) {
    NodeHello{.error = "the node cannot take another driver: " + std::string(error.what())}.send(
        fd);
  }
}

Attachment Node::part_of(rpc::Slot slot, const Role& asked) const {
  Attachment part;
  part.slot = part.driver = slot;
  part.directory = directory_.path;
  part.job = asked.attachment.job;
  part.node = role_.attachment.node;
  part.node_pid = getpid();
  part.cpus = role_.options.cpus;
  part.object_store_bytes = role_.options.object_store_bytes;
  part.put_timeout_ms = asked.options.put_timeout_ms;
  part.name_space = asked.options.name_space;
  part.env = asked.options.env;
  part.gpus = all_gpu_ids(role_.options.gpus);
  return part;
}

void Node::driver_says(Job& job, char word) {
  if (word == kLetGo) job.let_go = true;
  if (word == kGoodbye || word == kLetGo) end_job(job);
}

// A driver that has closed its socket and lives on may still read arrays, and write to its memory: its slot stays.
// Where there is no pidfd, the end of the socket must do.
void Node::driver_is_silent(Job& job) {
  if (!job.process().is_open()) job.let_go = true;
  end_job(job);
}

void Node::end_job(Job& job) {
  if (job.number() == 0) {  // a private session
    ending_ = true;
    return;
  }
  if (job.state == JobState::kRunning) {
    job.state = JobState::kLeft;
    read_to_the_end(job.driver());
    if (actors_.any_detached(job.number())) {
      end_tasks_of_driver(job);
      let_driver_go(job);
    } else {
      end_processes_of(job);
    }
    DeathReport death;
    death.pid = job.pid();
    death.expected = true;
    forget_process(job.driver(), death);
  }
  settle_jobs();
}

// Of a job that goes on for its detached actors. What tasks have submitted themselves ends as with any worker.
void Node::end_tasks_of_driver(const Job& job) {
  for (const TaskLane& lane : lanes_.of_tasks()) {
    if (lane.caller == job.driver()) workers_.kill(lane.callee);
  }
}

void Node::end_processes_of(Job& job) {
  job.state = JobState::kEnding;
  leasing_.end_job(job.number());
  const std::string why = "its job ended with its driver (pid " + std::to_string(job.pid()) + ")";
  for (const rpc::Slot slot : workers_.slots()) {
    if (peers_.job(slot) == job.number() && !actors_.end_at(slot, why)) workers_.kill(slot);
  }
}

// What a job's processes have started, and what was handed on to this process when they died, is found by the variable
// that all of them have in their environment. There may be more when those are gone: SIGCHLD comes again.
void Node::settle_jobs() {
  std::vector<std::shared_ptr<Job>> done;
  for (const auto& [number, job] : jobs_) {
    if (job->state == JobState::kLeft && !actors_.any_detached(number)) end_processes_of(*job);
    if (job->state == JobState::kEnding && !has_workers(number)) {
      const Killed killed = kill_children_with(WorkerProcesses::job_variable(job->id()));
      job->strays.insert(killed.children.begin(), killed.children.end());
      if (!job->strays.empty()) continue;  // SIGCHLD comes
      if (killed.unclear && ++job->looks_for_strays < kMostLooks) {
        look_for_strays_again();
      } else {
        finish_job(job);
      }
    }
    const bool left = job->state == JobState::kLeft || job->state == JobState::kOver;
    if (left && job->let_go && job->has_driver()) {
      dead_.push_back(job->driver());
      job->forget_driver();
    }
    if (job->state == JobState::kOver && job->let_go) done.push_back(job);
  }
  for (const auto& job : done) {
    job->close();
    jobs_.erase(job->number());
  }
}

void Node::look_for_strays_again() {
  strays_timer_.expires_after(kLookAgain);
  strays_timer_.async_wait([this](asio::error_code error) {
    if (!error) settle_jobs();
  });
}

bool Node::has_workers(scheduler::JobNumber job) const {
  return std::ranges::any_of(workers_.slots(),
                             [&](rpc::Slot slot) { return peers_.job(slot) == job; });
}

void Node::finish_job(const std::shared_ptr<Job>& job) {
  job->state = JobState::kOver;
  for (const ObjectId& object : std::exchange(job->pinned_objects, {})) {
    objects_.on(rpc::kNodeSlot, ReleaseObject{.object = object, .count = 1});
  }
  for (const ActorId& actor : std::exchange(job->pinned_actors, {})) {
    actors_.on(rpc::kNodeSlot, ReleaseActor{.actor = actor, .count = 1});
  }
  leasing_.forget_job(job->number());
  if (!role_.options.keep_logs) job->remove_worker_logs();
  let_driver_go(*job);
}

// That is what its shutdown() waits for. Whatever is printed later is in the logs only.
void Node::let_driver_go(Job& job) {
  job.log().when_written([kept = job.shared_from_this()] {
    asio::error_code ignored;
    kept->socket().shutdown(asio::socket_base::shutdown_send, ignored);
  });
}

}  // namespace manta::detail::node
