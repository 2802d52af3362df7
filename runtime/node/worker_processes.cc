// In the order of a worker process: its pipes, its start, its name, its end: killed or reaped, and the rest of its
// output.
#include "worker_processes.h"

#include <algorithm>
#include <cstring>
#include <errno.h>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <signal.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "../../base/limits.h"
#include "../../base/spawn.h"
#include "../launch/process_environment.h"
#include "../options/gpu_names.h"

namespace manta::detail::node {
namespace {

struct Pipe {
  base::Fd read, write;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe");
    }
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
};

// If the program itself is at fault: which it is, and what to do. It could be executed when the node began, which runs
// it.
std::string about_program(int fd, int error) {
  constexpr int kOfProgram[] = {EACCES, EPERM, ENOEXEC, ETXTBSY, ENOENT, EIO, ELIBBAD, ESTALE};
  if (std::ranges::find(kOfProgram, error) == std::end(kOfProgram)) return {};
  std::error_code ignored;
  const auto path =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored).string();
  return "; the program " + path +
         " cannot be executed any more: see to its permissions (chmod +x), its loader and its file "
         "system; the session tries again with the next call";
}

}  // namespace

WorkerProcesses::WorkerProcesses(asio::io_context& io, const Role& node,
                                 const rpc::Control& control, Shared shared)
    : io_(io),
      control_(control),
      node_(node),
      shared_(shared),
      nothing_(base::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC))) {}

// Beside what all workers have: what its kind has. GPUs that it shall not see are hidden.
std::map<std::string, std::string> WorkerProcesses::environment_of(
    const scheduler::WorkerKind& kind, const Job& job) const {
  auto environment = job.library_threads().environment(kind.threads);
  if (!node_.options.gpus.empty()) {
    environment[kVisibleGpus] = visible_gpus(node_.options.gpus, kind.gpus);
  }
  for (const auto& [name, value] : kind.environment) environment[name] = value;
  if (job.number() != 0) environment["MANTA_JOB"] = job.id().hex();
  return environment;
}

std::optional<pid_t> WorkerProcesses::start(rpc::Slot slot, const scheduler::WorkerKind& kind,
                                            const std::shared_ptr<Job>& job) try {
  const NodeOptions& options = job->options();
  Role role;
  role.kind = RoleKind::kWorker;
  role.attachment.slot = slot;
  role.attachment.driver = job->driver();
  role.attachment.directory = node_.attachment.directory;
  role.attachment.job = job->id();
  role.attachment.node = node_.attachment.node;
  role.attachment.node_pid = getpid();
  role.attachment.cpus = node_.options.cpus;
  role.attachment.object_store_bytes = node_.options.object_store_bytes;
  role.attachment.overflow_bytes = shared_.overflow_bytes;
  role.attachment.put_timeout_ms = options.put_timeout_ms;
  role.attachment.name_space = options.name_space;
  role.attachment.env = options.env;
  role.attachment.gpus = gpu_ids(node_.options.gpus, kind.gpus);
  role.attachment.task_env = kind.environment;
  role.attachment.libraries = options.libraries;
  role.attachment.library_entry = options.library_entry;
  const base::Fd file = make_role_file(role);
  Pipe out, err;
  const ProcessEnvironment environment(
      options.environment ? *options.environment : environment_now(), environment_of(kind, *job),
      kRoleFile);
  const ProcessArguments arguments(options);
  std::vector<base::InheritedFd> descriptors = {{nothing_.get(), 0},
                                                {out.write.get(), 1},
                                                {err.write.get(), 2},
                                                {file.get(), kRoleFile},
                                                {shared_.control, kWorkerControl},
                                                {shared_.arena.writable, kWorkerArenaRw},
                                                {shared_.arena.read_only, kWorkerArenaRo},
                                                {shared_.bell, kWorkerBell}};
  if (shared_.overflow_bytes != 0) {
    descriptors.push_back({shared_.arena.overflow_writable, kWorkerOverflowRw});
    descriptors.push_back({shared_.arena.overflow_read_only, kWorkerOverflowRo});
  }
  const auto pid = base::spawn({.program = job->program().get(),
                                .argv = arguments.argv(),
                                .envp = environment.envp(),
                                .descriptors = std::move(descriptors),
                                .working_directory = job->working_directory().get(),
                                .ignore_interrupt = true});
  if (!pid.ok()) throw std::system_error(pid.error().code, std::generic_category(), "starting it");
  const std::string log = "worker-" + std::to_string(pid.value()) + ".log";
  std::shared_ptr<WorkerOutput> output;
  try {
    output = std::make_shared<WorkerOutput>(io_, std::shared_ptr<DriverLog>(job, &job->log()),
                                            node_.attachment.directory / log, std::move(out.read),
                                            std::move(err.read));
    if (job->number() != 0) job->add_worker_log(node_.attachment.directory / log);
    output->begin(pid.value(), control_.process(slot).held_lines);
  } catch (...) {
    ::kill(pid.value(), SIGKILL);
    ::waitpid(pid.value(), nullptr, 0);
    throw;
  }
  workers_[slot] = {.pid = pid.value(), .output = std::move(output)};
  slots_[pid.value()] = slot;
  return pid.value();
} catch (const std::system_error& error) {
  job->note_start_failure(std::string("a worker process could not be started: ") +
                          base::with_limit(error) +
                          about_program(job->program().get(), error.code().value()));
  return std::nullopt;
}

void WorkerProcesses::set_name(rpc::Slot slot, const std::string& name) {
  const auto worker = workers_.find(slot);
  if (worker != workers_.end()) worker->second.output->set_name(name);
}

std::string WorkerProcesses::name_of(rpc::Slot slot) const {
  const auto worker = workers_.find(slot);
  return worker == workers_.end() ? "worker" : worker->second.output->name();
}

std::vector<rpc::Slot> WorkerProcesses::slots() const {
  std::vector<rpc::Slot> all;
  for (const auto& [slot, worker] : workers_) all.push_back(slot);
  return all;
}

void WorkerProcesses::kill(rpc::Slot slot) {
  const auto worker = workers_.find(slot);
  if (worker == workers_.end()) return;
  worker->second.killed = true;
  ::kill(worker->second.pid, SIGKILL);
}

std::vector<WorkerProcesses::Exit> WorkerProcesses::reap() {
  std::vector<Exit> exits;
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto entry = slots_.find(pid);
    if (entry == slots_.end()) {
      reaped_orphans_.push_back(pid);
      continue;
    }
    const rpc::Slot slot = entry->second;
    slots_.erase(entry);
    const auto worker = workers_.extract(slot);
    const auto& output = worker.mapped().output;
    output->finish();
    std::erase_if(left_open_, [](const auto& other) { return other.expired(); });
    if (output->open()) left_open_.push_back(output);
    exits.push_back({.slot = slot,
                     .pid = pid,
                     .status = status,
                     .killed_by_us = worker.mapped().killed,
                     .output = output});
  }
  return exits;
}

void WorkerProcesses::finish_output() {
  for (auto& [slot, worker] : workers_) worker.output->close();
  for (const auto& left : left_open_) {
    if (const auto output = left.lock()) output->close();
  }
}

}  // namespace manta::detail::node
