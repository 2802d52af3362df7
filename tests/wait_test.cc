// wait, ready, why, on_ready, wait_with_progress: on objects of one driver.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "gate.h"

namespace manta::testing {
namespace {

using namespace std::chrono_literals;

int twice(int n) { return 2 * n; }
int fails(int n) { throw std::out_of_range("number " + std::to_string(n)); }
void nothing() {}

TEST_F(ClusterTest, WaitGivesTheFirstReadyInInputOrder) {
  open();
  auto gate = actor<Gate>();
  auto late = remote(pass)(gate, 1);
  auto a = put(1), b = put(2);
  auto result = wait({late, a, b}, {.num_ready = 1});
  EXPECT_EQ(result.ready, std::vector{a});
  EXPECT_EQ(result.pending, (std::vector{late, b}));
  result = wait(std::vector{b, late, a}, {.num_ready = 2});
  EXPECT_EQ(result.ready, (std::vector{b, a}));
  EXPECT_EQ(result.pending, std::vector{late});
  result = wait({late, a}, {.num_ready = 2, .timeout = 1ms});
  EXPECT_EQ(result.ready, std::vector{a});
  result = wait({a, a, late}, {.num_ready = 2});  // duplicates count separately
  EXPECT_EQ(result.ready, (std::vector{a, a}));
  result = wait({a, late}, {.num_ready = 0});
  EXPECT_TRUE(result.ready.empty());
  EXPECT_EQ(result.pending, (std::vector{a, late}));
  EXPECT_THROW(wait({a}, {.num_ready = 2}), InvalidArgument);
  EXPECT_THROW(wait(std::vector<ObjectRef<int>>{}), InvalidArgument);
  EXPECT_TRUE(wait(std::vector<ObjectRef<int>>{}, {.num_ready = 0}).ready.empty());
  EXPECT_THROW(wait({late}, {.num_ready = 1, .timeout = Timeout(-1s)}), InvalidArgument);
  auto failed = remote(fails)(1);
  EXPECT_EQ(wait({failed}).ready.size(), 1u);  // a failed one is ready
  auto mixed = wait(std::vector<AnyRef>{late, put("x"), remote(nothing)()}, {.num_ready = 2});
  EXPECT_EQ(mixed.ready.size(), 2u);
  EXPECT_TRUE(mixed.pending[0] == late);
  EXPECT_EQ(get(mixed.ready[0].as<std::string>()), "x");
  EXPECT_THROW(mixed.ready[0].as<int>(), InvalidArgument);
  gate.post(&Gate::open);
  EXPECT_EQ(wait({late}).ready.size(), 1u);
  EXPECT_THROW(get(failed), std::out_of_range);
}

long submitted_ms_ago(const std::string& why) {
  const auto at = why.find("submitted ");
  return at == std::string::npos ? -1 : std::strtol(why.c_str() + at + 10, nullptr, 10);
}

TEST_F(ClusterTest, ReadyAndWhy) {
  open();
  auto gate = actor<Gate>();
  const auto before = std::chrono::steady_clock::now();
  auto late = remote(pass)(gate, 1);
  const long ago = submitted_ms_ago(late.why());
  EXPECT_GE(ago, 0) << late.why();
  EXPECT_LE(std::chrono::milliseconds(ago), std::chrono::steady_clock::now() - before + 100ms);
  auto behind = remote(twice)(late);
  EXPECT_FALSE(late.ready());
  EXPECT_FALSE(AnyRef(late).ready());
  EXPECT_NE(late.why().find("pass"), std::string::npos) << late.why();
  EXPECT_NE(behind.why().find("argument"), std::string::npos) << behind.why();
  EXPECT_EQ(behind.why().find('\n'), std::string::npos);
  gate.post(&Gate::open);
  EXPECT_EQ(get(behind), 2);
  EXPECT_TRUE(late.ready());
  EXPECT_NE(late.why().find("ready"), std::string::npos) << late.why();
  auto failed = remote(fails)(1);
  wait({failed});
  EXPECT_NE(failed.why().find("number 1"), std::string::npos) << failed.why();
  EXPECT_THROW(get(failed), std::out_of_range);
}

int process_that_passes(ActorHandle<Gate> gate) {
  pass(gate, 0);
  return ::getpid();
}
struct Passer {
  int passes = 0;
  explicit Passer(int n) : passes(n) {}
  int pass(ActorHandle<Gate> gate) { return process_that_passes(gate); }
};

TEST_F(ClusterTest, WhyNamesTheProcessThatRuns) {
  open();
  const auto gate = actor<Gate>();
  const auto passer = actor<Passer>(0);
  const auto task = remote(process_that_passes)(gate);
  const auto call = passer.call(&Passer::pass, gate);
  const auto behind = passer.call(&Passer::pass, gate);
  const auto says = [](const AnyRef& ref, const std::string& words) {
    return eventually([&] { return ref.why().find(words) != std::string::npos; });
  };
  EXPECT_TRUE(says(task, "which runs in process ")) << task.why();
  EXPECT_TRUE(says(call, "which runs in process ")) << call.why();
  EXPECT_TRUE(says(behind, "which waits for its turn in process ")) << behind.why();
  // On a busy machine a process waits long enough for the gate's answer to be told of that, too.
  const auto where = [](const AnyRef& ref) {
    const std::string why = ref.why();
    return why.substr(0, why.find(", where it waits for manta::testing::Gate::is_open"));
  };
  const std::string of_task = where(task), of_call = where(call);
  gate.post(&Gate::open);
  EXPECT_TRUE(of_task.ends_with(" " + std::to_string(get(task)))) << of_task;
  EXPECT_TRUE(of_call.ends_with(" " + std::to_string(get(call)))) << of_call;
}

TEST_F(ClusterTest, WhyNamesWhatATaskNeeds) {
  open({.cpus = 2, .resources = {{"gpu_mem", 1}}});
  const auto gate = actor<Gate>();
  const TaskOptions options = {.resources = {{"gpu_mem", 0.75}}};
  const auto first = remote(process_that_passes, options)(gate);
  EXPECT_TRUE(eventually([&] { return first.why().find("runs in") != std::string::npos; }));
  const auto second = remote(process_that_passes, options)(gate);
  EXPECT_NE(second.why().find("waits for a worker with 1 cpu and 0.75 gpu_mem free"),
            std::string::npos)
      << second.why();
  gate.post(&Gate::open);
  get(first, second);
}

TEST_F(ClusterTest, WhyOfReadyAndEndedNamesTheActor) {
  open();
  const auto gate = actor<Gate>();
  const auto passer = actor<Passer>(remote(pass)(gate, 1));
  const auto ready = passer.ready(), ended = passer.ended();
  const std::string id = passer.id().hex();
  EXPECT_NE(ready.why().find("ready() of actor " + id + ", which is starting"), std::string::npos)
      << ready.why();
  EXPECT_NE(ended.why().find("ended() of actor " + id + ", which is starting"), std::string::npos)
      << ended.why();
  gate.post(&Gate::open);
  get(ready);
  EXPECT_NE(ended.why().find("ended() of actor " + id + ", which is alive"), std::string::npos)
      << ended.why();
}

TEST_F(ClusterTest, OnReadyCallsOnce) {
  open();
  auto gate = actor<Gate>();
  auto late = remote(pass)(gate, 1);
  std::atomic<int> calls{0}, calls_of_failed{0};
  late.on_ready([&] { ++calls; });
  AnyRef(late).on_ready([&] { ++calls; });
  put(1).on_ready([&] { ++calls; });
  auto failed = remote(fails)(1);
  failed.on_ready([&] { ++calls_of_failed; });
  EXPECT_TRUE(eventually([&] { return calls == 1 && calls_of_failed == 1; }));
  gate.post(&Gate::open);
  EXPECT_EQ(get(late), 1);
  EXPECT_TRUE(eventually([&] { return calls == 3; }));
  late.on_ready([] { throw std::runtime_error("printed, nothing else"); });
  std::atomic<bool> value{false};
  late.on_ready([&] { value = get(late) == 1; });
  EXPECT_TRUE(eventually([&] { return value.load(); }));
  EXPECT_THROW(get(failed), std::out_of_range);
}

TEST_F(ClusterTest, WaitWithProgressWaitsForAll) {
  open();
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 30; ++i) refs.push_back(remote(twice)(i));
  ::testing::internal::CaptureStderr();
  wait_with_progress(refs, "doubling");
  wait_with_progress({refs[0], remote(nothing)()}, "mixed");
  wait_with_progress(std::vector<AnyRef>{}, "none");
  const auto text = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("doubling"), std::string::npos) << text;
  EXPECT_NE(text.find("30/30"), std::string::npos) << text;
  for (const auto& ref : refs) EXPECT_TRUE(ref.ready());
}

}  // namespace
}  // namespace manta::testing
