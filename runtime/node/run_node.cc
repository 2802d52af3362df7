// The process around the node: what it does before the loop, and how it ends.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <thread>
#include <type_traits>
#include <unistd.h>
#include <utility>
#include <vector>

#include "../../base/failpoint.h"
#include "../../base/limits.h"
#include "../../base/sanitizers.h"
#include "../launch/hello.h"
#include "children.h"
#include "node.h"
#include "store_size.h"

namespace manta::detail {
namespace node {

using namespace std::chrono_literals;

namespace {

#if defined(NDEBUG) && !defined(MANTA_SANITIZED)
constexpr bool kChecksAccounts = false;
#else
constexpr bool kChecksAccounts = true;
#endif

}  // namespace

// Whether the accounts of the store's memory are right when nobody changes them any more; what is wrong is printed,
// and node.log then stays.
bool Node::accounts_are_right() {
  for (const rpc::Slot slot : peers_.live_slots()) {
    if (!is_driver(slot)) arena_.sweep(objectstore::tag_of_slot(slot));
  }
  for (const rpc::Slot slot : dead_) arena_.sweep(objectstore::tag_of_slot(slot));
  for (const auto& [number, job] : jobs_) {
    if (job->has_driver() && job->driver_has_ended()) {
      arena_.sweep(objectstore::tag_of_slot(job->driver()));
    }
  }
  arena_.settle();
  std::vector<std::string> faults;
  // Meanwhile the driver may let go of its arrays, and threads of the node change a slab.
  for (int i = 0; i < 100; ++i) {
    faults = arena_.faults();
    if (faults.empty()) return true;
    std::this_thread::sleep_for(10ms);
  }
  std::fputs("the accounts of the object store are wrong:\n", stderr);
  for (const std::string& fault : faults) std::fprintf(stderr, "  %s\n", fault.c_str());
  mark_as_kept(directory_.path);
  return false;
}

// What only the start of workers needs is closed first: where descriptors are few, neither those that are to be killed
// nor the directory could be listed.
void Node::end() {
  memory_.control.reset();
  memory_.arena = {};
  const bool alone = kill_all_children(1800ms) == 0;
  workers_.finish_output();
  peers_.sweep([this]<class M>(rpc::Slot from, const M&, const auto&... payload) {
    if constexpr (std::is_same_v<M, TellUser>) job_of(from).log().add_notice(payload...);
  });
  spilling_.end();
  const bool right = !kChecksAccounts || !alone || accounts_are_right();
  if (right && !role_.options.keep_logs) {
    std::error_code ignored;
    std::filesystem::remove_all(directory_.path, ignored);
  }
  // While the driver lives it may take its time: what reads its output is slow. A node that is told to end waits for
  // none of its drivers so long.
  for (const auto& [number, job] : jobs_) {
    const bool known = job->process().is_open();
    const bool patient = known && !role_.options.standing;
    job->log().write_rest(known ? job->process().native_handle() : -1, patient ? -1ms : 8000ms);
  }
  _exit(0);
}

namespace {

base::Fd own(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return base::Fd(fd);
}

// By a handler that does nothing: a signal that is ignored would stay so in the workers, too.
void disregard(int number) {
  struct sigaction now = {};
  if (sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) return;  // by the driver
  signal(number, [](int) {});
}

void prepare_process() {
  become_subreaper();
  signal(SIGINT, SIG_IGN);  // the terminal's: the driver decides
  disregard(SIGHUP);
  disregard(SIGXFSZ);  // a file that the limit forbids is an error with a reason
  rlimit files;        // two pipes per worker
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

// From here on what the node prints is in its directory; what came before is copied there.
void print_into(const std::filesystem::path& file) {
  const base::Fd log(open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  if (!log) return;
  char early[4096];
  const ssize_t n = pread(2, early, sizeof early, 0);
  if (n > 0 && write(log.get(), early, static_cast<std::size_t>(n)) != n) return;
  dup2(log.get(), 1);
  dup2(log.get(), 2);
}

std::string why_not_started(const std::exception& error, const NodeOptions& options) {
  const auto* failed = dynamic_cast<const std::system_error*>(&error);
  std::string need;
  if (failed != nullptr && (failed->code().value() == ENOMEM || failed->code().value() == EFBIG)) {
    const objectstore::ArenaSize store{.memory = options.object_store_bytes};
    const std::uint64_t bytes = rpc::Control::size_for(objectstore::Arena::metadata_size(store)) +
                                2 * address_bytes(options);
    need = "; each process of a session maps " + std::to_string(bytes >> 20) +
           " MiB, mostly empty files and twice the addresses of the object store";
  }
  return "the node could not start: " + base::with_limit(error) + need;
}

}  // namespace
}  // namespace node

int run_node(Role& role) {
  using namespace node;
  prepare_process();
  base::arm_failpoint("MANTA_NODE_FAILPOINT");
  base::Fd driver = own(kNodeSocket);
  const int driver_fd = driver.get();  // stays open: an error is told after the socket's end
  try {
    SessionDirectory directory = make_session_directory(role.options.keep_logs);
    role.attachment.directory = directory.path;
    print_into(directory.path / "node.log");
    asio::io_context io(1);
    Job::Socket socket(io, asio::local::stream_protocol(), driver.duplicate().release());
    Node process(role, own(kNodeProgram), std::move(directory), io, std::move(socket));
    if (!process.hello().send(driver_fd)) process.end();
    if (role.options.standing) {
      driver.reset();
      if (chdir("/") != 0) std::fprintf(stderr, "manta node: it stays in its directory\n");
    }
    process.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manta node: %s\n", error.what());
    NodeHello{.error = why_not_started(error, role.options)}.send(driver_fd);
    kill_all_children(1800ms);
    std::error_code ignored;
    if (!role.attachment.directory.empty()) {
      std::filesystem::remove_all(role.attachment.directory, ignored);
    }
  }
  _exit(1);
}

}  // namespace manta::detail
