// Calls that wait for each other: DeadlockDetected with the cycle, and no false alarm.
#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "gate.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using namespace std::chrono_literals;

// What DeadlockDetected says that get(ref) throws; empty: it throws none.
template <class T>
std::string deadlock_of(const ObjectRef<T>& ref) {
  try {
    get(ref);
  } catch (const DeadlockDetected& error) {
    return error.what();
  }
  return {};
}

class Player {
 public:
  int count() { return ++count_; }
  pid_t pid() const { return ::getpid(); }

  // ---- the ball goes round all others, and back to the one that has it
  int pass(const std::vector<ActorHandle<Player>>& others, std::size_t next) {
    auto& to = others[next % others.size()];
    if (next == others.size()) return get(to.call(&Player::count));
    return get(to.call(&Player::pass, others, next + 1));
  }

  // ---- the ways to wait
  int get_of_many(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    const std::vector<ObjectRef<int>> refs = {put(1), other.call(&Player::ask, self), put(2)};
    return get(refs)[1];
  }
  int get_two(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    return std::get<1>(get(put(1), other.call(&Player::ask, self)));
  }
  int wait_for_all(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    const std::vector<ObjectRef<int>> refs = {put(1), other.call(&Player::ask, self)};
    return get(wait(refs, {.num_ready = 2}).ready)[1];
  }
  int get_of_two_that_wait(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    return get({other.call(&Player::ask, self), other.call(&Player::ask, self)})[0];
  }
  int wait_for_one_of_two(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    const std::vector<ObjectRef<int>> refs = {other.call(&Player::ask, self),
                                              other.call(&Player::ask, self)};
    return get(wait(refs).ready[0]);
  }
  int wait_for_two_of_three(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    const std::vector<ObjectRef<int>> refs = {other.call(&Player::ask, self), put(1),
                                              other.call(&Player::ask, self)};
    return get(wait(refs, {.num_ready = 2}).ready[0]);
  }
  int one_after_the_other(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    int sum = 0;
    const std::vector<ObjectRef<int>> refs = {other.call(&Player::ask, self), put(1),
                                              other.call(&Player::ask, self)};
    for (const auto& ref : as_completed(refs)) sum += get(ref);
    return sum;
  }
  int get_through_an_argument(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    return get(remote([](int n) { return n + 1; })(other.call(&Player::ask, self)));
  }
  int get_through_a_task(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    return get(remote([](const ActorHandle<Player>& player, const ActorHandle<Player>& back) {
      return get(player.call(&Player::ask, back));
    })(other, self));
  }
  int get_through_a_handed_ref(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    const std::vector<ObjectRef<int>> refs = {other.call(&Player::ask, self)};
    return get(
        remote([](const std::vector<ObjectRef<int>>& handed) { return get(handed[0]); })(refs));
  }
  int get_behind_a_call_that_waits_for_it(const ActorHandle<Player>& other,
                                          const ActorHandle<Player>& self) {
    auto late = other.call(&Player::add, other.call(&Player::ask, self));
    return get(other.call(&Player::count)) + get(late);
  }
  int get_of_a_constructor(const ActorHandle<Player>&, const ActorHandle<Player>& self);
  int get_of_a_new_actor(const ActorHandle<Player>&, const ActorHandle<Player>& self);
  int get_of_an_actor_made_of_it(const ActorHandle<Player>&, const ActorHandle<Player>& self);
  int waits_for_an_actor_made_of_it(const ActorHandle<Player>&, const ActorHandle<Player>& self);
  int itself(const ActorHandle<Player>&, const ActorHandle<Player>& self) {
    return get(self.call(&Player::count));
  }
  int itself_with_a_deadline(const ActorHandle<Player>&, const ActorHandle<Player>& self) {
    return get(self.call(&Player::count), 60s);
  }

  int itself_in_a_thread(const ActorHandle<Player>&, const ActorHandle<Player>& self) {
    return std::async(std::launch::async, [&] { return get(self.call(&Player::count)); }).get();
  }
  int get_in_threads(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    auto harmless = std::async(std::launch::async, [] { return get(remote([] { return 1; })()); });
    auto one = std::async(std::launch::async, [&] { return get(other.call(&Player::ask, self)); });
    return harmless.get() + one.get();
  }
  int joins_a_thread(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    int result = 0;
    std::string error;
    std::thread([&] {
      try {
        result = get(other.call(&Player::ask, self));
      } catch (const DeadlockDetected& deadlock) {
        error = deadlock.what();
      }
    }).join();
    return error.empty() ? result : throw DeadlockDetected(error);
  }

  int ask(const ActorHandle<Player>& other) { return get(other.call(&Player::count)); }
  int add(int n) { return count_ += n; }

  // ---- with a deadline: no deadlock
  int tries(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    auto answer = other.call(&Player::ask, self);
    try {
      return get(answer, 30ms);
    } catch (const GetTimeout&) {
      return -1;
    }
  }
  // Ends with the error, which comes when both wait.
  int fails_first(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    const auto answer = other.call(&Player::ask, self);
    const auto fails = remote([](const std::vector<ObjectRef<int>>& handed) -> int {
      while (handed[0].why().find("Player::count") == std::string::npos) std::this_thread::yield();
      throw std::out_of_range("the first failure");
    });
    try {
      return get({answer, fails(std::vector<ObjectRef<int>>{answer})})[0];
    } catch (const std::out_of_range&) {
      return -2;
    }
  }
  int two_of_three(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    const auto give = remote([](int n) { return n; });
    const std::vector<ObjectRef<int>> refs = {other.call(&Player::ask, self), give(3), give(4)};
    const auto ready = wait(refs, {.num_ready = 2}).ready;
    return get(ready[0]) + get(ready[1]);
  }
  int some(const ActorHandle<Player>& other, const ActorHandle<Player>& self) {
    const std::vector<ObjectRef<int>> refs = {other.call(&Player::ask, self),
                                              remote([] { return 7; })()};
    return get(wait(refs).ready[0]);
  }

 private:
  int count_ = 0;
};

struct AsksItsMaker {
  explicit AsksItsMaker(const ActorHandle<Player>& maker)
      : count(get(maker.call(&Player::count))) {}
  int read() const { return count; }
  int count;
};

int Player::get_of_a_constructor(const ActorHandle<Player>&, const ActorHandle<Player>& self) {
  auto made = actor<AsksItsMaker>(self);
  get(made.ready());
  return 0;
}
int Player::get_of_a_new_actor(const ActorHandle<Player>&, const ActorHandle<Player>& self) {
  auto made = actor<AsksItsMaker>(self);
  return get(made.call(&AsksItsMaker::read));
}

struct MadeOfANumber {
  explicit MadeOfANumber(int given) : number(given) {}
  int read() const { return number; }
  int number;
};

int Player::get_of_an_actor_made_of_it(const ActorHandle<Player>&,
                                       const ActorHandle<Player>& self) {
  auto made = actor<MadeOfANumber>(self.call(&Player::count));
  return get(made.call(&MadeOfANumber::read));
}
int Player::waits_for_an_actor_made_of_it(const ActorHandle<Player>&,
                                          const ActorHandle<Player>& self) {
  auto made = actor<MadeOfANumber>(self.call(&Player::count));
  get(made.ready());
  return 0;
}

class Deadlocks : public ClusterTest {};

TEST_F(Deadlocks, ActorsThatWaitForEachOther) {
  open({.cpus = 8});
  for (const std::size_t players : {1U, 2U, 3U, 6U}) {
    std::vector<ActorHandle<Player>> all;
    for (std::size_t i = 0; i < players; ++i) all.push_back(actor<Player>(ActorOptions{.cpus = 0}));
    const std::string text = deadlock_of(all[0].call(&Player::pass, all, 1));
    EXPECT_THAT(text, AllOf(HasSubstr("manta::get() inside manta::testing::Player::"),
                            HasSubstr("Player::count"), HasSubstr("waits for itself")));
    for (const auto& player : all) {
      EXPECT_THAT(text, HasSubstr("process " + std::to_string(get(player.call(&Player::pid)))));
    }
  }
}

TEST_F(Deadlocks, OfALongCycleTheFirstStepsAndTheLastAreTold) {
  open({.cpus = 8});
  std::vector<ActorHandle<Player>> all;
  for (int i = 0; i < 24; ++i) all.push_back(actor<Player>(ActorOptions{.cpus = 0}));
  const std::string text = deadlock_of(all[0].call(&Player::pass, all, 1));
  EXPECT_THAT(text, AllOf(HasSubstr("; and so on, 4 more; "), HasSubstr("Player::count")));
}

using WayToWait = int (Player::*)(const ActorHandle<Player>&, const ActorHandle<Player>&);
struct NamedWay {
  const char* name;
  WayToWait way;
};

class DeadlockedWays : public Deadlocks, public ::testing::WithParamInterface<NamedWay> {};

TEST_P(DeadlockedWays, IsFoundAndTheActorsGoOn) {
  open({.cpus = 4});
  auto one = actor<Player>(ActorOptions{.cpus = 0});
  auto two = actor<Player>(ActorOptions{.cpus = 0});
  for (int i = 0; i < 2; ++i) {
    const std::string text = deadlock_of(one.call(GetParam().way, two, one));
    EXPECT_THAT(text, AllOf(HasSubstr("Player::count"), HasSubstr("cannot begin before")));
  }
  EXPECT_GE(get(one.call(&Player::count)), 1);
  EXPECT_GE(get(two.call(&Player::count)), 1);
}

INSTANTIATE_TEST_SUITE_P(
    By, DeadlockedWays,
    ::testing::Values(NamedWay{"GetOfMany", &Player::get_of_many},
                      NamedWay{"GetOfTwo", &Player::get_two},
                      NamedWay{"WaitForAll", &Player::wait_for_all},
                      NamedWay{"GetOfTwoThatWait", &Player::get_of_two_that_wait},
                      NamedWay{"WaitForOneOfTwo", &Player::wait_for_one_of_two},
                      NamedWay{"WaitForTwoOfThree", &Player::wait_for_two_of_three},
                      NamedWay{"OneAfterTheOther", &Player::one_after_the_other},
                      NamedWay{"AnArgument", &Player::get_through_an_argument},
                      NamedWay{"ATask", &Player::get_through_a_task},
                      NamedWay{"AHandedRef", &Player::get_through_a_handed_ref},
                      NamedWay{"TheQueue", &Player::get_behind_a_call_that_waits_for_it},
                      NamedWay{"AConstructor", &Player::get_of_a_constructor},
                      NamedWay{"ANewActor", &Player::get_of_a_new_actor},
                      NamedWay{"AnActorMadeOfIt", &Player::get_of_an_actor_made_of_it},
                      NamedWay{"ReadyOfOne", &Player::waits_for_an_actor_made_of_it},
                      NamedWay{"Itself", &Player::itself},
                      NamedWay{"ItselfWithADeadline", &Player::itself_with_a_deadline},
                      NamedWay{"ItselfInAThread", &Player::itself_in_a_thread},
                      NamedWay{"Threads", &Player::get_in_threads},
                      NamedWay{"AThreadThatIsJoined", &Player::joins_a_thread}),
    [](const auto& way) { return way.param.name; });

TEST_F(Deadlocks, WhoMayGoOnIsNotDisturbed) {
  open({.cpus = 4});
  auto one = actor<Player>(ActorOptions{.cpus = 0});
  auto two = actor<Player>(ActorOptions{.cpus = 0});
  EXPECT_EQ(get(one.call(&Player::tries, two, one)), -1);
  EXPECT_EQ(get(one.call(&Player::some, two, one)), 7);
  EXPECT_EQ(get(one.call(&Player::two_of_three, two, one)), 7);
  EXPECT_EQ(get(one.call(&Player::fails_first, two, one)), -2);
}

// ---- no false alarm

class Relay {
 public:
  // Goes on along the rest of the path.
  int relay(const std::vector<ActorHandle<Relay>>& all, const std::vector<std::size_t>& path,
            const ActorHandle<Gate>& gate) {
    if (path.empty()) {
      wait_at(gate);
      return 0;
    }
    const std::vector<std::size_t> rest(path.begin() + 1, path.end());
    return get(all[path[0]].call(&Relay::relay, all, rest, gate)) + 1;
  }
};

// Paths through actors that only go up: each waits for later ones, many at a time, behind each other.
TEST_F(Deadlocks, WaitsWithoutACycleAreNone) {
  open({.cpus = 4});
  auto gate = actor<Gate>(ActorOptions{.cpus = 0});
  std::vector<ActorHandle<Relay>> all;
  for (int i = 0; i < 8; ++i) all.push_back(actor<Relay>(ActorOptions{.cpus = 0}));
  std::vector<ObjectRef<int>> results;
  int expected = 0;
  for (std::size_t mask = 1; mask < 256; mask += 5) {
    std::vector<std::size_t> path;
    for (std::size_t i = 0; i < 8; ++i) {
      if ((mask >> i & 1) != 0) path.push_back(i);
    }
    const std::size_t first = path[0];
    path.erase(path.begin());
    expected += static_cast<int>(path.size());
    results.push_back(all[first].call(&Relay::relay, all, path, gate));
  }
  const auto told = [](const ObjectRef<int>& ref) {
    return ref.why().find("where it waits for") != std::string::npos;
  };
  EXPECT_TRUE(eventually([&] { return std::count_if(results.begin(), results.end(), told) >= 3; }));
  gate.post(&Gate::open);
  int sum = 0;
  for (const int length : get(results)) sum += length;
  EXPECT_EQ(sum, expected);
}

}  // namespace
}  // namespace manta::testing
