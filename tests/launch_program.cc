// A program as a user would write it, run by the tests of how processes begin: one mode, one thing to see. It
// reports on descriptor 9 if that is open, else on standard output.
//
//   launch_program MODE [ARGUMENT]
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <numeric>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

namespace {

namespace fs = std::filesystem;

std::FILE* report = stdout;

void say(const std::string& what, const std::string& value) {
  std::fprintf(report, "%s: %s\n", what.c_str(), value.c_str());
  std::fflush(report);
}

// A worker's static constructor that asks for a session; main is not reached, so it prints at once.
const bool early_in_worker = [] {
  if (std::getenv("LAUNCH_PROGRAM_EARLY") == nullptr || std::getenv("MANTA_ROLE_FD") == nullptr) {
    return false;
  }
  try {
    auto session = manta::init();
    std::fputs("a session before main\n", stderr);
  } catch (const manta::InvalidArgument& error) {
    std::fprintf(stderr, "refused early: %s\n", error.what());
  }
  return true;
}();

// A static constructor that clears the environment before main, in the node and the workers too: what they are stands
// in it. It keeps only what tells the next process to do so.
const bool cleared = [] {
  if (std::getenv("LAUNCH_PROGRAM_CLEARS") == nullptr) return false;
  return ::clearenv() == 0 && ::setenv("LAUNCH_PROGRAM_CLEARS", "1", 1) == 0;
}();

int add(int a, int b) { return a + b; }
int parent_pid() { return ::getppid(); }
double sum(const manta::Array<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}
manta::Array<double> iota(std::size_t n) {
  manta::MutableArray<double> values(n);
  std::iota(values.begin(), values.end(), 0.0);
  return std::move(values).freeze();
}

// Copies on several threads, but none can be made any more.
int put_without_threads() {
  const rlimit one{1, 1};
  ::setrlimit(RLIMIT_NPROC, &one);
  const auto values = manta::get(manta::put(manta::full<double>(4'000'000, 1.0)));
  say("sum", std::to_string(static_cast<int>(values[0] + values[3'999'999])));
  return 0;
}

// "0=/dev/null 2=pipe:[1]": the standard streams of a process.
std::string streams_of(pid_t pid) {
  std::string text;
  for (int fd = 0; fd < 3; ++fd) {
    std::error_code error;
    const auto target =
        fs::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd), error);
    if (!error) text += (text.empty() ? "" : " ") + std::to_string(fd) + "=" + target.string();
  }
  return text;
}

// Closes all that `streams` ("012", "1") names.
void close_streams(std::string_view streams) {
  for (const char c : streams) ::close(c - '0');
}

struct Tally {
  int total = 0;
  int add(int n) { return total += n; }
};

// Everything that opens something, while this program prints on streams that may be closed.
void use_everything() {
  const std::size_t n = 3'000'000;
  const auto big = manta::put(iota(n));
  for (int i = 0; i < 2000; ++i) std::printf("this must not land in an array %d\n", i);
  std::fflush(stdout);
  std::fprintf(stderr, "nor this\n");
  const double expected = static_cast<double>(n) * static_cast<double>(n - 1) / 2;
  say("here", sum(manta::get(big)) == expected ? "right" : "wrong");
  say("there", manta::get(manta::remote(sum)(big)) == expected ? "right" : "wrong");
  auto tally = manta::actor<Tally>();
  for (int i = 0; i < 100; ++i) (void)tally.call(&Tally::add, 1);
  say("actor", std::to_string(manta::get(tally.call(&Tally::add, 1))));

  const fs::path file = fs::temp_directory_path() / ("launch." + std::to_string(::getpid()));
  manta::save_npy(file, iota(1000));
  std::printf("nor this\n");
  std::fflush(stdout);
  const bool npy = sum(manta::load_npy<double>(file)) == 999.0 * 500;
  manta::save_npz(file, {{"a", iota(1000)}});
  const auto npz = manta::load_npz(file);
  std::printf("nor this\n");
  std::fflush(stdout);
  say("files", npy && sum(npz.get<double>("a")) == 999.0 * 500 ? "right" : "wrong");
  say("driver while a file is read", streams_of(::getpid()));
  fs::remove(file);
}

int with_closed_streams(std::string_view mode, std::string_view streams) {
  if (mode == "close-before") close_streams(streams);
  auto session = manta::init({.cpus = 1, .object_store_bytes = 256 << 20});
  if (mode == "close-after") close_streams(streams);
  use_everything();
  const auto worker = manta::remote([] { return ::getpid(); });
  say("driver", streams_of(::getpid()));
  say("node", streams_of(manta::get(manta::remote(parent_pid)())));
  say("worker", streams_of(manta::get(worker())));
  // A task that closes its own: what the worker opens from now on stays away from there, too.
  (void)manta::get(manta::remote([] {
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    return sum(manta::get(manta::put(iota(1'000'000))));
  })());
  say("worker that closed", streams_of(manta::get(worker())));
  return 0;
}

// From now on these system calls are refused, as old container runtimes and full process tables do it.
void refuse(std::vector<long> calls, unsigned error) {
  std::vector<sock_filter> filter{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const long call : calls) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) say("no filter", "");
}

std::string children() {
  std::ifstream file("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  std::string text;
  std::getline(file, text);
  return text.empty() ? "none" : text;
}

// Several sessions of a process that inherits orphans; the last one's node is killed.
int several_sessions() {
  for (int i = 0; i < 4; ++i) {
    auto session = manta::init({.cpus = 2, .object_store_bytes = 64 << 20});
    const pid_t node = manta::get(manta::remote(parent_pid)());
    (void)manta::get(manta::remote([] { return std::system("sleep 1000 &"); })());
    if (i == 3) {
      ::kill(node, SIGKILL);
      try {
        for (;;) (void)manta::get(manta::remote(add)(1, 2));
      } catch (const manta::NodeDied&) {
        say("node", "died");
      }
    }
  }
  return say("children", children()), 0;
}

// While the file is there, no worker starts.
const char* const kNoStart = "LAUNCH_PROGRAM_NO_START";
const bool does_not_start = [] {
  const char* file = std::getenv(kNoStart);
  if (file == nullptr || std::getenv("MANTA_ROLE_FD") == nullptr || !fs::exists(file)) return false;
  std::fputs("this worker does not start\n", stderr);
  std::_Exit(9);
}();

int calls_while_no_worker_starts(manta::Session& session) {
  const fs::path file = std::getenv(kNoStart);
  const auto worker = manta::remote([] { return ::getpid(); }, {.max_retries = -1});
  const auto slow = manta::remote(add);
  (void)manta::get(worker());  // one is there
  std::ofstream(file) << "x";
  std::vector<manta::ObjectRef<int>> refs;
  for (int i = 0; i < 500; ++i) refs.push_back(slow(i, 1));
  long total = 0;
  for (const int each : manta::get(refs)) total += each;
  say("total", std::to_string(total));
  for (int i = 0; i < 2; ++i) {
    try {  // each kills a worker, until none is left
      for (;;) {
        (void)manta::get(manta::remote([] { return ::raise(SIGKILL); }, {.max_retries = 0})());
      }
    } catch (const manta::WorkerCrashed&) {
      --i;
    } catch (const manta::WorkerStartFailed& error) {
      say("none left", error.what());
    }
  }
  fs::remove(file);
  say("again", std::to_string(manta::get(slow(1, 2))));
  return (void)session, 0;
}

// 400 MiB through a store of 64, and maybe an end without any order.
int spill(bool aborts) {
  const auto session = manta::init({.cpus = 1, .object_store_bytes = 64 << 20});
  std::vector<manta::ObjectRef<manta::Array<int>>> refs;
  for (int i = 0; i < 100; ++i) refs.push_back(manta::put(manta::full<int>(1 << 20, i)));
  if (aborts) std::abort();
  long sum = 0;
  for (const auto& ref : refs) sum += manta::get(ref)[1000];
  return say("sum", std::to_string(sum)), 0;
}

int many(int cpus) {
  auto session = manta::init({.cpus = cpus, .object_store_bytes = 64 << 20});
  std::vector<manta::ObjectRef<int>> refs;
  for (int i = 0; i < 500; ++i) {
    refs.push_back(manta::remote([](int n) { return ::usleep(1000), n; })(i));
  }
  long total = 0;
  for (const int each : manta::get(refs)) total += each;
  return say("total", std::to_string(total)), 0;
}

int with_a_stopped_node() {
  auto session = manta::init({.cpus = 2, .object_store_bytes = 64 << 20});
  const pid_t node = manta::get(manta::remote(parent_pid)());
  say("directory", session.directory().string());
  say("node", std::to_string(node));
  ::kill(node, SIGSTOP);
  try {
    (void)manta::cluster();
  } catch (const manta::RuntimeError& error) {
    say("cluster", error.what());
  }
  const auto begin = std::chrono::steady_clock::now();
  session.shutdown();
  const auto took = std::chrono::steady_clock::now() - begin;
  say("shutdown", took < std::chrono::seconds(5) ? "in time" : "too late");
  return 0;
}

int run(std::string_view mode, std::string_view argument) {
  if (mode == "sessions") return several_sessions();
  if (mode == "spill" || mode == "spill-abort") return spill(mode == "spill-abort");
  if (mode == "many") return many(std::atoi(argument.data()));
  if (mode == "stopped-node") return with_a_stopped_node();
  if (mode == "without-pidfd") refuse({SYS_pidfd_open, SYS_pidfd_send_signal}, EPERM);
  if (mode == "without-pidfd-enosys") refuse({SYS_pidfd_open, SYS_pidfd_send_signal}, ENOSYS);
  if (mode == "without-processes") refuse({SYS_clone, SYS_clone3}, EAGAIN);
  if (mode == "main") return say("main", "ran"), 0;
  if (mode.starts_with("close-")) return with_closed_streams(mode, argument);
  manta::InitOptions options{.cpus = 1, .object_store_bytes = 64 << 20};
  if (mode == "worker-path") options.worker.path = argument;
  auto session = manta::init(options);
  if (mode == "put-without-threads") return put_without_threads();
  if (mode == "no-start") return calls_while_no_worker_starts(session);
  const int sum = manta::get(manta::remote(add)(1, 2));
  return say("sum", std::to_string(sum)), 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (::fcntl(9, F_GETFD) >= 0) report = ::fdopen(9, "w");
  try {
    return run(argc > 1 ? argv[1] : "add", argc > 2 ? argv[2] : "");
  } catch (const manta::Error& error) {
    say("failed", error.what());
    return 4;
  }
}
