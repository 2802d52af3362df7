// Read from the end: launch_node() starts the process (spawn_node), and waits for its first message (receive_hello);
// end_node() and shutdown_node() wait for its end.
#include "launch.h"

#include <csignal>
#include <cstring>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "../../base/error.h"
#include "../../base/memory_file.h"
#include "../../base/spawn.h"
#include "../../base/standard_streams.h"
#include "../../rpc/control.h"
#include "../options/gpu_names.h"
#include "../wire/exit_status.h"
#include "hello.h"
#include "init_steps.h"
#include "process_environment.h"
#include "program.h"
#include "role.h"
#include "session_directory.h"

namespace manta::detail {
namespace {

using namespace std::chrono_literals;

constexpr int kHelloTimeoutMs = 60'000;  // a node under a sanitizer on a loaded machine
constexpr auto kEndsWithin = 3s;         // of its own accord
constexpr auto kDiesWithin = 10s;        // of SIGKILL, in the kernel

// `log` takes what the node prints before it has a directory.
pid_t spawn_node(const Role& role, const NodeOptions& options, int socket, int log) {
  const base::Fd program = open_program(options.program);
  const base::Fd file = make_role_file(role);
  const base::Fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) fail("opening /dev/null");
  const ProcessEnvironment environment(
      environment_now(), {{kGenerationVariable, std::to_string(generation() + 1)}}, kRoleFile);
  const ProcessArguments arguments(options);
  const auto node = base::spawn({.program = program.get(),
                                 .argv = arguments.argv(),
                                 .envp = environment.envp(),
                                 .descriptors = {{nothing.get(), 0},
                                                 {log, 1},
                                                 {log, 2},
                                                 {file.get(), kRoleFile},
                                                 {socket, kNodeSocket},
                                                 {program.get(), kNodeProgram}},
                                 .ignore_interrupt = true,
                                 .new_session = true,
                                 .parenthood = base::Parenthood::kOrphan});
  if (!node.ok()) fail("starting the node process", node.error().code);
  return node.value();
}

std::string last_lines(int log) {
  std::string text(4096, '\0');
  const off_t size = lseek(log, 0, SEEK_END);
  const ssize_t n = pread(log, text.data(), text.size(), std::max<off_t>(0, size - 4096));
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

// " with code 1", " by signal 9 (Killed)"; empty if the kernel does not say.
std::string how_it_ended(const NodeProcess& process) {
  (void)process.ended(kEndsWithin);
  const auto status = exit_status(process.descriptor(), process.pid());
  return status ? " " + exit_text(*status) : std::string();
}

void receive_hello(int socket, int log, const NodeOptions& options, Attachment& attachment) {
  NodeHello hello;
  const std::string advice = options.program.empty()
                                 ? std::string()
                                 : "; it runs InitOptions::worker.path, " + options.program +
                                       ", which must be linked with manta::manta, or call "
                                       "manta::run_if_worker()";
  if (wait_for(socket, POLLIN, kHelloTimeoutMs) == 0) {
    const std::string why = why_silent(attachment.node_pid);
    attachment.node_process.signal(SIGKILL);
    throw RuntimeError("manta::init: the node process did not answer within 60 s" + why + advice);
  }
  if (!hello.receive(socket)) {
    const std::string how = how_it_ended(attachment.node_process);
    const std::string printed = last_lines(log);
    throw RuntimeError("manta::init: the node process ended" + how +
                       " before it was ready; it printed" +
                       (printed.empty() ? " nothing" : ": " + printed) + advice);
  }
  if (!hello.error.empty()) throw RuntimeError("manta::init: " + hello.error);
  attachment.directory = hello.directory;
  take_memory(hello, attachment);
}

}  // namespace

void end_node(const NodeProcess& process, const std::function<bool()>& goes_on) {
  if (process_state(process.pid()) == 'T') process.signal(SIGCONT);
  bool ended = process.ended(kEndsWithin);
  while (!ended && goes_on && goes_on()) ended = process.ended(kEndsWithin);
  if (!ended) {
    process.signal(SIGKILL);
    (void)process.ended(kDiesWithin);
  }
  process.bury();
}

Attachment launch_node(const NodeOptions& options) {
  const base::StandardStreamsReserved reserved;
  require_working_directory(options.working_dir);
  Attachment attachment;
  attachment.slot = rpc::kDriverSlot;
  attachment.job = random_id<JobId>();
  attachment.node = random_id<NodeId>();
  attachment.cpus = options.cpus;
  attachment.object_store_bytes = options.object_store_bytes;
  attachment.put_timeout_ms = options.put_timeout_ms;
  attachment.name_space = options.name_space;
  attachment.local = options.local;
  attachment.env = options.env;
  attachment.gpus = all_gpu_ids(options.gpus);
  const base::Fd log = base::create_memory_file("manta-node-log");
  if (!log) fail("memfd_create");
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  attachment.socket.reset(ends[0]);
  base::Fd theirs(ends[1]);
  if (!attachment.socket || !theirs) fail("socketpair");
  Role role;
  role.kind = RoleKind::kNode;
  role.attachment.job = attachment.job;
  role.attachment.node = attachment.node;
  role.options = options;
  attachment.node_pid = spawn_node(role, options, theirs.get(), log.get());
  attachment.node_process = NodeProcess(attachment.node_pid);
  theirs.reset();
  try {
    receive_hello(attachment.socket.get(), log.get(), options, attachment);
  } catch (...) {
    attachment.socket.reset();
    end_node(attachment.node_process);
    remove_all_abandoned();
    throw;
  }
  return attachment;
}

void shutdown_node(const Attachment& attachment, const std::function<bool()>& goes_on) {
  const base::StandardStreamsReserved reserved;
  shutdown(attachment.socket.get(), SHUT_WR);
  end_node(attachment.node_process, goes_on);
  remove_abandoned(attachment.directory);
}

}  // namespace manta::detail
