// Workers that die while they give references away: whatever they held for others is taken back, or was taken over.
// At the end of each test all is dropped, and the store (the fixture looks) and the resources are as at the start.
#include <atomic>
#include <csignal>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

constexpr int kElements = 5'000;  // of each array
constexpr double kSeats = 1'000;  // a resource that only actors take

struct Seat {
  int value = 0;
  int read() const { return value; }
};

// Everything that a reply can give, beside plain bytes.
struct Gift {
  ObjectRef<Array<int>> ref;
  std::vector<ObjectRef<int>> small;
  ActorHandle<Seat> seat;
  Array<int> own;                            // only the result has it
  std::map<std::string, Array<int>> shared;  // the worker goes on using it
  std::vector<int> long_text;                // a result section of its own block
  pid_t pid = 0;
};

const Array<int>& of_this_worker() {
  // A new one for every second reply: one that was given before is the node's already.
  static int replies = 0;
  static Array<int> array;
  if (replies++ % 2 == 0) array = get(put(full<int>(kElements, 7)));
  return array;
}

ActorHandle<Seat> take_seat() { return actor<Seat>(ActorOptions{.resources = {{"seat", 1}}}); }

// Of a worker that keeps nothing of it.
Gift give_away(int n, bool with_actor) {
  Gift gift;
  gift.ref = put(full<int>(kElements, n));
  gift.small = {put(n), put(n + 1)};
  if (with_actor) gift.seat = take_seat();
  gift.own = full<int>(kElements, n + 1);
  gift.long_text.assign(n % 2 == 0 ? 50'000 : 10, n);
  gift.pid = ::getpid();
  return gift;
}

Gift give(int n, bool with_actor) {
  Gift gift = give_away(n, with_actor);
  gift.shared["first"] = gift.shared["again"] = of_this_worker();
  return gift;
}

void expect_right(const Gift& gift, int n) {
  EXPECT_EQ(get(gift.ref)[kElements - 1], n);
  EXPECT_EQ(get(gift.small.at(1)), n + 1);
  EXPECT_EQ(gift.own[0], n + 1);
  EXPECT_EQ(gift.shared.at("again")[0], 7);
  EXPECT_EQ(gift.long_text.back(), n);
}

// A worker as the caller: what dies may be the one that gives or the one that was given to.
Gift relay(int n) {
  Gift gift = get(remote(give, {.max_retries = -1})(n, false));
  expect_right(gift, n);
  gift.pid = ::getpid();
  return gift;
}

class Giver {
 public:
  Gift give(int n) {
    kept_.push_back(get(put(full<int>(kElements, 7))));
    Gift gift = give_away(n, false);
    gift.shared["first"] = gift.shared["again"] = kept_.back();
    return gift;
  }

 private:
  std::vector<Array<int>> kept_;
};

class ReplyDeaths : public ClusterTest {
 protected:
  void start(const std::string& failpoint, double cpus) {
    open({.cpus = cpus,
          .resources = {{"seat", kSeats}},
          .log_to_driver = false,
          .env = {{"MANTA_FAILPOINT", failpoint}}});
    cpus_ = cpus;
  }
  void expect_all_back() {
    kill_workers();  // which keep arrays of their own
    Resources available;
    const bool back = eventually([&] {
      available = cluster().available;
      return available["seat"] == kSeats && available["CPU"] == cpus_;
    });
    EXPECT_TRUE(back) << available["seat"] << " seats of " << kSeats << ", " << available["CPU"]
                      << " cpus; " << ::testing::PrintToString(processes_of(node_pid()));
    expect_store_empty();
  }
  void kill_workers() {
    for (const std::string& process : processes_of(node_pid())) {
      const pid_t pid = std::stoi(process);
      if (pid != node_pid()) ::kill(pid, SIGKILL);
    }
  }

 private:
  double cpus_ = 0;
};

class AtEachPlace : public ReplyDeaths, public ::testing::WithParamInterface<const char*> {
 protected:
  // Each worker dies when it comes there for the `time`th time. In a reply of give() a place comes once to four times.
  void start_dying(int time, double cpus = 1) {
    start(std::string(GetParam()) + ":" + std::to_string(time), cpus);
  }
};

TEST_P(AtEachPlace, OfATaskThatGivesRefsAnActorAndArrays) {
  for (const int time : {5, 6, 7}) {
    start_dying(time);
    std::set<pid_t> workers;
    for (int round = 0; round < 3; ++round) {
      std::vector<ObjectRef<Gift>> gifts;
      for (int n = 0; n < 8; ++n) {
        gifts.push_back(remote(give, {.max_retries = -1})(n, n % 4 == 0));
      }
      for (int n = 0; n < 8; ++n) {
        const Gift gift = get(gifts[std::size_t(n)]);
        expect_right(gift, n);
        workers.insert(gift.pid);
      }
    }
    EXPECT_GT(workers.size(), 1U) << "nobody died";
    expect_all_back();
    close();
  }
}

TEST_P(AtEachPlace, OfAWorkerThatGivesToAWorker) {
  // A worker that has given may still relay: two replies come there eight times at most.
  start_dying(9, 2);
  for (int n = 0; n < 12; ++n) {
    expect_right(get(remote(relay, {.max_retries = -1})(n)), n);
  }
  expect_all_back();
}

TEST_P(AtEachPlace, OfAnActor) {
  start_dying(4);
  int deaths = 0;
  for (int i = 0; i < 6; ++i) {
    auto giver = actor<Giver>();
    try {
      for (int n = 0; n < 6; ++n) expect_right(get(giver.call(&Giver::give, n)), n);
    } catch (const ActorDied&) {
      ++deaths;
    } catch (const OwnerDied&) {  // the reply came, what it refers to went with its maker
      ++deaths;
    }
  }
  EXPECT_GT(deaths, 0);
  expect_all_back();
}

TEST_P(AtEachPlace, NobodyWaitsForTheResult) {
  start_dying(5);
  for (int n = 0; n < 24; ++n) (void)remote(give_away, {.max_retries = 2})(n, n % 4 == 0);
  get(remote([] {}, {.max_retries = -1})());
  expect_all_back();
}

INSTANTIATE_TEST_SUITE_P(ReplyDeaths, AtEachPlace,
                         ::testing::Values("call_ended", "published", "reference_held",
                                           "block_adopted", "block_held", "reply_written",
                                           "reply_prepared", "block_handed_over", "reply_complete",
                                           "reply_committed"),
                         [](const auto& place) { return std::string(place.param); });

struct Numbered {
  explicit Numbered(int n) : number(n) {}
  int read() const { return number; }
  int number;
};

struct Unmade {
  ActorHandle<Numbered> actor;
  pid_t maker = 0;
};

Unmade make_of(const std::vector<ObjectRef<int>>& missing) {
  return {actor<Numbered>(missing.front()), ::getpid()};
}

int when_there_is(const std::string& file) {
  while (::access(file.c_str(), F_OK) != 0) std::this_thread::yield();
  return 1;
}

// The actor waits for an argument that would have come by way of the worker that made it.
TEST_F(ReplyDeaths, AnActorWhoseMakerDiesBeforeItsArgumentsAreThereIsDead) {
  start("", 2);
  const std::string file = ::testing::TempDir() + "reply_deaths." + std::to_string(::getpid());
  {
    const auto missing = remote(when_there_is)(file);
    const Unmade unmade = get(remote(make_of)(std::vector{missing}));
    const auto early = unmade.actor.call(&Numbered::read);
    ASSERT_EQ(::kill(unmade.maker, SIGKILL), 0);
    EXPECT_THROW(get(early), ActorDied);
    EXPECT_THROW(get(unmade.actor.call(&Numbered::read)), ActorDied);
    std::ofstream(file) << "now";
    EXPECT_EQ(get(missing), 1);
  }
  ::unlink(file.c_str());
  expect_all_back();
}

long sum_of_new(int n) {
  const auto array = get(put(full<int>(kElements, n)));
  return std::accumulate(array.begin(), array.end(), 0L);
}

struct Summed {
  explicit Summed(Array<int> array) : sum(std::accumulate(array.begin(), array.end(), 0L)) {}
  long read() const { return sum; }
  long sum;
};

std::pair<ActorHandle<Summed>, pid_t> make_summed() {
  return {actor<Summed>(ActorOptions{.resources = {{"seat", kSeats}}}, full<int>(kElements, 3)),
          ::getpid()};
}

// What it lent to the constructor stays, though the actor starts long after its death.
TEST_F(ReplyDeaths, AnActorWhoseMakerDiesBeforeItStartsHasItsArguments) {
  start("", 2);
  {
    auto first = actor<Seat>(ActorOptions{.resources = {{"seat", kSeats}}});
    get(first.call(&Seat::read));
    const auto [summed, maker] = get(remote(make_summed)());
    const auto sum = summed.call(&Summed::read);
    ASSERT_EQ(::kill(maker, SIGKILL), 0);
    ASSERT_TRUE(eventually([&] { return ::kill(maker, 0) != 0; }));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(get(remote(sum_of_new)(i)), long{kElements} * i);
    first = {};
    EXPECT_EQ(get(sum), 3L * kElements);
  }
  expect_all_back();
}

// A thread that kills the workers that it is told of, each a moment later.
class Killer {
 public:
  explicit Killer(pid_t node) : node_(node) {}
  ~Killer() {
    stop_ = true;
    thread_.join();
  }
  void next(pid_t worker) { next_ = worker; }
  int deaths() const { return deaths_; }

 private:
  void run() {
    std::mt19937 random(4711);
    while (!stop_) {
      const pid_t pid = next_.exchange(0);
      if (pid == 0) {
        std::this_thread::yield();
        continue;
      }
      for (auto turns = random() % 2000; turns > 0; --turns) std::this_thread::yield();
      if (::getpgid(pid) == ::getpgid(node_) && ::kill(pid, SIGKILL) == 0) ++deaths_;
    }
  }

  const pid_t node_;
  std::atomic<pid_t> next_{0};
  std::atomic<bool> stop_{false};
  std::atomic<int> deaths_{0};
  std::thread thread_{[this] { run(); }};
};

TEST_F(ReplyDeaths, ThreeHundredWorkersKilledAtRandomLeaveNothing) {
  start("", 2);
  {
    Killer killer(node_pid());
    for (int n = 0; killer.deaths() < 300; ++n) {
      std::vector<ObjectRef<Gift>> gifts;
      for (int k = 0; k < 8; ++k) {
        gifts.push_back(remote(give, {.max_retries = -1})(n + k, k == 0 && n % 8 == 0));
      }
      gifts.push_back(remote(relay, {.max_retries = -1})(n));
      for (const auto& ref : gifts) {
        try {
          const Gift gift = get(ref);
          EXPECT_EQ(gift.own[1], gift.own[0]);
          killer.next(gift.pid);
        } catch (const WorkerStartFailed&) {  // all that started were killed
        }
      }
    }
  }
  expect_all_back();
}

}  // namespace
}  // namespace manta::testing
