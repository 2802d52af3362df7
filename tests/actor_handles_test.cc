// Handles as values, and the order of calls.
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "gate.h"

namespace manta::testing {
namespace {

struct Log {
  // Calls of one caller carry consecutive numbers; gives how many came out of order so far.
  int note(const std::string& caller, int number) {
    ++calls;
    int& last = seen[caller];
    if (number != last + 1) ++wrong;
    last = number;
    return wrong;
  }
  int count() const { return calls; }
  std::map<std::string, int> seen;
  int calls = 0;
  int wrong = 0;
};

struct Cell {
  int value = 0;
  int set(int v) { return value = v; }
  int add(int d) { return value += d; }
  int read() const { return value; }
};
struct Base {
  int pad = 5;
  int read_pad() const { return pad; }
};
struct Other {
  int tag = 6;
  int read_tag() const { return tag; }
};
struct Both : Base, Other {};

int call_it(ActorHandle<Cell> cell, int d) { return get(cell.call(&Cell::add, d)); }
ActorHandle<Cell> same(ActorHandle<Cell> cell) { return cell; }
ActorHandle<Cell> make_cell(int v) {
  auto cell = actor<Cell>();
  get(cell.call(&Cell::set, v));
  return cell;
}

int note_many(ActorHandle<Log> log, const std::string& caller, int count) {
  int wrong = 0;
  std::vector<ObjectRef<int>> calls;
  for (int i = 1; i <= count; ++i) calls.push_back(log.call(&Log::note, caller, i));
  for (const int w : get(calls)) wrong = w;
  return wrong;
}

TEST_F(ClusterTest, CallsRunInTheOrderOfEachCaller) {
  open({.cpus = 3});
  auto log = actor<Log>();
  std::vector<ObjectRef<int>> processes;
  for (int p = 0; p < 3; ++p) {
    processes.push_back(remote(note_many)(log, "process " + std::to_string(p), 500));
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back(
        [&, t] { EXPECT_EQ(note_many(log, "thread " + std::to_string(t), 500), 0); });
  }
  for (auto& thread : threads) thread.join();
  for (const int wrong : get(processes)) EXPECT_EQ(wrong, 0);
  EXPECT_EQ(get(log.call(&Log::count)), 7 * 500);
}

TEST_F(ClusterTest, CallsWithMissingArgumentsHoldUpThoseBehind) {
  open();
  auto gate = actor<Gate>();
  auto cell = actor<Cell>();
  auto late = cell.call(&Cell::set, remote(pass)(gate, 5));
  auto behind = cell.call(&Cell::add, 1);
  EXPECT_EQ(get(remote(call_it)(cell, 100)), 100);  // of another caller: goes ahead
  EXPECT_FALSE(behind.ready());
  EXPECT_NE(behind.why().find("waits for"), std::string::npos) << behind.why();
  gate.post(&Gate::open);
  EXPECT_EQ(get(late), 5);
  EXPECT_EQ(get(behind), 6);
}

TEST_F(ClusterTest, FailedArgumentFailsOnlyItsCall) {
  open();
  auto cell = actor<Cell>();
  auto failed = cell.call(&Cell::set, remote([](int) -> int { throw std::domain_error("no"); })(1));
  auto behind = cell.call(&Cell::add, 2);
  EXPECT_THROW(get(failed), std::domain_error);
  EXPECT_EQ(get(behind), 2);
}

TEST_F(ClusterTest, HandlesArePassedAndReturned) {
  open();
  auto cell = actor<Cell>();
  EXPECT_EQ(get(remote(call_it)(cell, 3)), 3);
  ActorHandle<Cell> back = get(remote(same)(cell));
  EXPECT_TRUE(back == cell);
  EXPECT_EQ(std::hash<ActorHandle<Cell>>()(back), std::hash<ActorHandle<Cell>>()(cell));
  EXPECT_EQ(back.id(), cell.id());
  EXPECT_FALSE(actor<Cell>() == cell);
  EXPECT_EQ(get(back.call(&Cell::add, 1)), 4);
  ActorHandle<Cell> made = get(remote(make_cell)(9));
  EXPECT_EQ(get(made.call(&Cell::read)), 9);
  std::unordered_set<ActorHandle<Cell>> set{cell, back, made};
  EXPECT_EQ(set.size(), 2u);
}

struct Team {
  std::string name;
  std::map<std::string, std::vector<ActorHandle<Cell>>> members;
  ActorHandle<Cell> none;
};
int add_to_all(const Team& team, int d) {
  int sum = 0;
  for (const auto& [role, cells] : team.members) {
    for (const auto& cell : cells) sum += get(cell.call(&Cell::add, d));
  }
  return team.none ? -1 : sum;
}
Team pass_team(Team team) { return team; }

TEST_F(ClusterTest, HandlesNestInValues) {
  open();
  Team team{"t", {{"a", {actor<Cell>(), actor<Cell>()}}, {"b", {actor<Cell>()}}}, {}};
  EXPECT_EQ(get(remote(add_to_all)(team, 1)), 3);
  auto stored = put(team);
  EXPECT_EQ(get(remote(add_to_all)(stored, 1)), 6);
  Team back = get(remote(pass_team)(stored));
  EXPECT_TRUE(back.members["a"][1] == team.members["a"][1]);
  team = {};
  EXPECT_EQ(get(back.members["b"][0].call(&Cell::read)), 2);
  Team got = get(stored);
  back = {};
  stored = {};
  EXPECT_EQ(get(got.members["b"][0].call(&Cell::read)), 2);
}

TEST_F(ClusterTest, HandlesOfBasesTravel) {
  open();
  auto both = actor<Both>();
  ActorHandle<Other> other = both;
  const auto read = [](ActorHandle<Other> handle) { return get(handle.call(&Other::read_tag)); };
  EXPECT_EQ(get(remote(read)(other)), 6);
  EXPECT_EQ(get(remote(read)(both)), 6);  // converted here
  EXPECT_EQ(get(get(put(other)).call(&Other::read_tag)), 6);
}

struct Keeper {
  void keep(ActorHandle<Cell> cell) { cell_ = std::move(cell); }
  int add(int d) { return get(cell_.call(&Cell::add, d)); }
  ActorHandle<Cell> give() const { return cell_; }
  ObjectRef<int> start(int d) { return cell_.call(&Cell::add, d); }
  ActorHandle<Cell> cell_;
};

TEST_F(ClusterTest, ActorsCallActorsThatTheyKeep) {
  open();
  auto cell = actor<Cell>();
  auto keeper = actor<Keeper>();
  get(keeper.call(&Keeper::keep, cell));
  EXPECT_EQ(get(keeper.call(&Keeper::add, 2)), 2);
  cell = {};
  EXPECT_EQ(get(keeper.call(&Keeper::add, 2)), 4);
  EXPECT_EQ(get(get(keeper.call(&Keeper::start, 3))), 7);
  cell = get(keeper.call(&Keeper::give));
  keeper = {};
  EXPECT_EQ(get(cell.call(&Cell::add, 1)), 8);
}

int plus_one(int x) { return x + 1; }

struct Node {
  int waits_for_itself() { return get(this_actor().self<Node>().call(&Node::count)); }
  int waits_for_itself_through_a_task() {
    auto mine = this_actor().self<Node>().call(&Node::count);
    std::vector refs = {put(1), remote(plus_one)(mine)};
    return get(refs)[1];
  }
  ActorHandle<Node> me() const { return this_actor().self<Node>(); }
  bool is_me(ActorHandle<Node> handle) const { return handle == this_actor().self<Node>(); }
  ActorId id() const { return this_actor().id(); }
  int n = 0;
  int count() { return ++n; }
};

TEST_F(ClusterTest, ActorKnowsItself) {
  open();
  auto node = actor<Node>();
  auto self = get(node.call(&Node::me));
  EXPECT_TRUE(self == node);
  EXPECT_EQ(get(node.call(&Node::id)), node.id());
  EXPECT_TRUE(get(node.call(&Node::is_me, self)));
  EXPECT_TRUE(get(node.call(&Node::is_me, node)));
  node = {};
  EXPECT_EQ(get(self.call(&Node::count)), 1);
  auto ended = self.ended();
  self = {};
  get(ended);  // its own handles were temporary: nothing keeps it
}

TEST_F(ClusterTest, WaitingForOneselfIsADeadlock) {
  open();
  auto node = actor<Node>();
  for (const auto& ref :
       {node.call(&Node::waits_for_itself), node.call(&Node::waits_for_itself_through_a_task)}) {
    try {
      get(ref);
      ADD_FAILURE();
    } catch (const DeadlockDetected& error) {
      EXPECT_NE(std::string(error.what()).find("Node::count"), std::string::npos) << error.what();
    }
  }
  EXPECT_GE(get(node.call(&Node::count)), 1);  // it goes on; its own calls have no order with ours
}

TEST_F(ClusterTest, HandlesOfActorsThatAreNotMadeYetTravel) {
  open();
  auto gate = actor<Gate>();
  auto late = actor<Cell>(remote([](ActorHandle<Gate> g) {
    while (!get(g.call(&Gate::is_open))) std::this_thread::yield();
    return Cell{40};
  })(gate));
  // Begins while the actor's constructor still waits for its argument.
  auto user = remote(call_it)(late, 2);
  auto stored = put(std::vector{late});
  auto user_of_stored = remote([](const std::vector<ActorHandle<Cell>>& v) {
    return get(v[0].call(&Cell::read)) > 0;
  })(stored);
  gate.post(&Gate::open);
  EXPECT_EQ(get(user), 42);
  EXPECT_TRUE(get(user_of_stored));
}

TEST_F(ClusterTest, HandlesOfActorsWhoseArgumentsFailTravel) {
  open();
  auto gate = actor<Gate>();
  auto late = actor<Cell>(remote([](ActorHandle<Gate> g) -> Cell {
    while (!get(g.call(&Gate::is_open))) std::this_thread::yield();
    throw std::domain_error("no cell");
  })(gate));
  auto user = remote(call_it)(late, 2);
  gate.post(&Gate::open);
  EXPECT_THROW(get(user), std::domain_error);
  EXPECT_THROW(get(late.ready()), std::domain_error);
}

TEST_F(ClusterTest, ManyActorsAtOnce) {
  open();
  std::vector<ActorHandle<Cell>> cells;
  for (int i = 0; i < 40; ++i) cells.push_back(actor<Cell>());
  std::vector<ObjectRef<int>> calls;
  for (int i = 0; i < 40; ++i) calls.push_back(cells[std::size_t(i)].call(&Cell::set, i));
  const auto values = get(calls);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(values[std::size_t(i)], i);
}

// The node tells all who hold an actor that it is alive: that may come when the first call is made, and not asked yet.
struct Holder {
  ActorHandle<Cell> cell;
  void hold(ActorHandle<Cell> held) { cell = std::move(held); }
  int call(int d) { return get(cell.call(&Cell::add, d)); }
};
TEST_F(ClusterTest, AnActorThatHasJustBegunIsCalledByOneThatHoldsIt) {
  open();
  for (int round = 0; round < 100; ++round) {
    auto cell = actor<Cell>();
    auto holder = actor<Holder>();
    get(cell.call(&Cell::set, 1));
    get(holder.call(&Holder::hold, cell));
    ASSERT_EQ(get(holder.call(&Holder::call, 2), std::chrono::minutes(1)), 3);
  }
}

}  // namespace
}  // namespace manta::testing
