// try_get, get_each, Outcome: values and errors without exceptions; and which of many refs an error belongs to.
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"

namespace {

struct Foreign {  // its serializer is taken away
  explicit Foreign(int n) : value(n) {}
  int value;
};

}  // namespace

template <>
inline constexpr bool manta::dynamic_serializer<Foreign> = true;

namespace manta::testing {
namespace {

using namespace std::chrono_literals;

int checked_root(int n) {
  if (n < 0) throw std::invalid_argument("negative: " + std::to_string(n));
  return n * n;
}
void nothing_if(bool good) {
  if (!good) throw std::domain_error("not good");
}
void crashes() { std::abort(); }
std::string text_of(int n) { return std::to_string(checked_root(n)); }
std::unique_ptr<int> owned(int n) { return std::make_unique<int>(checked_root(n)); }

struct NotDefault {
  explicit NotDefault(int n) : value(n) {}
  int value;
  auto manta_reduce() const { return std::tuple(value); }
};
NotDefault not_default(int n) { return NotDefault(checked_root(n)); }

static_assert(std::is_void_v<decltype(std::declval<const Outcome<void>&>().value())>);
static_assert(std::is_same_v<decltype(std::declval<const Outcome<int>&>().value()), const int&>);
static_assert(std::is_same_v<decltype(std::declval<Outcome<int>>().value()), int>);
static_assert(std::is_copy_constructible_v<Outcome<std::string>>);
static_assert(!std::is_copy_constructible_v<Outcome<std::unique_ptr<int>>>);

template <class E>
std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const E& e) {
    const auto* of_task = dynamic_cast<const TaskError*>(&e);
    return of_task != nullptr ? of_task->message() : e.what();
  } catch (...) {
    return "another type";
  }
}

TEST_F(ClusterTest, GetEachGivesValuesAndErrorsByIndex) {
  open();
  std::vector<ObjectRef<int>> refs;
  for (const int n : {3, -1, 5, -2}) refs.push_back(remote(checked_root)(n));
  const auto outcomes = get_each(refs);
  ASSERT_EQ(outcomes.size(), 4u);
  EXPECT_TRUE(outcomes[0]);
  EXPECT_EQ(outcomes[0].value(), 9);
  EXPECT_EQ(outcomes[0].error(), nullptr);
  EXPECT_EQ(outcomes[2].value(), 25);
  EXPECT_FALSE(outcomes[1].has_value());
  EXPECT_EQ(message_of<std::invalid_argument>(outcomes[1].error()), "negative: -1");
  EXPECT_THROW((void)outcomes[3].value(), std::invalid_argument);
  EXPECT_THROW((void)outcomes[3].value(), TaskError);  // again, also as Manta's
  EXPECT_TRUE(get_each(std::vector<ObjectRef<int>>{}).empty());
}

TEST_F(ClusterTest, GetEachOfManyKindsOfValues) {
  open();
  const auto none = get_each(std::vector{remote(nothing_if)(true), remote(nothing_if)(false)});
  none[0].value();
  EXPECT_THROW(none[1].value(), std::domain_error);
  auto pointers = get_each(std::vector{remote(owned)(4), remote(owned)(-4)});
  EXPECT_EQ(*std::move(pointers[0]).value(), 16);
  EXPECT_FALSE(pointers[1]);
  EXPECT_EQ(get_each(std::vector{remote(not_default)(2)})[0].value().value, 4);
  const auto array = get_each(std::vector<ObjectRef<Array<int>>>{put(arange<int>(100'000))});
  EXPECT_EQ(array[0].value()[99'999], 99'999);
  const auto crashed = get_each(std::vector{remote(crashes, {.max_retries = 0})()});
  EXPECT_THROW(crashed[0].value(), WorkerCrashed);
  const auto nested = get_each(std::vector{put(put(5))});
  EXPECT_EQ(get(nested[0].value()), 5);
  EXPECT_FALSE(get_each(std::vector{put(false)})[0].value());  // a value all the same
}

TEST_F(ClusterTest, GetEachHasATimeout) {
  open();
  const auto gate = actor<Gate>();
  const std::vector refs{put(1), remote(pass)(gate, 2), put(3)};
  const auto text = error_of<GetTimeout>([&] { (void)get_each(refs, 10ms); });
  EXPECT_NE(text.find("get_each"), std::string::npos) << text;
  EXPECT_NE(text.find("index 1 of 3 refs"), std::string::npos) << text;
  EXPECT_NE(text.find("pass"), std::string::npos) << text;
  EXPECT_THROW((void)get_each(refs, Timeout(-1s)), InvalidArgument);
  gate.post(&Gate::open);
  EXPECT_EQ(get_each(refs, 1h)[1].value(), 2);
}

TEST_F(ClusterTest, TryGetNeverWaits) {
  open();
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 1);
  EXPECT_FALSE(try_get(late).has_value());
  gate.post(&Gate::open);
  EXPECT_TRUE(eventually([&] { return try_get(late).has_value(); }));
  EXPECT_EQ(try_get(late)->value(), 1);
  EXPECT_EQ(try_get(put(std::string("here")))->value(), "here");
  const auto failed = remote(checked_root)(-7);
  EXPECT_TRUE(eventually([&] { return try_get(failed).has_value(); }));
  EXPECT_EQ(message_of<std::invalid_argument>(try_get(failed)->error()), "negative: -7");
  const auto none = remote(nothing_if)(true);
  EXPECT_TRUE(eventually([&] { return try_get(none).has_value(); }));
  try_get(none)->value();
  auto freed = put(8);
  free(freed);
  EXPECT_EQ(message_of<ObjectLost>(try_get(freed)->error()).find("another"), std::string::npos);
}

int polls(const std::vector<ObjectRef<int>>& refs) {
  while (!try_get(refs[0])) std::this_thread::yield();
  return try_get(refs[0])->value();
}
std::vector<ObjectRef<int>> hands_up(ActorHandle<Gate> gate) { return {remote(pass)(gate, 6)}; }

TEST_F(ClusterTest, PollingForAnObjectMadeElsewhereEnds) {
  open({.cpus = 4});
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 5);
  const auto polled = remote(polls)(std::vector{late});
  const auto theirs = get(remote(hands_up)(gate));
  EXPECT_FALSE(try_get(theirs[0]).has_value());
  gate.post(&Gate::open);
  EXPECT_EQ(get(polled), 5);
  EXPECT_TRUE(eventually([&] { return try_get(theirs[0]).has_value(); }));
  EXPECT_EQ(polls(theirs), 6);
}

TEST_F(ClusterTest, OutcomesRefuseWhatMakesNoSense) {
  EXPECT_THROW((void)try_get(ObjectRef<int>()), InvalidArgument);
  EXPECT_THROW((void)get_each(std::vector<ObjectRef<int>>{}), InvalidArgument);  // no session
  open();
  const auto old = put(1);
  EXPECT_THROW((void)get_each(std::vector{old, ObjectRef<int>()}), InvalidArgument);
  close();
  EXPECT_THROW((void)try_get(old), InvalidArgument);
  open();
  EXPECT_THROW((void)try_get(old), InvalidArgument);
  EXPECT_THROW((void)get_each(std::vector{put(1), old}), InvalidArgument);
}

std::vector<Outcome<int>> collects(const std::vector<ObjectRef<int>>& refs) {
  return get_each(refs);
}
int count_good(const std::vector<Outcome<int>>& outcomes, Outcome<std::string> one) {
  int good = one ? 100 : 0;
  for (const auto& outcome : outcomes) good += outcome ? 1 : 0;
  return good;
}
struct Report {
  std::map<std::string, Outcome<void>> steps;
  std::optional<Outcome<int>> last;
};
Report report(const std::vector<ObjectRef<void>>& refs) {
  Report result;
  const auto each = get_each(refs);
  for (std::size_t i = 0; i < each.size(); ++i) {
    result.steps.emplace("step " + std::to_string(i), each[i]);
  }
  return result;
}

TEST_F(ClusterTest, OutcomesTravel) {
  open();
  const std::vector refs{remote(checked_root)(2), remote(checked_root)(-2)};
  const auto outcomes = get(remote(collects)(refs));
  EXPECT_EQ(outcomes[0].value(), 4);
  EXPECT_EQ(message_of<std::invalid_argument>(outcomes[1].error()), "negative: -2");
  const auto stored = get(put(outcomes));
  EXPECT_THROW((void)stored[1].value(), std::invalid_argument);
  const auto texts = get_each(std::vector{remote(text_of)(3), remote(text_of)(-3)});
  EXPECT_EQ(get(remote(count_good)(outcomes, texts[0])), 101);
  EXPECT_EQ(get(remote(count_good)(put(outcomes), texts[1])), 1);
  const auto steps =
      get(remote(report)(std::vector{remote(nothing_if)(true), remote(nothing_if)(false)})).steps;
  steps.at("step 0").value();
  EXPECT_THROW(steps.at("step 1").value(), std::domain_error);
  const auto copy = deserialize<std::vector<Outcome<int>>>(serialize(outcomes));
  EXPECT_EQ(copy[0].value(), 4);
  EXPECT_THROW((void)copy[1].value(), std::invalid_argument);
  auto owned_back = deserialize<Outcome<std::unique_ptr<int>>>(
      serialize(get_each(std::vector{remote(owned)(6)})[0]));
  EXPECT_EQ(*owned_back.value(), 36);
  EXPECT_FALSE(inspect_serializability<Outcome<std::thread>>().serializable);
  EXPECT_TRUE(inspect_serializability<Outcome<void>>().serializable);
  EXPECT_TRUE(inspect_serializability<Outcome<std::vector<int>>>().serializable);
}

TEST_F(ClusterTest, AnErrorLookedAtThroughAnOutcomeIsNotReportedAgain) {
  open();
  ::testing::internal::CaptureStderr();
  {
    const auto failed = remote(checked_root)(-1);
    EXPECT_TRUE(eventually([&] { return try_get(failed).has_value(); }));
    EXPECT_FALSE(get_each(std::vector{remote(checked_root)(-2), remote(checked_root)(3)})[0]);
  }  // with the last ref an unseen error would be reported
  const auto text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("negative"), std::string::npos) << text;
}

TEST_F(ClusterTest, TheErrorOfAListSaysWhichIndex) {
  open();
  const auto good = put(1);
  const auto bad = remote(checked_root)(-3), worse = remote(checked_root)(-4);
  wait({bad, worse}, {.num_ready = 2});
  const std::vector refs{good, good, bad, good, worse};
  const auto text = error_of<std::invalid_argument>([&] { (void)get(refs); });
  EXPECT_NE(text.find("index 2 of 5 refs"), std::string::npos) << text;
  EXPECT_NE(text.find("negative: -3"), std::string::npos) << text;
  EXPECT_EQ(error_of<TaskError>([&] { (void)get(refs, 1h); }), text);
  const auto braces = error_of<std::invalid_argument>([&] { (void)get({good, worse}); });
  EXPECT_NE(braces.find("index 1 of 2 refs"), std::string::npos) << braces;
  const auto tuple = error_of<std::invalid_argument>([&] { (void)get(good, put("x"), worse); });
  EXPECT_NE(tuple.find("index 2 of 3 refs"), std::string::npos) << tuple;
  const auto one = error_of<std::invalid_argument>([&] { (void)get({bad}); });
  EXPECT_NE(one.find("index 0 of 1 ref given"), std::string::npos) << one;
  const auto alone = error_of<std::invalid_argument>([&] { (void)get(bad); });
  EXPECT_EQ(alone.find("index"), std::string::npos) << alone;
  const auto crashed = remote(crashes, {.max_retries = 0})();
  const auto crash = error_of<WorkerCrashed>([&] { get({remote(nothing_if)(true), crashed}); });
  EXPECT_NE(crash.find("index 1 of 2 refs"), std::string::npos) << crash;
  try {
    (void)get(refs);
  } catch (const TaskError& error) {
    EXPECT_EQ(error.message(), "negative: -3");  // the user's text is untouched
  }
}

TEST_F(ClusterTest, AValueOfAListThatCannotBeReadSaysWhichIndex) {
  open();
  register_serializer<Foreign>([](const Foreign& foreign) { return foreign.value; },
                               [](int value) { return Foreign(value); });
  const std::vector refs{put(Foreign(1)), put(Foreign(2))};
  deregister_serializer<Foreign>();
  const auto list = error_of<SerializationError>([&] { (void)get(refs); });
  EXPECT_NE(list.find("index 0 of 2 refs"), std::string::npos) << list;
  const auto tuple = error_of<SerializationError>([&] { (void)get(put(1), put(2), refs[1]); });
  EXPECT_NE(tuple.find("index 2 of 3 refs"), std::string::npos) << tuple;
  const auto alone = error_of<SerializationError>([&] { (void)get(refs[0]); });
  EXPECT_EQ(alone.find("index"), std::string::npos) << alone;
}

std::vector<int> gets_a_list(const std::vector<ObjectRef<int>>& refs) { return get(refs); }

TEST_F(ClusterTest, TheIndexTravelsWithTheError) {
  open();
  const std::vector refs{put(1), remote(checked_root)(-3)};
  const auto text = error_of<std::invalid_argument>([&] { (void)get(remote(gets_a_list)(refs)); });
  EXPECT_NE(text.find("index 1 of 2 refs"), std::string::npos) << text;
}

TEST_F(ClusterTest, TheTimeoutOfAListSaysWhichIndex) {
  open();
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 2);
  const auto text = error_of<GetTimeout>([&] { (void)get({put(1), put(1), late, late}, 5ms); });
  EXPECT_NE(text.find("2 objects are not ready"), std::string::npos) << text;
  EXPECT_NE(text.find("index 2 of 4 refs"), std::string::npos) << text;
  gate.post(&Gate::open);
}

}  // namespace
}  // namespace manta::testing
