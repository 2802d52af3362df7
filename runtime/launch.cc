#include <cstring>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <manta/base/error.h>
#include <manta/base/spawn.h>
#include <manta/base/standard_streams.h>
#include <manta/rpc/control.h>
#include <manta/runtime/exit_status.h>
#include <manta/runtime/launch.h>
#include <manta/runtime/node/hello.h>
#include <manta/runtime/node/process_environment.h>
#include <manta/runtime/role.h>
#include <manta/runtime/session_directory.h>

namespace manta::detail {
namespace {

constexpr int kHelloTimeoutMs = 60'000;  // a node under a sanitizer on a loaded machine
constexpr int kGoneTimeoutMs = 10'000;

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw RuntimeError("manta::init: " + what + ": " + std::strerror(error));
}

base::Fd owned(int fd, const char* what) {
  base::Fd result(fd);
  if (!result) fail(what);
  return result;
}

base::Fd open_program(const NodeOptions& options) {
  const char* path = options.program.empty() ? "/proc/self/exe" : options.program.c_str();
  base::Fd program(open(path, O_PATH | O_CLOEXEC));
  if (!program && !options.program.empty()) {
    throw InvalidArgument("manta::init: InitOptions::worker names " + options.program + ": " +
                          std::strerror(errno));
  }
  if (!program) fail("opening /proc/self/exe, of which the workers are made");
  return program;
}

void require_working_directory(const NodeOptions& options) {
  if (options.working_dir.empty()) return;
  const base::Fd directory(open(options.working_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) {
    throw InvalidArgument("manta::init: InitOptions::working_dir names " + options.working_dir +
                          ": " + std::strerror(errno));
  }
}

template <class AnyId>
AnyId random_id() {
  std::uint64_t words[2] = {};
  if (getrandom(words, sizeof words, 0) != sizeof words) fail("getrandom");
  return AnyId(words[0], words[1]);
}

pid_t spawn_node(const Role& role, const NodeOptions& options, int socket, int lock) {
  const base::Fd program = open_program(options);
  const base::Fd file = make_role_file(role);
  const base::Fd nothing = owned(open("/dev/null", O_RDWR | O_CLOEXEC), "opening /dev/null");
  const std::string log_path = (role.attachment.directory / "node.log").string();
  const base::Fd log(open(log_path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  if (!log) fail(log_path);
  const ProcessEnvironment environment({{kGenerationVariable, std::to_string(generation() + 1)}},
                                       kRoleFile);
  const ProcessArguments arguments(options);
  const auto node = base::spawn({.program = program.get(),
                                 .argv = arguments.argv(),
                                 .envp = environment.envp(),
                                 .descriptors = {{nothing.get(), 0},
                                                 {log.get(), 1},
                                                 {log.get(), 2},
                                                 {file.get(), kRoleFile},
                                                 {socket, kNodeSocket},
                                                 {program.get(), kNodeProgram},
                                                 {lock, kNodeLock}},
                                 .ignore_interrupt = true,
                                 .new_session = true,
                                 .parenthood = base::Parenthood::kOrphan});
  if (!node.ok()) fail("starting the node process", node.error().code);
  return node.value();
}

bool wait_readable(int fd, int timeout_ms) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  int n = 0;
  do {
    n = poll(&entry, 1, timeout_ms);
  } while (n < 0 && errno == EINTR);
  return n > 0;
}

std::string last_lines(const std::filesystem::path& file) {
  const base::Fd log(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(4096, '\0');
  const off_t size = log ? lseek(log.get(), 0, SEEK_END) : 0;
  const ssize_t n =
      log ? pread(log.get(), text.data(), text.size(), std::max<off_t>(0, size - 4096)) : 0;
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

// " with code 1", " by signal 9 (Killed)"; empty when the kernel does not tell.
std::string how_it_ended(const Attachment& attachment) {
  if (attachment.node_process) wait_readable(attachment.node_process.get(), kGoneTimeoutMs);
  const auto status = exit_status(attachment.node_process, attachment.node_pid);
  return status ? " " + exit_text(*status) : std::string();
}

void receive_hello(int socket, const NodeOptions& options, Attachment& attachment) {
  NodeHello hello;
  const base::Fd& process = attachment.node_process;
  const std::string advice = options.program.empty()
                                 ? std::string()
                                 : "; it runs InitOptions::worker.path, " + options.program +
                                       ", which must be linked with manta::manta";
  if (!wait_readable(socket, kHelloTimeoutMs)) {
    if (process) syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    throw RuntimeError("manta::init: the node process did not answer within 60 s" + advice);
  }
  if (!hello.receive(socket)) {
    const std::string printed = last_lines(attachment.directory / "node.log");
    throw RuntimeError("manta::init: the node process ended" + how_it_ended(attachment) +
                       " before it was ready; it printed" +
                       (printed.empty() ? " nothing" : ": " + printed) + advice);
  }
  if (!hello.error.empty()) throw RuntimeError("manta::init: " + hello.error);
  attachment.control = std::move(hello.control);
  attachment.arena_rw = std::move(hello.arena_rw);
  attachment.arena_ro = std::move(hello.arena_ro);
  attachment.node_bell = std::move(hello.bell);
}

}  // namespace

Attachment launch_node(const NodeOptions& options) {
  const base::StandardStreamsReserved reserved;
  require_working_directory(options);
  SessionDirectory directory = make_session_directory();
  Attachment attachment;
  attachment.slot = rpc::kDriverSlot;
  attachment.directory = directory.path;
  attachment.job = random_id<JobId>();
  attachment.node = random_id<NodeId>();
  attachment.cpus = options.cpus;
  attachment.object_store_bytes = options.object_store_bytes;
  attachment.env = options.env;
  try {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
    base::Fd theirs = owned(ends[1], "socketpair");
    attachment.socket = owned(ends[0], "socketpair");
    Role role;
    role.kind = RoleKind::node;
    role.attachment.directory = attachment.directory;
    role.attachment.job = attachment.job;
    role.attachment.node = attachment.node;
    role.options = options;
    attachment.node_pid = spawn_node(role, options, theirs.get(), directory.lock.get());
    theirs.reset();
    attachment.node_process =
        base::Fd(static_cast<int>(syscall(SYS_pidfd_open, attachment.node_pid, 0)));
    const int no_process = errno;
    receive_hello(attachment.socket.get(), options, attachment);
    if (!attachment.node_process) fail("pidfd_open", no_process);
  } catch (...) {
    attachment.socket.reset();
    directory.lock.reset();
    remove_abandoned(directory.path);
    throw;
  }
  return attachment;
}

void shutdown_node(Attachment& attachment) {
  const base::StandardStreamsReserved reserved;
  shutdown(attachment.socket.get(), SHUT_WR);
  if (!wait_readable(attachment.node_process.get(), kGoneTimeoutMs)) {
    syscall(SYS_pidfd_send_signal, attachment.node_process.get(), SIGKILL, nullptr, 0);
    wait_readable(attachment.node_process.get(), kGoneTimeoutMs);
  }
  remove_abandoned(attachment.directory);
}

}  // namespace manta::detail
