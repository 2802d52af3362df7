// A driver that joins the node at MANTA_ADDRESS, for node_test.cc. Its first argument says what it does; where it waits
// it continues on SIGUSR1.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

namespace {

struct Kept {
  manta::ObjectRef<manta::Array<int>> numbers;
  int pid() const { return ::getpid(); }
  void keep(manta::ObjectRef<manta::Array<int>> ref) { numbers = std::move(ref); }
};

int square(int x) { return x * x; }
int worker_pid() { return ::getpid(); }
std::string work_place() {
  const char* const color = std::getenv("COLOR");
  char path[4096];
  return std::string(::getcwd(path, sizeof path)) + " " + (color == nullptr ? "none" : color);
}
int start_stray() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    ::execlp("sleep", "sleep", "1000", nullptr);
    ::_exit(127);
  }
  return child;
}
std::uint64_t count(const manta::Array<int>& numbers) { return numbers.size(); }
sigset_t the_signal() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGUSR1);
  return set;
}
void wait_for_signal() {
  const sigset_t set = the_signal();
  int which = 0;
  ::sigwait(&set, &which);
}

void print(const char* what, const auto& value) { std::cout << what << ": " << value << std::endl; }

void say_who(manta::Session& session) {
  print("driver", ::getpid());
  print("job", session.job().hex());
  print("worker", manta::get(manta::remote(worker_pid)()));
}

// Something of each kind that a job has.
void hold(manta::Session& session) {
  say_who(session);
  print("stray", manta::get(manta::remote(start_stray)()));
  const auto numbers = manta::put(manta::arange<int>(1 << 18));
  auto actor = manta::actor<Kept>();
  manta::get(actor.call(&Kept::keep, numbers));
  print("actor", manta::get(actor.call(&Kept::pid)));
  print("size", manta::get(manta::remote(count)(numbers)));
  const manta::Bytes outside = manta::serialize(numbers);
  const auto waiting = manta::remote(square, {.cpus = 2})(3);  // behind the actor, or not at all
  print("ready", outside.size() != 0 && manta::get(waiting) == 9);
  wait_for_signal();
}

// A backlog for as long as it lives.
void hog(manta::Session& session) {
  std::vector<manta::ObjectRef<int>> refs;
  for (int i = 0; i < 4; ++i) refs.push_back(manta::remote(square)(i));
  manta::get(refs);
  say_who(session);
  std::thread([] {
    wait_for_signal();
    ::_exit(0);
  }).detach();
  for (int i = 0;; ++i) {
    refs.clear();
    for (int k = 0; k < 1000; ++k) refs.push_back(manta::remote(square)(k));
    manta::get(refs);
    if (i == 0) print("ready", "yes");
  }
}

// A detached actor that submits tasks of its own.
struct Keeper {
  int sum = 0;
  int add(int n) { return sum += manta::get(manta::remote(square)(n)); }
  int pid() const { return ::getpid(); }
};

const manta::ActorOptions kKeeper{.name = "keeper", .lifetime = manta::Lifetime::detached};

// Makes the keeper, and leaves it behind.
void make_keeper(manta::Session& session) {
  say_who(session);
  print("actor", manta::get(manta::actor<Keeper>(kKeeper).call(&Keeper::pid)));
  print("stray", manta::get(manta::remote(start_stray)()));
  const auto counted = manta::actor<Kept>();
  print("counted", manta::get(counted.call(&Kept::pid)));
  const auto busy = manta::remote([] { ::pause(); })();
  print("ready", "1");
  wait_for_signal();
}

void use_keeper() {
  auto keeper = manta::get_actor<Keeper>("keeper");
  print("actor", manta::get(keeper.call(&Keeper::pid)));
  print("sum", manta::get(keeper.call(&Keeper::add, 3)));
}

// A ref that other programs read from a file.
void share(const std::string& path) {
  const auto numbers = manta::put(manta::arange<int>(1 << 18));
  const manta::Bytes bytes = manta::serialize(numbers);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  print("ready", "1");
  wait_for_signal();
}

void read_shared(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const manta::Bytes bytes(std::string_view{text});
  const auto numbers = manta::deserialize<manta::ObjectRef<manta::Array<int>>>(bytes);
  print("size", manta::get(manta::remote(count)(numbers)));
  print("last", manta::get(numbers)[(1 << 18) - 1]);
  wait_for_signal();
  print("still", manta::get(manta::deserialize<manta::ObjectRef<manta::Array<int>>>(bytes))[7]);
}

int run(const std::string& mode) {
  auto session = manta::init();
  if (mode == "square") {
    int sum = 0;
    for (int i = 0; i < 10; ++i) sum += manta::get(manta::remote(square)(i));
    say_who(session);
    print("sum", sum);
    print("place", manta::get(manta::remote(work_place)()));
  }
  if (mode == "hold") hold(session);
  if (mode == "hog") hog(session);
  if (mode == "make keeper") make_keeper(session);
  if (mode == "use keeper") use_keeper();
  if (mode == "end keeper") manta::get_actor<Keeper>("keeper").kill();
  if (mode == "share") share(std::getenv("SHARED"));
  if (mode == "read shared") read_shared(std::getenv("SHARED"));
  if (mode == "kept array") {
    const auto numbers = manta::get(manta::put(manta::arange<int>(1 << 18)));
    session.shutdown();
    print("left", "yes");
    wait_for_signal();
    print("last", numbers[numbers.size() - 1]);
    return 0;
  }
  if (mode == "node dies") {
    say_who(session);
    wait_for_signal();
    try {
      manta::get(manta::remote(square)(3));
      print("error", "none");
    } catch (const manta::NodeDied&) {
      print("error", "NodeDied");
    }
  }
  session.shutdown();
  print("left", "yes");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const sigset_t set = the_signal();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  try {
    return run(argc > 1 ? argv[1] : "");
  } catch (const std::exception& error) {
    std::cout << "error: " << error.what() << std::endl;
    return 1;
  }
}
