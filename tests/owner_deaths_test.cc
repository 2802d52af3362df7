// The submitter of calls dies: whoever waits for their results, in whatever way and in whatever process, has OwnerDied
// within a second. (Label full: a second may be little on a machine that is busy otherwise.)
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <future>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../base/fd.h"
#include "../base/file_tree_fixture.h"
#include "cluster_fixture.h"
#include "sanitized.h"

namespace manta::testing {
namespace {

using namespace std::chrono_literals;
using Refs = std::vector<ObjectRef<int>>;

constexpr std::int64_t kSoonNs = (kSanitized ? 10 : 1) * 1'000'000'000LL;

// Of all processes.
std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

// Ends when the test writes a byte into the FIFO.
int wait_for_byte(const std::string& fifo) {
  const base::Fd file(::open(fifo.c_str(), O_RDONLY | O_CLOEXEC));
  char byte = 0;
  return static_cast<int>(::read(file.get(), &byte, 1));
}
int twice(int x) { return 2 * x; }
int first_of(const Refs& refs) { return get(refs.at(0)); }

struct Clerk {
  int twice(int x) const { return 2 * x; }
  int wait_for_byte(const std::string& fifo) const { return testing::wait_for_byte(fifo); }
};

struct Owner {
  // Results of a task that runs, of one that waits for it, and of a call that an actor runs.
  Refs start(const std::string& fifo, const ActorHandle<Clerk>& clerk) const {
    auto runs = remote(testing::wait_for_byte)(fifo);
    auto depends = remote(testing::twice)(runs);
    return {std::move(runs), std::move(depends), clerk.call(&Clerk::wait_for_byte, fifo)};
  }
  pid_t pid() const { return ::getpid(); }
};

struct Arrivals {
  void add() { ++count_; }
  int count() const { return count_; }
  int count_ = 0;
};

enum class Way : std::uint8_t {
  kGet,
  kGetInTime,
  kGetAll,
  kGetTuple,
  kWait,
  kAsCompleted,
  kOnReady,
  kArgument,
  kListArgument,
  kActorArgument,
  kNested,
};
constexpr Way kWays[] = {Way::kGet,          Way::kGetInTime,     Way::kGetAll,  Way::kGetTuple,
                         Way::kWait,         Way::kAsCompleted,   Way::kOnReady, Way::kArgument,
                         Way::kListArgument, Way::kActorArgument, Way::kNested};

int sum(const std::vector<int>& numbers) {
  int all = 0;
  for (const int x : numbers) all += x;
  return all;
}

// Where the wait itself throws nothing, the get() behind it does.
void wait_by(Way way, const ObjectRef<int>& ref, const ActorHandle<Clerk>& clerk) {
  switch (way) {
    case Way::kWait:
      (void)wait(Refs{ref});
      break;
    case Way::kAsCompleted:
      for (const auto& done : as_completed(Refs{ref})) (void)done.ready();
      break;
    case Way::kOnReady: {
      std::promise<void> ready;
      ref.on_ready([&] { ready.set_value(); });
      ready.get_future().get();
      break;
    }
    case Way::kGetInTime:
      get(ref, 60s);
      break;
    case Way::kGetAll:
      get(Refs{ref, ref});
      break;
    case Way::kGetTuple:
      get(ref, put(1));
      break;
    case Way::kArgument:
      get(remote(twice)(ref));
      break;
    case Way::kListArgument:
      get(remote(sum)(Refs{ref}));
      break;
    case Way::kActorArgument:
      get(clerk.call(&Clerk::twice, ref));
      break;
    case Way::kNested:
      get(remote(first_of)(put(Refs{ref})));
      break;
    case Way::kGet:
      break;
  }
  get(ref);
}

// When the waiter had OwnerDied; 0: it had none.
std::int64_t died_at(Way way, const Refs& refs, const ActorHandle<Clerk>& clerk,
                     const ActorHandle<Arrivals>& arrivals) {
  get(arrivals.call(&Arrivals::add));
  try {
    wait_by(way, refs.at(0), clerk);
  } catch (const OwnerDied&) {
    return now_ns();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
  return 0;
}

struct Waiter {
  std::int64_t wait_for(Way way, const Refs& refs, const ActorHandle<Clerk>& clerk,
                        const ActorHandle<Arrivals>& arrivals) const {
    return died_at(way, refs, clerk, arrivals);
  }
};

class OwnerDeaths : public ClusterTest {
 protected:
  OwnerDeaths() : fifo_((tree_.root() / "fifo").string()) {
    EXPECT_EQ(::mkfifo(fifo_.c_str(), 0600), 0);
    to_calls_.reset(::open(fifo_.c_str(), O_RDWR | O_CLOEXEC));  // so that nobody waits in open()
  }
  void let_calls_end() const { EXPECT_EQ(::write(to_calls_.get(), "xx", 2), 2); }

  const base::FileTree tree_;
  const std::string fifo_;
  base::Fd to_calls_;
};

TEST_F(OwnerDeaths, EveryWaiterKnowsWithinASecond) {
  open({.cpus = 4});
  auto owner = actor<Owner>(ActorOptions{.cpus = 0});
  auto busy = actor<Clerk>(ActorOptions{.cpus = 0});
  auto clerk = actor<Clerk>(ActorOptions{.cpus = 0});
  auto arrivals = actor<Arrivals>(ActorOptions{.cpus = 0});
  const pid_t pid = get(owner.call(&Owner::pid));
  const Refs refs = get(owner.call(&Owner::start, fifo_, busy));
  struct Waiting {
    std::string who;
    std::int64_t at = 0;
    ObjectRef<std::int64_t> told = {};
    std::thread thread = {};
  };
  std::vector<Waiting> all;
  all.reserve(std::size(kWays) * (refs.size() + 2));  // their addresses stay
  for (const Way way : kWays) {
    const std::string name = "way " + std::to_string(static_cast<int>(way));
    for (std::size_t i = 0; i < refs.size(); ++i) {
      Waiting& in_driver = all.emplace_back(name + " in the driver, ref " + std::to_string(i));
      in_driver.thread = std::thread([&in_driver, &clerk, &arrivals, way, ref = refs[i]] {
        in_driver.at = died_at(way, {ref}, clerk, arrivals);
      });
    }
    const Refs one = {refs[static_cast<std::size_t>(way) % refs.size()]};
    all.emplace_back(name + " in a task").told = remote(died_at)(way, one, clerk, arrivals);
    auto waiter = actor<Waiter>(ActorOptions{.cpus = 0});
    all.emplace_back(name + " in an actor").told =
        waiter.call(&Waiter::wait_for, way, one, clerk, arrivals);
  }
  const int count = static_cast<int>(all.size());
  ASSERT_TRUE(eventually([&] { return get(arrivals.call(&Arrivals::count)) == count; }));
  const std::int64_t killed = now_ns();
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  std::int64_t last = 0;
  for (Waiting& waiting : all) {
    if (waiting.thread.joinable()) {
      waiting.thread.join();
    } else {
      waiting.at = get(waiting.told);
    }
    EXPECT_GT(waiting.at, killed) << waiting.who;
    EXPECT_LT(waiting.at - killed, kSoonNs) << waiting.who;
    last = std::max(last, waiting.at - killed);
  }
  RecordProperty("last_ms", std::to_string(last / 1'000'000));
  EXPECT_THROW(get(remote(twice)(refs[0])), OwnerDied) << "one that comes later";
  let_calls_end();
}

}  // namespace
}  // namespace manta::testing
