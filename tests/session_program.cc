// A program as a user would write it, run by sessions_test: one way for a driver to begin, to end, or to go wrong.
//
//   session_program MODE      prints what it does, one fact a line
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

namespace {

int starts = 0;
const manta::OnStart count_start{[] { ++starts; }};

std::string why_not_before_main;
const bool before_main = [] {
  if (std::getenv("SESSION_PROGRAM_EARLY") == nullptr) return false;
  try {
    auto session = manta::init();
  } catch (const manta::InvalidArgument& error) {
    why_not_before_main = error.what();
  }
  return true;
}();

// The node ends as it is told before it is ready: in a process of the session, MANTA_ROLE_FD is there until main.
const bool node_ends_early = [] {
  const char* way = std::getenv("SESSION_PROGRAM_NODE");
  if (way == nullptr || std::getenv("MANTA_ROLE_FD") == nullptr) return false;
  if (way == std::string_view("kill")) ::raise(SIGKILL);
  ::_exit(9);
}();

// A ref that is dropped, and used, after main: it must do no harm.
struct Late {
  manta::ObjectRef<int> ref;
  ~Late() {
    if (!ref) return;
    try {
      manta::get(ref);
    } catch (const manta::InvalidArgument&) {
      std::puts("late: refused");
    }
  }
};
Late late;

int add(int a, int b) { return a + b; }
int worker_pid() { return ::getpid(); }
int parent_pid() { return ::getppid(); }
int count_starts() { return starts; }
bool is_terminal_input() { return ::isatty(0) != 0 || std::getchar() != EOF; }
int for_ever() {
  for (;;) ::pause();
}
void talk() {
  std::puts("to stdout");
  std::fputs("to stderr\n", stderr);
  std::printf("a line in %s", "two ");
  std::fflush(stdout);
  std::puts("parts");
  manta::logger::info("by the logger");
}

void print(const char* what, const auto& value) { std::cout << what << ": " << value << std::endl; }

void print_processes(manta::Session& session) {
  print("node", manta::get(manta::remote(parent_pid)()));
  print("worker", manta::get(manta::remote(worker_pid)()));
  print("directory", session.directory().string());
}

int wait_for_ever(manta::Session& session) {
  print_processes(session);
  auto ref = manta::remote(for_ever)();
  print("ready", "yes");
  return manta::get(ref);
}

int fork_and_call() {
  print("before", manta::get(manta::remote(add)(0, 1)));  // so that no thread is still starting
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      manta::remote(add)(1, 2);
    } catch (const manta::InvalidArgument& error) {
      std::printf("child: %s\n", error.what());
      try {
        const auto another = manta::init();
      } catch (const manta::InvalidArgument& refused) {
        std::printf("child: %s\n", refused.what());
      }
      std::fflush(stdout);
      return 0;  // through the session's destructor, which must leave the parent's session alone
    }
    return 1;
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  print("child ended with", status);
  print("parent", manta::get(manta::remote(add)(1, 2)));
  return 0;
}

int throws(int i) { throw std::runtime_error("unseen " + std::to_string(i)); }

int ignore_errors(int n) {
  std::vector<manta::ObjectRef<int>> refs;
  for (int i = 0; i < n; ++i) refs.push_back(manta::remote(throws)(i));
  manta::wait(refs, {.num_ready = refs.size()});
  return 0;
}

int kill_node(manta::Session& session) {
  const pid_t node = manta::get(manta::remote(parent_pid)());
  const auto pending = manta::remote(for_ever)();
  ::kill(node, SIGKILL);
  for (int i = 0; i < 2; ++i) {
    try {
      i == 0 ? manta::get(pending) : manta::get(manta::remote(add)(1, 2));
    } catch (const manta::NodeDied& error) {
      print("caught", error.what());
    }
  }
  session.shutdown();
  auto again = manta::init({.cpus = 1});
  print("again", manta::get(manta::remote(add)(20, 22)));
  return 0;
}

struct Adder {
  int add(int a, int b) { return a + b; }
};

// Workers that start when the program's file is gone, or is another program.
int without_its_file(bool replaced) {
  namespace fs = std::filesystem;
  const fs::path self = fs::read_symlink("/proc/self/exe");
  fs::remove(self);
  if (replaced) fs::copy_file("/bin/false", self);
  std::vector<manta::ActorHandle<Adder>> adders;
  for (int i = 0; i < 4; ++i) adders.push_back(manta::actor<Adder>());
  int sum = 0;
  for (const auto& adder : adders) sum = manta::get(adder.call(&Adder::add, sum, 1));
  return print("sum", sum), 0;
}

int run(std::string_view mode, manta::Session& session) {
  if (mode == "add" || mode == "defaults") {
    return print("sum", manta::get(manta::remote(add)(1, 2))), 0;
  }
  if (mode == "store") return print("store", manta::cluster().nodes[0].store.capacity), 0;
  if (mode == "wait") return wait_for_ever(session);
  if (mode == "exit") std::exit((print_processes(session), 7));
  if (mode == "throw") throw std::runtime_error((print_processes(session), "thrown by main"));
  if (mode == "fork") return fork_and_call();
  if (mode == "ignore") return ignore_errors(50);
  if (mode == "talk") return manta::get(manta::remote(talk)()), 0;
  if (mode == "kill-node") return kill_node(session);
  if (mode == "stdin") return print("input", manta::get(manta::remote(is_terminal_input)())), 0;
  if (mode == "deleted" || mode == "replaced") return without_its_file(mode == "replaced");
  if (mode == "late") return late.ref = manta::put(1), 0;
  if (mode == "starts") {
    print("in the driver", starts);
    print("in a worker", manta::get(manta::remote(count_starts)()));
    return 0;
  }
  std::cerr << "unknown mode\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "add";
  if (before_main) return print("before main", why_not_before_main), 0;
  try {
    const bool defaults = mode == "defaults" || mode == "store";
    auto session =
        defaults ? manta::init() : manta::init({.cpus = 1, .object_store_bytes = 64 << 20});
    return run(mode, session);
  } catch (const manta::InvalidArgument& error) {
    print("refused", error.what());
    return 3;
  } catch (const manta::RuntimeError& error) {
    print("failed", error.what());
    return 4;
  }
}
