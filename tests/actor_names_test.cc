// Actors by their names, and detached ones.
#include <csignal>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Counter {
  int sum = 0;
  Counter() = default;
  explicit Counter(int from) : sum(from) {}
  int add(int n) { return sum += n; }
  int pid() const { return ::getpid(); }
  void leave() { exit_actor(); }
};
struct Journal {
  int lines() const { return 0; }
};
struct Broken {
  Broken() { throw std::runtime_error("no ground to stand on"); }
};

int add_by_name(const std::string& name, int n) {
  return get(get_actor<Counter>(name).call(&Counter::add, n));
}

class ActorNames : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
  // Whether no actor has the name any more, soon: a process may take some time to end.
  static bool is_free(const std::string& name) {
    return eventually([&] {
      try {
        (void)get_actor<Counter>(name);
        return false;
      } catch (const NotFound&) {
        return true;
      }
    });
  }
};

TEST_F(ActorNames, AnActorIsFoundInEveryProcess) {
  const auto counter = actor<Counter>(ActorOptions{.name = "counter"}, 10);
  EXPECT_EQ(get_actor<Counter>("counter"), counter);
  EXPECT_EQ(get_actor<Counter>("counter").id(), counter.id());
  EXPECT_EQ(add_by_name("counter", 1), 11);
  EXPECT_EQ(get(remote(add_by_name)("counter", 2)), 13);
  const auto other = actor<Counter>();
  const auto in_actor = other.call([](Counter&) { return add_by_name("counter", 3); });
  EXPECT_EQ(get(in_actor), 16);
}

TEST_F(ActorNames, AnActorKnowsItsName) {
  const auto name = [](Counter&) { return this_actor().name(); };
  EXPECT_EQ(get(actor<Counter>(ActorOptions{.name = "counter"}).call(name)), "counter");
  EXPECT_EQ(get(actor<Counter>().call(name)), "");
}

TEST_F(ActorNames, AnActorMadeInATaskIsFoundByTheDriver) {
  const auto handle =
      get(remote([] { return actor<Counter>(ActorOptions{.name = "made there"}, 5); })());
  EXPECT_EQ(add_by_name("made there", 1), 6);
  EXPECT_EQ(get_actor<Counter>("made there"), handle);
}

TEST_F(ActorNames, ANameEndsWithTheLastHandle) {
  for (int round = 0; round < 20; ++round) {
    auto counter = actor<Counter>(ActorOptions{.name = "counter"}, round);
    EXPECT_EQ(get(counter.call(&Counter::add, 1)), round + 1);
    counter = {};
    EXPECT_THROW((void)get_actor<Counter>("counter"), NotFound);
  }
}

TEST_F(ActorNames, ANameIsFreeAtOnceForWhoDropsTheLastHandle) {
  for (int round = 0; round < 20; ++round) {
    const auto counter = actor<Counter>(ActorOptions{.name = "counter"}, round);
    EXPECT_EQ(get(counter.call(&Counter::add, 1)), round + 1);
  }
}

TEST_F(ActorNames, AHandleFoundByItsNameKeepsTheActor) {
  auto counter = actor<Counter>(ActorOptions{.name = "counter"});
  auto found = get_actor<Counter>("counter");
  counter = {};
  EXPECT_EQ(get(found.call(&Counter::add, 1)), 1);
  EXPECT_EQ(add_by_name("counter", 1), 2);
}

TEST_F(ActorNames, ATakenNameIsRefusedOrGivesTheActor) {
  const auto counter = actor<Counter>(ActorOptions{.name = "counter"}, 10);
  EXPECT_THAT(
      error_of<AlreadyExists>([] { (void)actor<Counter>(ActorOptions{.name = "counter"}); }),
      AllOf(HasSubstr("\"counter\""), HasSubstr("Counter"), HasSubstr("get_if_exists")));
  const ActorOptions again{.name = "counter", .get_if_exists = true};
  const auto same = actor<Counter>(again, 99);
  EXPECT_EQ(same, counter);
  EXPECT_EQ(get(same.call(&Counter::add, 1)), 11);
  EXPECT_EQ(get(actor<Counter>(ActorOptions{.name = "fresh", .get_if_exists = true}, 7)
                    .call(&Counter::add, 0)),
            7);
}

TEST_F(ActorNames, OfAnotherClassTheErrorNamesBoth) {
  const auto counter = actor<Counter>(ActorOptions{.name = "counter"});
  const auto both = AllOf(HasSubstr("Counter"), HasSubstr("Journal"), HasSubstr("\"counter\""));
  EXPECT_THAT(error_of<InvalidArgument>([] { (void)get_actor<Journal>("counter"); }), both);
  EXPECT_THAT(error_of<InvalidArgument>([] {
                (void)actor<Journal>(ActorOptions{.name = "counter", .get_if_exists = true});
              }),
              both);
}

TEST_F(ActorNames, WhatIsNotThereIsNotFound) {
  EXPECT_THAT(error_of<NotFound>([] { (void)get_actor<Counter>("nobody"); }),
              AllOf(HasSubstr("\"nobody\""), HasSubstr("list_actors")));
  EXPECT_THAT(error_of<NotFound>([] { (void)get_actor<Counter>("nobody", "elsewhere"); }),
              HasSubstr("\"elsewhere\""));
  EXPECT_THROW((void)get_actor<Counter>(""), InvalidArgument);
  EXPECT_THROW(get(remote(add_by_name)("nobody", 1)), TaskErrorOf<NotFound>);
}

TEST_F(ActorNames, TheNamesOfANameSpaceAreListed) {
  const auto b = actor<Counter>(ActorOptions{.name = "b"});
  const auto a = actor<Journal>(ActorOptions{.name = "a"});
  const auto other = actor<Counter>(ActorOptions{.name = "a", .name_space = "other"}, 4);
  EXPECT_THAT(list_actors(), ElementsAre("a", "b"));
  EXPECT_THAT(list_actors("other"), ElementsAre("a"));
  EXPECT_THAT(list_actors("none"), ElementsAre());
  EXPECT_EQ(get(get_actor<Counter>("a", "other").call(&Counter::add, 1)), 5);
  EXPECT_THROW((void)get_actor<Counter>("b", "other"), NotFound);
}

TEST_F(ActorNames, AsManyNamesAsThereAreAreListed) {
  const auto gate = actor<Gate>();
  const auto never = remote(pass)(gate, 0);  // so that no process is started for them
  std::vector<ActorHandle<Counter>> handles;
  std::vector<std::string> names;
  for (int i = 100; i < 200; ++i) {
    names.push_back(std::to_string(i) + std::string(1000, 'n'));
    handles.push_back(actor<Counter>(ActorOptions{.name = names.back()}, never));
  }
  EXPECT_EQ(list_actors(), names);
  for (const auto& handle : handles) handle.kill();
  EXPECT_THAT(list_actors(), ElementsAre());
  gate.post(&Gate::open);
}

TEST_F(ActorNames, ASessionHasANameSpace) {
  close();
  open({.name_space = "mine"});
  const auto counter = actor<Counter>(ActorOptions{.name = "counter"});
  EXPECT_THAT(list_actors("mine"), ElementsAre("counter"));
  EXPECT_EQ(get_actor<Counter>("counter", "mine"), counter);
  EXPECT_EQ(get(remote(add_by_name)("counter", 2)), 2);
  EXPECT_THAT(get(remote([] { return list_actors(); })()), ElementsAre("counter"));
}

TEST_F(ActorNames, OptionsThatNeedANameSaySo) {
  EXPECT_THAT(
      error_of<InvalidArgument>([] { (void)actor<Counter>(ActorOptions{.get_if_exists = true}); }),
      HasSubstr("get_if_exists"));
  EXPECT_THAT(
      error_of<InvalidArgument>([] { (void)actor<Counter>(ActorOptions{.name_space = "x"}); }),
      HasSubstr("name_space"));
  const std::string longer(1025, 'n');
  EXPECT_THAT(
      error_of<InvalidArgument>([&] { (void)actor<Counter>(ActorOptions{.name = longer}); }),
      HasSubstr("1025"));
  EXPECT_THAT(error_of<InvalidArgument>(
                  [&] { (void)actor<Counter>(ActorOptions{.name = "n", .name_space = longer}); }),
              HasSubstr("1025"));
}

TEST_F(ActorNames, OfManyThreadsThatMakeItOneDoes) {
  std::vector<std::thread> threads;
  std::vector<ActorHandle<Counter>> handles(16);
  for (auto& handle : handles) {
    threads.emplace_back([&] {
      handle = actor<Counter>(ActorOptions{.name = "counter", .get_if_exists = true});
      get(handle.call(&Counter::add, 1));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& handle : handles) EXPECT_EQ(handle, handles[0]);
  EXPECT_EQ(get(handles[0].call(&Counter::add, 0)), 16);
}

TEST_F(ActorNames, OfManyTasksThatClaimItOneHasIt) {
  const auto gate = actor<Gate>();
  const auto claim = [](ActorHandle<Gate> until) {
    try {
      const auto mine = actor<Counter>(ActorOptions{.name = "leader"});
      wait_at(until);
      return 1;
    } catch (const AlreadyExists&) {
      return 0;
    }
  };
  std::vector<ObjectRef<int>> claims;
  for (int i = 0; i < 8; ++i) claims.push_back(remote(claim, {.cpus = 0.25})(gate));
  const auto first = wait(claims, {.num_ready = 7});
  gate.post(&Gate::open);
  int leaders = 0;
  for (const int leader : get(claims)) leaders += leader;
  EXPECT_EQ(leaders, 1);
  EXPECT_EQ(first.ready.size(), 7U);
}

TEST_F(ActorNames, ANameIsFreeWhenItsActorHasEndedInAnyWay) {
  const auto of = [](const char* name) { return actor<Counter>(ActorOptions{.name = name}); };
  const auto killed = of("killed"), left = of("left"), crashed = of("crashed");
  get({killed.ready(), left.ready(), crashed.ready()});
  killed.kill();
  EXPECT_THROW((void)get_actor<Counter>("killed"), NotFound);
  EXPECT_THROW(get(left.call(&Counter::leave)), ActorDied);
  EXPECT_TRUE(is_free("left"));
  EXPECT_THROW(get(crashed.call([](Counter&) { ::raise(SIGKILL); })), ActorDied);
  EXPECT_TRUE(is_free("crashed"));
  const auto broken = actor<Broken>(ActorOptions{.name = "broken"});
  EXPECT_THROW(get(broken.ready()), TaskErrorOf<std::runtime_error>);
  EXPECT_TRUE(is_free("broken"));
  for (const char* name : {"killed", "left", "crashed", "broken"}) {
    EXPECT_EQ(get(of(name).call(&Counter::add, 1)), 1) << name;
  }
}

TEST_F(ActorNames, ANameIsFreeWhenItsMakerDiesBeforeTheArgumentsAreThere) {
  const auto gate = actor<Gate>();
  const auto victim = remote(
      [](ActorHandle<Gate> until) {
        const auto never = remote(pass)(until, 3);
        const auto counter = actor<Counter>(ActorOptions{.name = "counter"}, never);
        ::raise(SIGKILL);
      },
      {.max_retries = 0})(gate);
  EXPECT_THROW(get(victim), WorkerCrashed);
  EXPECT_TRUE(is_free("counter"));
  gate.post(&Gate::open);
}

TEST_F(ActorNames, AnActorThatWaitsForItsArgumentsIsFound) {
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 5);
  const auto counter = actor<Counter>(ActorOptions{.name = "counter"}, late);
  const auto sum = get_actor<Counter>("counter").call(&Counter::add, 1);
  EXPECT_THROW((void)actor<Counter>(ActorOptions{.name = "counter"}), AlreadyExists);
  gate.post(&Gate::open);
  EXPECT_EQ(get(sum), 6);
}

TEST_F(ActorNames, ADetachedActorLivesWithoutHandlesUntilItIsKilled) {
  get(remote([] {
    const ActorOptions detached{.name = "counter", .lifetime = Lifetime::detached};
    get(actor<Counter>(detached, 5).call(&Counter::add, 1));
  })());
  EXPECT_EQ(add_by_name("counter", 1), 7);
  EXPECT_EQ(add_by_name("counter", 1), 8);
  get_actor<Counter>("counter").kill();
  EXPECT_THROW((void)get_actor<Counter>("counter"), NotFound);
}

TEST_F(ActorNames, ADetachedActorWithoutANameEndsByItself) {
  auto counter = actor<Counter>(ActorOptions{.lifetime = Lifetime::detached});
  const auto ended = counter.ended();
  const int pid = get(counter.call(&Counter::pid));
  counter.post(&Counter::leave);
  counter = {};
  get(ended);
  EXPECT_TRUE(eventually([&] { return ::kill(pid, 0) != 0; }));
}

TEST_F(ActorNames, ADetachedActorEndsWithAPrivateSession) {
  {
    const ActorOptions detached{.name = "counter", .lifetime = Lifetime::detached};
    (void)get(actor<Counter>(detached).call(&Counter::pid));
  }
  store_is_not_checked();  // the node has its record until the end
}

TEST_F(ActorNames, AfterTheSessionTheErrorSaysSo) {
  close();
  EXPECT_THROW((void)get_actor<Counter>("counter"), InvalidArgument);
  EXPECT_THROW((void)list_actors(), InvalidArgument);
}

TEST_F(ActorNames, WhenTheNodeIsDeadTheErrorSaysSo) {
  store_is_not_checked();
  ::kill(node_pid(), SIGKILL);
  EXPECT_THROW((void)get_actor<Counter>("counter"), NodeDied);
  EXPECT_THROW((void)actor<Counter>(ActorOptions{.name = "counter"}), NodeDied);
}

TEST_F(ActorNames, InALocalSession) {
  close();
  ::setenv("MANTA_LOCAL", "1", 1);
  open();
  auto counter = actor<Counter>(ActorOptions{.name = "counter"}, 1);
  EXPECT_EQ(add_by_name("counter", 1), 2);
  EXPECT_EQ(get(remote(add_by_name)("counter", 1)), 3);
  counter = {};
  EXPECT_TRUE(is_free("counter"));
  close();
  ::unsetenv("MANTA_LOCAL");
}

}  // namespace
}  // namespace manta::testing
