// GPUs by id, memory, environments of tasks, labels, and where tasks may run. No GPU is needed.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

std::string variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "(none)" : value;
}

struct Seen {
  std::vector<int> gpus = {};
  std::string visible = {};
  int pid = 0;
};

Seen look() { return {this_task().gpus(), variable("CUDA_VISIBLE_DEVICES"), ::getpid()}; }

// In the driver, for the length of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;

 private:
  const char* const name_;
};

class ResourcesTest : public ClusterTest {
 protected:
  // Tasks that wait until this is there: so several run at the same time.
  std::string gate() const { return gate_; }
  void open_gate() { std::ofstream(gate_) << 'x'; }
  void SetUp() override {
    ::unsetenv("CUDA_VISIBLE_DEVICES");
    ClusterTest::SetUp();
    gate_ =
        (std::filesystem::temp_directory_path() / ("gate." + std::to_string(::getpid()))).string();
  }
  void TearDown() override {
    std::filesystem::remove(gate_);
    ClusterTest::TearDown();
  }

 private:
  std::string gate_;
};

// Says that it runs by a file of its own beside the gate.
Seen look_behind(const std::string& gate, int number) {
  const std::string mark = gate + "." + std::to_string(number);
  std::ofstream(mark) << 'x';
  eventually([&] { return std::filesystem::exists(gate); });
  std::filesystem::remove(mark);
  return look();
}

bool runs(const std::string& gate, int number) {
  return eventually([&] { return std::filesystem::exists(gate + "." + std::to_string(number)); });
}

// ---- GPUs

TEST_F(ResourcesTest, ATaskSeesTheGpusThatItHas) {
  open({.gpus = 3});
  EXPECT_EQ(cluster().total.at("GPU"), 3);
  const Seen one = get(remote(look, {.gpus = 1})());
  EXPECT_THAT(one.gpus, ElementsAre(0));
  EXPECT_EQ(one.visible, "0");
  const Seen two = get(remote(look, {.gpus = 2})());
  EXPECT_EQ(two.gpus.size(), 2U);
  EXPECT_EQ(two.visible, std::to_string(two.gpus[0]) + "," + std::to_string(two.gpus[1]));
  const Seen none = get(remote(look)());
  EXPECT_THAT(none.gpus, IsEmpty());
  EXPECT_EQ(none.visible, "") << "those of others are hidden";
}

TEST_F(ResourcesTest, WithoutGpusTheVariableIsLeftAlone) {
  const Variable visible("CUDA_VISIBLE_DEVICES", "5");
  open();
  const Seen seen = get(remote(look)());
  EXPECT_THAT(seen.gpus, IsEmpty());
  EXPECT_EQ(seen.visible, "5");
}

TEST_F(ResourcesTest, TheIdsComeFromTheDriversVariable) {
  const Variable visible("CUDA_VISIBLE_DEVICES", "6,GPU-7f,3");
  open({.gpus = 2});
  const Seen seen = get(remote(look, {.gpus = 2})());
  EXPECT_THAT(seen.gpus, ElementsAre(6, 1));
  EXPECT_EQ(seen.visible, "6,GPU-7f");
}

TEST_F(ResourcesTest, OrFromThatOfTheWorkers) {
  const Variable visible("CUDA_VISIBLE_DEVICES", "6,7");
  open({.gpus = 1, .env = {{"CUDA_VISIBLE_DEVICES", "4"}}});
  EXPECT_EQ(get(remote(look, {.gpus = 1})()).visible, "4");
}

TEST_F(ResourcesTest, TasksAtTheSameTimeHaveDifferentGpus) {
  open({.cpus = 4, .gpus = 3});
  std::vector<ObjectRef<Seen>> refs;
  for (int i = 0; i < 3; ++i) refs.push_back(remote(look_behind, {.gpus = 1})(gate(), i));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(runs(gate(), i));
  EXPECT_EQ(cluster().available.at("GPU"), 0);
  open_gate();
  std::set<int> ids;
  for (const Seen& seen : get(refs)) {
    ASSERT_EQ(seen.gpus.size(), 1U);
    EXPECT_EQ(seen.visible, std::to_string(seen.gpus[0]));
    ids.insert(seen.gpus[0]);
  }
  EXPECT_EQ(ids, (std::set{0, 1, 2}));
}

TEST_F(ResourcesTest, PartsShareAGpu) {
  open({.cpus = 4, .gpus = 2});
  std::vector<ObjectRef<Seen>> refs;
  for (int i = 0; i < 2; ++i) refs.push_back(remote(look_behind, {.gpus = 0.5})(gate(), i));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(runs(gate(), i));
  refs.push_back(remote(look_behind, {.gpus = 1})(gate(), 2));
  ASSERT_TRUE(runs(gate(), 2)) << "the other GPU is free altogether";
  open_gate();
  const auto seen = get(refs);
  EXPECT_EQ(seen[0].gpus, seen[1].gpus);
  EXPECT_NE(seen[0].pid, seen[1].pid);
  EXPECT_NE(seen[0].gpus, seen[2].gpus);
}

// What reads the variable at its first use, as CUDA does, never sees it change.
int first_seen() {
  static const int first = this_task().gpus().at(0);
  return first;
}

TEST_F(ResourcesTest, AWorkerHasTheSameGpusAllItsLife) {
  open({.cpus = 4, .gpus = 4});
  const auto check = remote([] { return first_seen() == this_task().gpus().at(0); }, {.gpus = 1});
  const auto pair = remote([] { return this_task().gpus().size() == 2; }, {.gpus = 2});
  std::vector<ObjectRef<bool>> refs;
  for (int i = 0; i < 50; ++i) {
    refs.push_back(check());
    if (i % 10 == 0) refs.push_back(pair());
  }
  for (const bool same : get(refs)) EXPECT_TRUE(same);
}

TEST_F(ResourcesTest, ATaskOfATaskWithGpusHasNone) {
  open({.gpus = 1});
  const auto outer = remote(
      [] {
        const Seen inner = get(remote(look)());
        return inner.pid != ::getpid() && inner.gpus.empty() && inner.visible.empty();
      },
      {.gpus = 1});
  EXPECT_TRUE(get(outer()));
}

struct OnGpu {
  std::vector<int> at_start = this_task().gpus();
  Seen see() const { return look(); }
  std::vector<int> saw() const { return at_start; }
};

TEST_F(ResourcesTest, AnActorHasItsGpusAsLongAsItLives) {
  open({.gpus = 2});
  auto one = actor<OnGpu>(ActorOptions{.gpus = 1});
  const Seen seen = get(one.call(&OnGpu::see));
  EXPECT_EQ(get(one.call(&OnGpu::saw)), seen.gpus);
  EXPECT_EQ(seen.visible, std::to_string(seen.gpus.at(0)));
  const auto other = actor<OnGpu>(ActorOptions{.gpus = 1});
  EXPECT_NE(get(other.call(&OnGpu::see)).gpus, seen.gpus);
  const auto waits = remote(look, {.gpus = 1})();
  EXPECT_THROW(get(waits, std::chrono::milliseconds(1)), GetTimeout);
  EXPECT_THAT(waits.why(), HasSubstr("GPU"));
  one = {};
  EXPECT_EQ(get(waits).gpus, seen.gpus);
}

TEST_F(ResourcesTest, WrongNumbersOfGpusAreRefused) {
  open({.gpus = 2});
  for (const double gpus : {-1.0, 1.5, 1.0 / 0.0, 1e9}) {
    EXPECT_THROW((void)remote(look, {.gpus = gpus})(), InvalidArgument) << gpus;
    EXPECT_THROW((void)actor<OnGpu>(ActorOptions{.gpus = gpus}), InvalidArgument) << gpus;
  }
  const TaskOptions both{.gpus = 1, .env = {{"CUDA_VISIBLE_DEVICES", "0"}}};
  EXPECT_THROW((void)remote(look, both)(), InvalidArgument);
  EXPECT_THAT(error_of<Unschedulable>([] { get(remote(look, {.gpus = 3})()); }),
              HasSubstr("of GPU 3 is asked for, the node has 2"));
}

TEST_F(ResourcesTest, ASessionHasAWholeNumberOfGpus) {
  EXPECT_THROW((void)init({.gpus = 0.5}), InvalidArgument);
  const Variable visible("CUDA_VISIBLE_DEVICES", "0");
  EXPECT_THAT(error_of<InvalidArgument>([] { (void)init({.gpus = 2}); }), HasSubstr("lists 1"));
}

// ---- memory

TEST_F(ResourcesTest, MemoryIsReserved) {
  open({.cpus = 4, .memory = 3 * kGiB});
  EXPECT_EQ(cluster().total.at("memory"), double(3 * kGiB));
  const TaskOptions large{.memory = 2 * kGiB}, small{.memory = kGiB};
  const auto first = remote(look_behind, large)(gate(), 0);
  ASSERT_TRUE(runs(gate(), 0));
  EXPECT_EQ(cluster().available.at("memory"), double(kGiB));
  const auto second = remote(look_behind, large)(gate(), 1);
  EXPECT_THROW(get(second, std::chrono::milliseconds(1)), GetTimeout);
  EXPECT_THAT(second.why(), HasSubstr("2048 MiB of memory"));
  const auto third = remote(look_behind, small)(gate(), 2);
  open_gate();
  get(first);
  get(second);
  get(third);
}

TEST_F(ResourcesTest, MoreMemoryThanThereIsIsUnschedulable) {
  open({.memory = kGiB});
  EXPECT_THAT(error_of<Unschedulable>([] { get(remote(look, {.memory = 2 * kGiB})()); }),
              HasSubstr("of memory 2 GiB is asked for, the node has 1 GiB"));
  const auto large = actor<OnGpu>(ActorOptions{.memory = 2 * kGiB});
  EXPECT_THAT(error_of<Unschedulable>([&] { get(large.ready()); }), HasSubstr("of memory 2 GiB"));
}

TEST_F(ResourcesTest, ByDefaultItIsWhatTheStoreLeaves) {
  open();
  const double memory = cluster().total.at("memory");
  EXPECT_GT(memory, 0);
  EXPECT_LT(memory + double(cluster().nodes[0].store.capacity), 1e15);
  EXPECT_FALSE(cluster().total.contains("GPU"));
}

TEST_F(ResourcesTest, TheVariablesSayTheSame) {
  const Variable gpus("MANTA_GPUS", "2"), memory("MANTA_MEMORY", "2GiB"),
      labels("MANTA_LABELS", "zone=eu,disk=fast");
  open();
  EXPECT_EQ(cluster().total.at("GPU"), 2);
  EXPECT_EQ(cluster().total.at("memory"), double(2 * kGiB));
  EXPECT_EQ(cluster().nodes[0].labels, (Labels{{"disk", "fast"}, {"zone", "eu"}}));
}

TEST_F(ResourcesTest, KnownResourcesHaveFieldsOfTheirOwn) {
  open();
  for (const char* name : {"CPU", "GPU", "memory"}) {
    EXPECT_THAT(error_of<InvalidArgument>([&] {
                  (void)remote(look, {.resources = {{name, 1}}})();
                }),
                HasSubstr("has a field of its own"));
  }
}

// ---- turns

// There are always tasks of the one shape, more than there are CPUs, until that of the other is done.
TEST_F(ResourcesTest, NoShapeIsStarvedByAnother) {
  open({.cpus = 2});
  const auto small = remote([] {});
  std::vector<ObjectRef<void>> running;
  for (int i = 0; i < 100; ++i) running.push_back(small());
  const auto large = remote([] { return this_task().cpus(); }, {.cpus = 2})();
  EXPECT_TRUE(eventually([&] {
    auto [ready, pending] = wait(running, {.num_ready = 50});
    running = std::move(pending);
    while (running.size() < 100) running.push_back(small());
    return large.ready();
  }));
  EXPECT_EQ(get(large), 2);
  get(running);
}

// ---- environments

std::string both(const std::string& a, const std::string& b) {
  return variable(a) + " " + variable(b);
}

TEST_F(ResourcesTest, ATaskHasItsEnvironment) {
  open({.env = {{"SESSION", "s"}, {"BOTH", "session"}}});
  const TaskOptions own{.env = {{"OWN", "1"}, {"BOTH", "task"}}};
  EXPECT_EQ(get(remote(both, own)("OWN", "SESSION")), "1 s");
  EXPECT_EQ(get(remote(both, own)("BOTH", "OWN")), "task 1");
  EXPECT_EQ(get(remote(both)("OWN", "BOTH")), "(none) session");
}

TEST_F(ResourcesTest, WorkersOfDifferentEnvironmentsAreDifferent) {
  open();
  std::map<int, std::set<std::string>> seen;  // by process
  const auto f = [] { return std::pair(::getpid(), variable("OWN")); };
  for (int round = 0; round < 3; ++round) {
    for (const char* value : {"1", "2", "3"}) {
      const auto [pid, own] = get(remote(f, {.env = {{"OWN", value}}})());
      EXPECT_EQ(own, value);
      seen[pid].insert(own);
    }
    const auto [pid, own] = get(remote(f)());
    EXPECT_EQ(own, "(none)");
    seen[pid].insert(own);
  }
  for (const auto& [pid, values] : seen) EXPECT_EQ(values.size(), 1U) << pid;
}

// The dynamic linker has read it before any code of the program ran.
TEST_F(ResourcesTest, TheEnvironmentIsThereFromTheStartOn) {
  open();
  const TaskOptions own{.env = {{"LD_LIBRARY_PATH", "/nowhere/at/all"}, {"PATH", "/nowhere"}}};
  const auto environment = get(remote(
      [] {
        std::ifstream file("/proc/self/environ");
        std::string text;
        for (std::string entry; std::getline(file, entry, '\0');) text += entry + "\n";
        return text;
      },
      own)());
  EXPECT_THAT(environment, AllOf(HasSubstr("LD_LIBRARY_PATH=/nowhere/at/all\n"),
                                 HasSubstr("\nPATH=/nowhere\n")));
}

TEST_F(ResourcesTest, TasksOfATaskDoNotInheritItsEnvironment) {
  open();
  const auto outer = remote(
      [] {
        const auto plain = get(remote(variable)("OWN"));
        const auto other = get(remote(variable, {.env = {{"OWN", "2"}}})("OWN"));
        const auto same = get(remote(variable, {.env = {{"OWN", "1"}}})("OWN"));
        return plain + other + same + variable("OWN");
      },
      {.env = {{"OWN", "1"}}});
  EXPECT_EQ(get(outer()), "(none)211");
}

struct WithVariable {
  std::string say(const std::string& name) const { return variable(name); }
};

TEST_F(ResourcesTest, AnActorHasItsEnvironment) {
  open();
  const auto one = actor<WithVariable>(ActorOptions{.env = {{"OWN", "1"}}});
  const auto plain = actor<WithVariable>();
  EXPECT_EQ(get(one.call(&WithVariable::say, "OWN")), "1");
  EXPECT_EQ(get(plain.call(&WithVariable::say, "OWN")), "(none)");
}

TEST_F(ResourcesTest, WrongVariablesAreRefused) {
  open();
  for (const Environment& env : {Environment{{"", "x"}},
                                 {{"A=B", "x"}},
                                 {{"A", std::string("x\0y", 3)}},
                                 {{"MANTA_CPUS", "1"}},
                                 {{"MANTA_ROLE_FD", "3"}}}) {
    EXPECT_THROW((void)remote(look, {.env = env})(), InvalidArgument);
    EXPECT_THROW((void)actor<WithVariable>(ActorOptions{.env = env}), InvalidArgument);
  }
}

// Ends every worker that is started with the variable.
const bool breaks_at_start = [] {
  if (std::getenv("RESOURCES_TEST_BREAKS") != nullptr) ::_exit(3);
  return false;
}();

TEST_F(ResourcesTest, AnEnvironmentInWhichNoWorkerStartsHarmsNoOtherTask) {
  open();
  const auto broken = remote(look, {.env = {{"RESOURCES_TEST_BREAKS", "1"}}})();
  EXPECT_THAT(get(remote(look)()).gpus, IsEmpty());
  EXPECT_THAT(error_of<WorkerStartFailed>([&] { get(broken); }),
              HasSubstr("a worker process ended before it was ready"));
  EXPECT_THROW(get(remote(look, {.env = {{"RESOURCES_TEST_BREAKS", "2"}}})()), WorkerStartFailed);
  EXPECT_EQ(get(remote(variable, {.env = {{"OWN", "1"}}})("OWN")), "1");
}

TEST_F(ResourcesTest, WorkersWithAnEnvironmentEndWhenTheyAreIdle) {
  open({.cpus = 4});
  get(remote(look)());
  std::set<std::string> with_one;
  for (const char* value : {"1", "2", "3"}) {
    const auto pid = get(remote(look, {.env = {{"OWN", value}}})()).pid;
    with_one.insert(std::to_string(pid) + " ");
  }
  const auto are_gone = [&] {
    const auto now = processes_of(node_pid());
    return std::ranges::none_of(now, [&](const std::string& process) {
      return std::ranges::any_of(with_one,
                                 [&](const auto& pid) { return process.starts_with(pid); });
    });
  };
  EXPECT_TRUE(eventually(are_gone));
  EXPECT_GE(processes_of(node_pid()).size(), 2U) << "the node, and warm plain workers";
  EXPECT_EQ(get(remote(variable, {.env = {{"OWN", "1"}}})("OWN")), "1");
}

// ---- labels and nodes

TEST_F(ResourcesTest, ATaskRunsWhereTheLabelsFit) {
  open({.labels = {{"zone", "eu"}, {"disk", "fast"}}});
  EXPECT_EQ(cluster().nodes[0].labels, (Labels{{"zone", "eu"}, {"disk", "fast"}}));
  for (const LabelSelector& fits : {LabelSelector{{"zone", "eu"}},
                                    {{"zone", "!us"}},
                                    {{"zone", "in(us,eu)"}, {"disk", "fast"}},
                                    {{"gpu", "!in(old,none)"}}}) {
    EXPECT_EQ(get(remote(variable, {.label_selector = fits})("OWN")), "(none)");
  }
  for (const LabelSelector& not_here : {LabelSelector{{"zone", "us"}},
                                        {{"zone", "!eu"}},
                                        {{"zone", "eu"}, {"disk", "slow"}},
                                        {{"gpu", "in(old,none)"}}}) {
    EXPECT_THAT(error_of<Unschedulable>(
                    [&] { get(remote(look, {.name = "picky", .label_selector = not_here})()); }),
                AllOf(HasSubstr("picky"), HasSubstr("label_selector"), HasSubstr("zone=eu")));
  }
  const auto elsewhere = actor<WithVariable>(ActorOptions{.label_selector = {{"zone", "us"}}});
  EXPECT_THROW(get(elsewhere.ready()), Unschedulable);
}

TEST_F(ResourcesTest, MalformedLabelsAreRefusedAtOnce) {
  EXPECT_THROW((void)init({.labels = {{"", "eu"}}}), InvalidArgument);
  EXPECT_THROW((void)init({.labels = {{"zone", "a,b"}}}), InvalidArgument);
  {
    const Variable labels("MANTA_LABELS", "zone");
    EXPECT_THROW((void)init(), InvalidArgument);
  }
  open();
  for (const char* condition : {"", "!", "in()", "in(a", "in(a,)", "a,b", "not a"}) {
    const LabelSelector selector{{"zone", condition}};
    EXPECT_THROW((void)remote(look, {.label_selector = selector})(), InvalidArgument) << condition;
    EXPECT_THROW((void)actor<OnGpu>(ActorOptions{.label_selector = selector}), InvalidArgument);
  }
  EXPECT_THROW((void)remote(look, {.label_selector = {{"a b", "c"}}})(), InvalidArgument);
}

TEST_F(ResourcesTest, StrategiesOnOneNode) {
  open();
  const NodeId here = cluster().nodes[0].id;
  const auto node_of = [](const SchedulingStrategy& strategy) {
    return get(remote([] { return this_task().node(); }, {.strategy = strategy})());
  };
  const NodeId other(1, 2);
  EXPECT_EQ(node_of(Default{}), here);
  EXPECT_EQ(node_of(Spread{}), here);
  EXPECT_EQ(node_of(OnNode{.id = here}), here);
  EXPECT_EQ(node_of(OnNode{.id = other, .soft = true}), here);
  EXPECT_THAT(error_of<Unschedulable>([&] { node_of(OnNode{.id = other}); }),
              AllOf(HasSubstr(other.hex()), HasSubstr(here.hex())));
  const auto lost = actor<OnGpu>(ActorOptions{.strategy = OnNode{.id = other}});
  EXPECT_THROW(get(lost.ready()), Unschedulable);
  EXPECT_THROW(node_of(OnNode{}), InvalidArgument);
  EXPECT_THAT(error_of<InvalidArgument>([&] { node_of(InGroup()); }), HasSubstr("not supported"));
}

// ---- local sessions

TEST_F(ResourcesTest, InALocalSessionGpusAreNumbersAndEnvironmentsRefused) {
  const Variable local("MANTA_LOCAL", "1");
  open({.gpus = 2});
  EXPECT_THAT(get(remote(look, {.gpus = 1})()).gpus, ElementsAre(0));
  EXPECT_THAT(get(remote(look)()).gpus, IsEmpty());
  const auto one = actor<OnGpu>(ActorOptions{.gpus = 2});
  EXPECT_THAT(get(one.call(&OnGpu::see)).gpus, ElementsAre(0, 1));
  EXPECT_THAT(error_of<InvalidArgument>([] {
                (void)remote(look, {.env = {{"A", "1"}}})();
              }),
              HasSubstr("MANTA_LOCAL"));
  EXPECT_THROW((void)actor<OnGpu>(ActorOptions{.env = {{"A", "1"}}}), InvalidArgument);
}

}  // namespace
}  // namespace manta::testing
