// A program as a user would write it, run by the tests of how processes begin: one mode, one thing to see. It
// reports on descriptor 9 if that is open, else on standard output.
//
//   launch_program MODE [ARGUMENT]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <numeric>
#include <string>
#include <string_view>
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
  if (std::getenv("LAUNCH_PROGRAM_EARLY") == nullptr || std::getenv("MANTA_ROLE_FD") == nullptr)
    return false;
  try {
    auto session = manta::init();
    std::fputs("a session before main\n", stderr);
  } catch (const manta::InvalidArgument& error) {
    std::fprintf(stderr, "refused early: %s\n", error.what());
  }
  return true;
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

int run(std::string_view mode, std::string_view argument) {
  if (mode == "main") return say("main", "ran"), 0;
  if (mode.starts_with("close-")) return with_closed_streams(mode, argument);
  manta::InitOptions options{.cpus = 1, .object_store_bytes = 64 << 20};
  if (mode == "worker-path") options.worker.path = argument;
  auto session = manta::init(options);
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
