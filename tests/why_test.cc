// What why() says of a call whose process waits itself.
#include <chrono>
#include <functional>
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
using ::testing::Not;

using namespace std::chrono_literals;

struct MadeOfANumber {
  explicit MadeOfANumber(int given) : number(given) {}
  int read() const { return number; }
  int number;
};

class Clerk {
 public:
  pid_t pid() const { return ::getpid(); }
  int work(const ActorHandle<Gate>& gate) {
    wait_at(gate);
    return 1;
  }
  int asks(const ActorHandle<Clerk>& other, const ActorHandle<Gate>& gate) {
    return get(other.call(&Clerk::work, gate));
  }
  int asks_with_a_deadline(const ActorHandle<Clerk>& other, const ActorHandle<Gate>& gate) {
    return get(other.call(&Clerk::work, gate), 100s);
  }
  int asks_in_a_thread(const ActorHandle<Clerk>& other, const ActorHandle<Gate>& gate) {
    int result = 0;
    std::thread([&] { result = get(other.call(&Clerk::work, gate)); }).join();
    return result;
  }
  int asks_by_wait(const ActorHandle<Clerk>& other, const ActorHandle<Gate>& gate) {
    const std::vector<ObjectRef<int>> refs = {other.call(&Clerk::work, gate)};
    return get(wait(refs).ready[0]);
  }
  int asks_the_one_who_asks(const ActorHandle<Clerk>& other, const ActorHandle<Clerk>& third,
                            const ActorHandle<Gate>& gate) {
    return get(other.call(&Clerk::asks, third, gate));
  }
};

class Why : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 4});
  }
  void say(const AnyRef& ref, const std::function<bool(const std::string&)>& enough) {
    std::string text;
    EXPECT_TRUE(eventually([&] { return enough(text = ref.why()); })) << text;
    EXPECT_THAT(text, Not(HasSubstr("\n")));
  }
};

TEST_F(Why, ACallToAnActorThatWaitsSaysForWhat) {
  auto one = actor<Clerk>(ActorOptions{.cpus = 0});
  auto two = actor<Clerk>(ActorOptions{.cpus = 0});
  const std::string first = "in process " + std::to_string(get(one.call(&Clerk::pid)));
  const std::string second = "in process " + std::to_string(get(two.call(&Clerk::pid)));
  for (const auto way : {&Clerk::asks, &Clerk::asks_with_a_deadline, &Clerk::asks_in_a_thread,
                         &Clerk::asks_by_wait}) {
    auto gate = actor<Gate>(ActorOptions{.cpus = 0});
    auto asked = one.call(way, two, gate);
    auto behind = one.call(&Clerk::pid);
    say(asked, [&](const std::string& text) {
      // NOLINTNEXTLINE(performance-inefficient-string-concatenation)
      return text.find("runs " + first + ", where it waits for manta::testing::Clerk::work " +
                       second) != std::string::npos;
    });
    say(behind, [&](const std::string& text) {
      return text.find("waits for its turn " + first + ", where manta::testing::Clerk::asks") !=
             std::string::npos;
    });
    gate.post(&Gate::open);
    EXPECT_EQ(get(asked), 1);
  }
}

TEST_F(Why, FollowsTheCallsToTheLast) {
  auto gate = actor<Gate>(ActorOptions{.cpus = 0});
  std::vector<ActorHandle<Clerk>> clerks;
  for (int i = 0; i < 3; ++i) clerks.push_back(actor<Clerk>(ActorOptions{.cpus = 0}));
  auto asked = clerks[0].call(&Clerk::asks_the_one_who_asks, clerks[1], clerks[2], gate);
  say(asked, [](const std::string& text) {
    return text.find("where it waits for manta::testing::Clerk::asks in process") !=
               std::string::npos &&
           text.find("where it waits for manta::testing::Clerk::work in process") !=
               std::string::npos;
  });
  auto made_of_it = actor<MadeOfANumber>(asked);
  auto reads_it = made_of_it.call(&MadeOfANumber::read);
  say(reads_it, [](const std::string& text) {
    return text.find("whose constructor waits for an argument, and so for manta::testing::Clerk") !=
               std::string::npos &&
           text.find("Clerk::work") != std::string::npos;
  });
  auto behind_it = remote([](int n) { return n; })(asked);
  say(behind_it, [](const std::string& text) {
    return text.find(
               "1 of its arguments, and so for manta::testing::Clerk::asks_the_one_who_asks") !=
               std::string::npos &&
           text.find("Clerk::work") != std::string::npos;
  });
  gate.post(&Gate::open);
  EXPECT_EQ(get(behind_it), 1);
  EXPECT_EQ(get(reads_it), 1);
}

TEST_F(Why, AnObjectOfAnotherProcessIsAskedForThere) {
  auto gate = actor<Gate>(ActorOptions{.cpus = 0});
  auto clerk = actor<Clerk>(ActorOptions{.cpus = 0});
  const std::vector<ObjectRef<int>> refs = {clerk.call(&Clerk::work, gate)};
  auto told =
      remote([](const std::vector<ObjectRef<int>>& handed) { return handed[0].why(); })(refs);
  EXPECT_THAT(get(told), AllOf(HasSubstr("was made in another process"),
                               HasSubstr("waits for manta::testing::Clerk::work, submitted")));
  auto waits =
      remote([](const std::vector<ObjectRef<int>>& handed) { return get(handed[0]); })(refs);
  say(waits, [](const std::string& text) {
    return text.find("where it waits for manta::testing::Clerk::work in process") !=
           std::string::npos;
  });
  gate.post(&Gate::open);
  EXPECT_EQ(get(waits), 1);
}

TEST_F(Why, TheTextOfATimeoutSaysItToo) {
  auto gate = actor<Gate>(ActorOptions{.cpus = 0});
  auto one = actor<Clerk>(ActorOptions{.cpus = 0});
  auto two = actor<Clerk>(ActorOptions{.cpus = 0});
  auto asked = one.call(&Clerk::asks, two, gate);
  std::string text;
  EXPECT_TRUE(eventually([&] {
    try {
      get(asked, 20ms);
    } catch (const GetTimeout& error) {
      text = error.what();
    }
    return text.find("waits for manta::testing::Clerk::work") != std::string::npos;
  })) << text;
  gate.post(&Gate::open);
  EXPECT_EQ(get(asked), 1);
}

}  // namespace
}  // namespace manta::testing
