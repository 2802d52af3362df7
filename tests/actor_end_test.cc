// How actors end, and what their callers see.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "gate.h"

namespace manta::testing {
namespace {

// Writes what happens to it into a file.
struct Diary {
  explicit Diary(std::string path) : path_(std::move(path)) { write("made"); }
  ~Diary() { write("destroyed"); }
  Diary(const Diary&) = delete;
  void write(const std::string& line) const { std::ofstream(path_, std::ios::app) << line << "\n"; }
  int pid() const { return ::getpid(); }
  void leave() {
    write("leaving");
    exit_actor();
  }
  void crash() { std::abort(); }
  void exit_process() { std::_Exit(3); }
  int stuck() {
    for (;;) ::pause();
  }
  std::string path_;
};

struct WaitsAtItsEnd {
  explicit WaitsAtItsEnd(std::string path) : path_(std::move(path)) {}
  ~WaitsAtItsEnd() {
    std::ofstream(path_) << get(remote([] { return std::string("ran"); }, {.cpus = 1})());
  }
  std::string path_;
};

class ActorEndTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    path_ =
        (std::filesystem::temp_directory_path() / ("diary." + std::to_string(::getpid()))).string();
    std::filesystem::remove(path_);
  }
  void TearDown() override {
    ClusterTest::TearDown();
    std::filesystem::remove(path_);
  }
  std::string diary() const {
    std::ifstream file(path_);
    std::string text, line;
    while (std::getline(file, line)) text += line + ";";
    return text;
  }
  std::string path_;
};

TEST_F(ActorEndTest, ADestructorThatWaitsLendsItsCpu) {
  open({.cpus = 1});
  ObjectRef<void> ended;
  {
    const auto waits = actor<WaitsAtItsEnd>(ActorOptions{.cpus = 1}, path_);
    get(waits.ready());
    ended = waits.ended();
  }
  get(ended);
  EXPECT_EQ(diary(), "ran;");
}

template <class Ref>
std::string died(const Ref& ref) {
  try {
    get(ref);
  } catch (const ActorDied& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another error: ") + error.what();
  }
  return "a value";
}
bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(ActorEndTest, EndsWithItsLastHandleAfterTheCallsAlreadyMade) {
  open();
  ObjectRef<void> ended;
  {
    auto diary = actor<Diary>(path_);
    auto copy = diary;
    ended = copy.ended();
    diary = {};
    for (int i = 0; i < 5; ++i) copy.post(&Diary::write, "w" + std::to_string(i));
  }
  get(ended);
  EXPECT_EQ(diary(), "made;w0;w1;w2;w3;w4;destroyed;");
}

TEST_F(ActorEndTest, ActorWithoutHandleIsMadeAndDestroyed) {
  open();
  auto text = put(std::string(200'000, 'x'));
  for (int i = 0; i < 10; ++i) {
    struct Holder {
      Holder(const std::string& text, Array<int> array, std::string path) : path_(std::move(path)) {
        bool fine = text == std::string(200'000, 'x');
        for (std::size_t k = 0; k < array.size(); ++k) fine = fine && array[k] == int(k);
        if (fine) std::ofstream(path_, std::ios::app) << "fine\n";
      }
      std::string path_;
    };
    actor<Holder>(text, arange<int>(100'000), path_);  // dropped at once
  }
  EXPECT_TRUE(eventually([&] {
    const auto text_now = diary();
    return std::count(text_now.begin(), text_now.end(), ';') == 10;
  })) << diary();
}

TEST_F(ActorEndTest, ExitActorEndsItAfterTheCallsBefore) {
  open();
  auto diary = actor<Diary>(path_);
  auto before = diary.call(&Diary::write, "before");
  auto leave = diary.call(&Diary::leave);
  auto behind = diary.call(&Diary::write, "behind");
  get(before);
  EXPECT_TRUE(contains(died(leave), "exit_actor()"));
  EXPECT_NE(died(behind), "a value");
  get(diary.ended());  // a normal end
  EXPECT_FALSE(contains(died(diary.call(&Diary::pid)), "another error"));
  EXPECT_EQ(this->diary(), "made;before;leaving;destroyed;");
}

TEST_F(ActorEndTest, ExitActorInTheConstructor) {
  open();
  struct Leaves {
    Leaves() { exit_actor(); }
    int call() { return 1; }
  };
  auto leaves = actor<Leaves>();
  EXPECT_FALSE(contains(died(leaves.call(&Leaves::call)), "another error"));
  get(leaves.ended());
}

TEST_F(ActorEndTest, KillEndsItAtOnce) {
  open();
  auto diary = actor<Diary>(path_);
  const int pid = get(diary.call(&Diary::pid));
  auto stuck = diary.call(&Diary::stuck);
  auto behind = diary.call(&Diary::pid);
  diary.kill();
  EXPECT_TRUE(contains(died(stuck), "kill")) << died(stuck);
  EXPECT_TRUE(contains(died(behind), "kill")) << died(behind);
  EXPECT_TRUE(contains(died(diary.ended()), "kill"));
  EXPECT_TRUE(contains(died(diary.call(&Diary::pid)), "kill"));
  EXPECT_TRUE(eventually([&] { return ::kill(pid, 0) != 0; }));
  EXPECT_EQ(this->diary(), "made;");
}

TEST_F(ActorEndTest, KillBeforeItIsMade) {
  open();
  for (int i = 0; i < 20; ++i) {
    auto diary = actor<Diary>(path_);
    diary.kill();
    EXPECT_TRUE(contains(died(diary.call(&Diary::pid)), "kill"));
    EXPECT_TRUE(contains(died(diary.ready()), "kill") || died(diary.ready()) == "a value");
    EXPECT_TRUE(contains(died(diary.ended()), "kill"));
  }
}

TEST_F(ActorEndTest, KillWhileItsArgumentsAreMissing) {
  open();
  auto blocker = actor<Diary>(path_);
  auto never = blocker.call([](Diary& d) {
    d.stuck();
    return std::string("x");
  });
  auto diary = actor<Diary>(never);
  auto call = diary.call(&Diary::pid);
  diary.kill();
  EXPECT_TRUE(contains(died(call), "kill")) << died(call);
  blocker.kill();
  died(never);
  EXPECT_TRUE(contains(died(diary.call(&Diary::pid)), "kill"));
}

TEST_F(ActorEndTest, KillWhileArgumentsOfItsCallsAreMissing) {
  open();
  auto gate = actor<Diary>(path_);
  auto late = gate.call([](Diary& d) {
    while (!std::filesystem::exists(d.path_ + ".go")) {
    }
    return std::string("late");
  });
  auto diary = actor<Diary>(path_);
  auto waiting = diary.call(&Diary::write, late);
  auto behind = diary.call(&Diary::pid);
  diary.kill();
  EXPECT_TRUE(contains(died(waiting), "ActorHandle::kill()")) << died(waiting);
  EXPECT_TRUE(contains(died(behind), "ActorHandle::kill()"));
  auto after = diary.call(&Diary::write, late);
  EXPECT_TRUE(contains(died(after), "ActorHandle::kill()"));
  diary = {};
  std::ofstream(path_ + ".go") << "go";
  EXPECT_EQ(get(late), "late");
  std::filesystem::remove(path_ + ".go");
}

TEST_F(ActorEndTest, CrashSaysItsCause) {
  open();
  auto diary = actor<Diary>(path_);
  get(diary.ready());
  auto crash = diary.call(&Diary::crash);
  auto behind = diary.call(&Diary::pid);
  const auto text = died(crash);
  EXPECT_TRUE(contains(text, "SIGABRT") || contains(text, "signal 6")) << text;
  EXPECT_FALSE(contains(died(behind), "another error")) << died(behind);
  EXPECT_TRUE(contains(died(diary.ended()), "SIGABRT") ||
              contains(died(diary.ended()), "signal 6"));
  EXPECT_FALSE(contains(died(diary.call(&Diary::pid)), "another error"));
}

TEST_F(ActorEndTest, ExitOfItsProcessIsACrash) {
  open();
  auto diary = actor<Diary>(path_);
  auto exits = diary.call(&Diary::exit_process);
  const auto text = died(exits);
  EXPECT_TRUE(contains(text, "3")) << text;
  EXPECT_NE(died(diary.ended()), "a value");
}

TEST_F(ActorEndTest, KilledProcessOfAnActor) {
  open();
  auto diary = actor<Diary>(path_);
  const int pid = get(diary.call(&Diary::pid));
  auto stuck = diary.call(&Diary::stuck);
  ::kill(pid, SIGKILL);
  const auto text = died(stuck);
  EXPECT_TRUE(contains(text, "SIGKILL") || contains(text, "signal 9")) << text;
  EXPECT_THROW(get(diary.ended()), ActorDied);
}

TEST_F(ActorEndTest, OtherProcessesSeeTheDeathToo) {
  open();
  auto diary = actor<Diary>(path_);
  get(diary.ready());
  const auto use = [](ActorHandle<Diary> handle) {
    get(handle.call(&Diary::pid));
    handle.kill();
    try {
      get(handle.call(&Diary::stuck));
    } catch (const ActorDied&) {
      return std::string("died");
    }
    return std::string("a value");
  };
  EXPECT_EQ(get(remote(use)(diary)), "died");
  EXPECT_TRUE(contains(died(diary.ended()), "kill"));
}

TEST_F(ActorEndTest, DeadActorsAreKnownToLaterHandles) {
  open();
  auto diary = actor<Diary>(path_);
  auto stored = put(std::vector{diary});
  get(diary.ready());
  diary.kill();
  EXPECT_THROW(get(diary.ended()), ActorDied);
  diary = {};
  auto again = get(stored)[0];
  EXPECT_TRUE(contains(died(again.call(&Diary::pid)), "kill"));
  const auto call = [](const std::vector<ActorHandle<Diary>>& v) {
    return get(v[0].call(&Diary::pid));
  };
  EXPECT_THROW(get(remote(call)(stored)), ActorDied);
}

TEST_F(ActorEndTest, HandleThatComesBackIsAsGoodAsBefore) {
  open();
  struct Keeper {
    void keep(ActorHandle<Diary> d) { kept = d; }
    ActorHandle<Diary> give() { return kept; }
    ActorHandle<Diary> kept;
  };
  auto keeper = actor<Keeper>();
  auto diary = actor<Diary>(path_);
  get(keeper.call(&Keeper::keep, diary));
  for (int i = 0; i < 50; ++i) {
    diary = {};
    diary = get(keeper.call(&Keeper::give));
    get(diary.ready());
    get(diary.call(&Diary::pid));
  }
}

struct Keeps {
  void keep(Array<int> array) { array_ = std::move(array); }
  Array<int> give() const { return array_; }
  int at(int i) const { return array_[std::size_t(i)]; }
  Array<int> array_;
};

TEST_F(ActorEndTest, ActorKeepsAnArrayArgumentAndReturnsIt) {
  open();
  const auto before = store_bytes_used();
  auto keeps = actor<Keeps>();
  get(keeps.call(&Keeps::keep, arange<int>(1 << 20)));  // lent for the call only
  const auto with_one = store_bytes_used();
  EXPECT_EQ(get(keeps.call(&Keeps::at, 1'000)), 1'000);
  auto first = get(keeps.call(&Keeps::give));
  auto second = get(keeps.call(&Keeps::give));
  EXPECT_EQ(store_bytes_used(), with_one);
  EXPECT_TRUE(same_storage(first, second));
  keeps.kill();
  EXPECT_THROW(get(keeps.ended()), ActorDied);
  EXPECT_EQ(first[(1 << 20) - 1], (1 << 20) - 1);
  first = {};
  second = {};
  keeps = {};
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }));
}

TEST_F(ActorEndTest, ArrayOfARefOutlivesTheRefInTheActor) {
  open();
  auto keeps = actor<Keeps>();
  {
    auto ref = put(arange<int>(300'000));
    get(keeps.call(&Keeps::keep, ref));
  }
  for (int i = 0; i < 20; ++i) put(full<int>(300'000, -1));  // would take freed memory
  EXPECT_EQ(get(keeps.call(&Keeps::at, 299'999)), 299'999);
  const auto back = get(keeps.call(&Keeps::give));
  keeps = {};
  for (int i = 0; i < 20; ++i) put(full<int>(300'000, -1));
  EXPECT_EQ(back[299'999], 299'999);
}

TEST_F(ActorEndTest, OneThatIsKilledWhileItWaitsForItsArgumentsLeavesNothing) {
  open();
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 3);
  auto counter = actor<std::vector<int>>(late);
  counter.kill();
  EXPECT_THROW(get(counter.ended()), ActorDied);
  counter = {};
  gate.post(&Gate::open);
  EXPECT_EQ(get(late), 3);
}

}  // namespace
}  // namespace manta::testing
