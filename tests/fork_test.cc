// fork() by user code, in the driver and in tasks: what the child had stays readable, what it asks for is refused, and
// the parent notices nothing.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/sanitizers.h"
#include "../runtime/worker/task_frame.h"
#include "cluster_fixture.h"

namespace manta::testing {
namespace {

constexpr int kFine = 7;  // a child that found everything as it should be
constexpr std::size_t kSizes[] = {1, 25, 1000, 8192, 100'000, 1'000'000};

// AddressSanitizer (of GCC 12, Clang 16) takes no lock of its allocator around fork(): a child that allocates, as its
// own part of a signal handler does, may wait for ever for one that another thread of its parent held. There, and only
// there, a child is ended after some time, and made anew.
#if defined(MANTA_ASAN)
constexpr unsigned kPatience = 20;  // seconds
#else
constexpr unsigned kPatience = 0;  // no limit
#endif
constexpr int kMostChildren = 3;

pid_t fork_with_patience() {
  const pid_t child = ::fork();
  if (child == 0 && kPatience > 0) ::alarm(kPatience);
  return child;
}

// Runs `body` in a forked child, which ends with kFine if it gives true.
pid_t in_child(const std::function<bool()>& body) {
  const pid_t child = fork_with_patience();
  if (child != 0) return child;
  int code = EXIT_FAILURE;
  try {
    if (body()) code = kFine;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  ::_exit(code);
}

std::string end_of(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return "no child";
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return WEXITSTATUS(status) == kFine ? "fine" : "code " + std::to_string(WEXITSTATUS(status));
}

const std::string kOutOfPatience = "signal " + std::to_string(SIGALRM);

// How the child ends that `make` makes, which leaves nothing behind but in its child. Empty: this is the child.
std::string end_of_made(const std::function<pid_t()>& make) {
  std::string end = kOutOfPatience;
  for (int i = 0; i < kMostChildren && end == kOutOfPatience; ++i) {
    const pid_t child = make();
    if (child == 0) return {};
    end = end_of(child);
  }
  return end;
}

std::string end_in_child(const std::function<bool()>& body) {
  return end_of_made([&] { return in_child(body); });
}

bool is_arange(const Array<double>& array, std::size_t n) {
  if (array.size() != n) return false;
  for (std::size_t i = 0; i < n; ++i) {
    if (array[i] != static_cast<double>(i)) return false;
  }
  return true;
}

// Whether `call` is refused, as a call in a forked process.
bool refused(const std::function<void()>& call) {
  try {
    call();
  } catch (const InvalidArgument& error) {
    return std::string(error.what()).find("forked") != std::string::npos;
  }
  return false;
}

// A step of one process that another waits for.
class Gate {
 public:
  Gate() { EXPECT_EQ(::pipe(ends_), 0); }
  ~Gate() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Gate(const Gate&) = delete;
  void open() const { EXPECT_EQ(::write(ends_[1], "o", 1), 1); }
  void pass() const {
    char byte = 0;
    EXPECT_EQ(::read(ends_[0], &byte, 1), 1);
  }
  int read_end() const { return ends_[0]; }

 private:
  int ends_[2] = {};
};

Array<double> numbers(std::size_t n) { return arange<double>(n); }

class ForkTest : public ClusterTest {};

TEST_F(ForkTest, AChildReadsTheArraysThatItHas) {
  open({.cpus = 1});
  for (const std::size_t n : kSizes) {
    const Array<double> made = numbers(n);
    const Array<double> stored = get(put(numbers(n)));
    const Array<double> result = get(remote(numbers)(n));
    const Array<double> part = result.slice(n / 2, n);
    const Bytes bytes = get(put(Bytes(std::string(n, 'b'))));
    EXPECT_EQ(end_in_child([&] {
                return is_arange(made, n) && is_arange(stored, n) && is_arange(result, n) &&
                       part[0] == made[n / 2] && bytes.view() == std::string(n, 'b');
              }),
              "fine")
        << n;
  }
}

struct Model {
  std::map<std::string, std::vector<Array<double>>> layers;
};

TEST_F(ForkTest, AlsoThoseInsideOtherValues) {
  open({.cpus = 1});
  const auto ref = put(Model{{{"a", {numbers(10), numbers(50'000)}}}});
  const Model model = get(ref);
  EXPECT_EQ(end_in_child([&] {
              return is_arange(model.layers.at("a")[0], 10) &&
                     is_arange(model.layers.at("a")[1], 50'000) && refused([&] { (void)get(ref); });
            }),
            "fine");
}

TEST_F(ForkTest, AChildMakesArraysOfItsOwnAndDropsWhatItHas) {
  open({.cpus = 1});
  auto array = numbers(1'000'000);
  auto ref = put(numbers(200'000));
  EXPECT_EQ(end_in_child([&] {
              const auto copy = array.copy().freeze();
              array = {};
              ref = {};
              const auto large = zeros<double>(3'000'000).freeze();
              const auto small = numbers(10);
              return is_arange(copy, 1'000'000) && large[2'999'999] == 0 && is_arange(small, 10);
            }),
            "fine");
  EXPECT_TRUE(is_arange(array, 1'000'000));
  EXPECT_TRUE(is_arange(get(ref), 200'000));
}

// What the parent drops is not used again as long as the child lives.
TEST_F(ForkTest, AnArrayOfAChildOutlivesThatOfItsParent) {
  open({.cpus = 1});
  const Gate gate;
  pid_t child = 0;
  {
    const Array<double> small = get(put(numbers(20'000)));
    const Array<double> large = numbers(4'000'000);
    child = in_child([&] {
      gate.pass();
      return is_arange(small, 20'000) && is_arange(large, 4'000'000);
    });
  }
  for (int i = 0; i < 20; ++i) {  // 400 MiB in all, in a store of 256
    const auto other = full<double>(2'600'000, -1.0).freeze();
    EXPECT_EQ(other[0], -1);
    (void)get(put(full<double>(20'000, -1.0)));
  }
  EXPECT_GT(store_bytes_used(), 4'000'000 * sizeof(double));
  gate.open();
  EXPECT_EQ(end_of(child), "fine");
  expect_store_empty();
}

TEST_F(ForkTest, AChildThatRunsAnotherProgramKeepsNothing) {
  open({.cpus = 1});
  const Gate gate;
  const auto array = std::make_unique<Array<double>>(numbers(1'000'000));
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(gate.read_end(), 0);
    ::execl("/bin/sh", "sh", "-c", "head -c 1 > /dev/null; exit 7", nullptr);
    ::_exit(EXIT_FAILURE);
  }
  *array = {};
  expect_store_empty();  // while the other program runs
  gate.open();
  EXPECT_EQ(end_of(child), "fine");
}

TEST_F(ForkTest, AMutableArrayIsTheChildsOwn) {
  open({.cpus = 1});
  for (const std::size_t n : {std::size_t{1000}, std::size_t{10'000}, std::size_t{1'000'000}}) {
    const Gate gate;
    MutableArray<double> array = arange<double>(n);
    const pid_t child = in_child([&] {
      gate.pass();  // the parent has written meanwhile
      bool as_it_was = array[0] == 0 && array[n - 1] == static_cast<double>(n - 1);
      array[0] = -2;
      const Array<double> frozen = std::move(array).freeze();
      return as_it_was && frozen[0] == -2 && frozen[n - 1] == static_cast<double>(n - 1);
    });
    array[0] = -1;
    array[n - 1] = -1;
    gate.open();
    EXPECT_EQ(end_of(child), "fine") << n;
    EXPECT_EQ(array[0], -1) << n;
    EXPECT_EQ(std::move(array).freeze()[n - 1], -1) << n;
  }
}

int wait_for_ever() {
  ::pause();
  return 0;
}

class Idle {
 public:
  int poke() { return 1; }
};

TEST_F(ForkTest, EveryCallOfTheChildIsRefused) {
  open({.cpus = 1});
  const auto array = numbers(100'000);
  const auto idle = actor<Idle>();
  EXPECT_EQ(get(idle.call(&Idle::poke)), 1);
  const auto pending = remote(wait_for_ever)();
  const auto in_task = remote(numbers)(3);
  EXPECT_EQ(end_in_child([&] {
              return refused([] { (void)remote(numbers)(3); }) &&
                     refused([&] { (void)remote([](Array<double>) {})(array); }) &&
                     refused([] { (void)put(1); }) && refused([&] { (void)get(pending); }) &&
                     refused([&] { (void)wait({pending}); }) &&
                     refused([&] { (void)get(pending, std::chrono::seconds(1)); }) &&
                     refused([&] { (void)idle.call(&Idle::poke); }) &&
                     refused([] { (void)actor<Idle>(); }) && refused([] { (void)cluster(); }) &&
                     refused([] { (void)init(); });
            }),
            "fine");
}

long sum_in_child(const Array<double>& array) {
  const std::string end = end_in_child([&] {
    const auto copy = array.copy().freeze();
    return end_in_child([&] { return is_arange(array, array.size()); }) == "fine" &&
           is_arange(copy, array.size()) && refused([] { (void)put(1); });
  });
  return end == "fine" ? static_cast<long>(std::accumulate(array.begin(), array.end(), 0.0)) : -1;
}

TEST_F(ForkTest, AChildOfATaskReadsItsArgumentsAndMakesArrays) {
  open({.cpus = 1});
  for (const std::size_t n : kSizes) {
    const auto expected = static_cast<long>(n * (n - 1) / 2);
    EXPECT_EQ(get(remote(sum_in_child)(numbers(n))), expected) << n;
    EXPECT_EQ(get(remote(sum_in_child)(put(numbers(n)))), expected) << n;
  }
}

std::string come_back_in_child(bool by_exception) {
  std::string end = end_of_made(fork_with_patience);
  if (!end.empty()) return end;
  if (by_exception) throw std::runtime_error("of the child");
  return "of the child";
}

TEST_F(ForkTest, AChildThatComesBackFromItsTaskEndsThere) {
  open({.cpus = 1});
  EXPECT_EQ(get(remote(come_back_in_child)(false)), "code 1");
  EXPECT_EQ(get(remote(come_back_in_child)(true)), "code 1");
  EXPECT_EQ(get(remote(numbers)(3)).size(), 3u) << "the worker is as it was";
}

std::string write_in_child(const Array<double>& array) {
  return end_in_child([&] {
    *const_cast<double*>(array.data()) = 1;
    return true;
  });
}

#if !defined(MANTA_ASAN)  // whose handler ends the child in its own way
std::string crash_in_child() {
  return end_in_child([] {
    ::raise(SIGSEGV);
    return true;
  });
}
#endif

TEST_F(ForkTest, AChildThatCrashesIsNoCrashOfItsTask) {
  open({.cpus = 1});
  EXPECT_EQ(get(remote(write_in_child)(numbers(10))), "code 113");
  EXPECT_EQ(get(remote(write_in_child)(numbers(100'000))), "code 113");
#if !defined(MANTA_ASAN)
  EXPECT_EQ(get(remote(crash_in_child)()), "signal 11");
#endif
  EXPECT_EQ(get(remote(numbers)(3)).size(), 3u);
}

class Keeper {
 public:
  explicit Keeper(Array<double> array) : array_(std::move(array)) {}
  std::string read_in_child() const {
    return end_in_child([&] { return is_arange(array_, array_.size()); });
  }

 private:
  Array<double> array_;
};

TEST_F(ForkTest, AChildOfAnActorReadsWhatTheActorKeeps) {
  open({.cpus = 1});
  const auto keeper = actor<Keeper>(put(numbers(100'000)));
  EXPECT_EQ(get(keeper.call(&Keeper::read_in_child)), "fine");
}

// Other threads are inside the store at every moment of a fork.
TEST_F(ForkTest, ThreadsThatUseTheStoreMeanwhileLeaveNoLockBehind) {
  open({.cpus = 1});
  std::atomic<bool> done{false};
  std::thread user([&] {
    while (!done.load()) {
      const auto array = get(put(numbers(10'000)));
      EXPECT_EQ(array[9'999], 9'999);
    }
  });
  const auto array = numbers(10'000);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(end_in_child([&] {
                const auto own = numbers(100'000);
                return is_arange(array, 10'000) && is_arange(own, 100'000);
              }),
              "fine");
  }
  done.store(true);
  user.join();
}

TEST_F(ForkTest, AChildMayOutliveTheSession) {
  arrays_outlive_the_session();
  store_is_not_checked();
  open({.cpus = 1});
  const Gate gate;
  const Array<double> array = numbers(1'000'000);
  const pid_t child = in_child([&] {
    gate.pass();
    return is_arange(array, 1'000'000);
  });
  close();
  gate.open();
  EXPECT_EQ(end_of(child), "fine");
}

TEST_F(ForkTest, AChildReadsWhatItsParentDropsAfterTheSession) {
  arrays_outlive_the_session();
  store_is_not_checked();
  open({.cpus = 1});
  const Gate gate;
  const auto ref = put(arange<double>(1'000'000));
  auto array = get(ref);
  const pid_t child = in_child([&] {
    gate.pass();
    return is_arange(array, 1'000'000);
  });
  close();
  array = {};
  gate.open();
  EXPECT_EQ(end_of(child), "fine");
}

// Arrays outlive their session, and forks know them all the same.
TEST_F(ForkTest, AChildForkedAfterTheSessionReadsAndDropsWhatIsLeft) {
  arrays_outlive_the_session();
  store_is_not_checked();
  open({.cpus = 1});
  auto array = numbers(1'000'000);
  MutableArray<double> filling = arange<double>(100'000);
  close();
  EXPECT_EQ(end_in_child([&] {
              filling[0] = -1;
              const bool right = is_arange(array, 1'000'000) && filling[99'999] == 99'999;
              array = {};
              filling = {};
              return right && is_arange(numbers(1'000'000), 1'000'000);
            }),
            "fine");
  EXPECT_EQ(filling[0], 0);
  EXPECT_TRUE(is_arange(array, 1'000'000));
}

TEST_F(ForkTest, AProcessForkedBetweenSessionsHasOnesOfItsOwn) {
  arrays_outlive_the_session();
  store_is_not_checked();
  open({.cpus = 1});
  auto left = numbers(1'000'000);
  close();
  EXPECT_EQ(end_in_child([&] {
              left = {};
              const auto own = init({.cpus = 1});
              const auto array = arange<double>(100'000).freeze();
              return is_arange(get(remote([](Array<double> a) { return a; })(array)), 100'000);
            }),
            "fine");
  EXPECT_TRUE(is_arange(left, 1'000'000)) << "what the child drops is its parent's";
}

TEST(TaskFrame, CanBeReadByAChildThatIsForkedAtAnyTime) {
  std::atomic<bool> ends = false;
  std::thread runs_calls([&ends] {
    while (!ends) {
      const detail::TaskFrame::Scope scope(detail::CallFrame{},
                                           "a function with a name of some length", 1);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(10);  // ends the child if it waits for a thread that is not there
      const auto frame = detail::TaskFrame::of_process();
      ::_exit(!frame || frame->name.size() == 37 ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  ends = true;
  runs_calls.join();
}

}  // namespace
}  // namespace manta::testing
