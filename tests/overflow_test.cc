// What is in use beyond the object store's memory continues in a file on disk.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../base/fd.h"
#include "../base/file_tree_fixture.h"
#include "../runtime/process/process.h"
#include "../runtime/worker/wait_for_room.h"
#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kCount = 10 * kMiB / sizeof(long);

class Overflow : public ClusterTest {
 protected:
  void open_small() {
    open({.object_store_bytes = 64 * kMiB, .spill_dirs = {(tree_.root() / "spill").string()}});
  }
  StoreStats store() const { return cluster().nodes.at(0).store; }
  // How many threads wait for room.
  std::uint32_t waiting() const {
    return detail::Process::current("test").store().arena().waiting();
  }

  const base::FileTree tree_;
};

// What is read, so that it is not spilled.
struct Pinned {
  explicit Pinned(ObjectRef<Array<char>> of) : ref(std::move(of)), array(get(ref)) {}
  ObjectRef<Array<char>> ref;
  Array<char> array;
};

Array<long> all_of(long value) { return full<long>(kCount, value); }
long sum(const Array<long>& array) {
  long all = 0;
  for (const long x : array) all += x;
  return all;
}

TEST_F(Overflow, HoldsThreeTimesTheStore) {
  open_small();
  std::vector<Array<long>> held;
  std::vector<ObjectRef<Array<long>>> refs;
  for (long i = 0; i < 20; ++i) {
    refs.push_back(put(all_of(i)));
    held.push_back(get(refs.back()));
  }
  for (long i = 0; i < 20; ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_EQ(held[at][kCount - 1], i);
    EXPECT_EQ(get(remote(sum)(refs[at])), i * long{kCount});
  }
  EXPECT_LE(store().used, store().capacity);
  EXPECT_GE(store().used + store().spilled, 200 * kMiB);
  EXPECT_LT(store().used + store().spilled, 202 * kMiB) << "nothing is copied to be read";
  EXPECT_TRUE(std::filesystem::is_empty(tree_.root() / "spill"));
}

TEST_F(Overflow, OneArrayMayBeLargerThanTheStore) {
  open_small();
  const auto made = remote([] { return full<char>(90 * kMiB, 'x'); })();
  const auto array = get(made);
  EXPECT_EQ(array[0], 'x');
  EXPECT_EQ(array[90 * kMiB - 1], 'x');
  EXPECT_GE(store().spilled, 90 * kMiB);
}

TEST_F(Overflow, ResultsArgumentsAndSmallObjectsGoOnThere) {
  open_small();
  const Pinned filling(put(zeros<char>(60 * kMiB)));
  std::vector<ObjectRef<Array<long>>> results;
  for (long i = 0; i < 6; ++i) results.push_back(remote(all_of)(i));
  for (long i = 0; i < 6; ++i) EXPECT_EQ(get(results[static_cast<std::size_t>(i)])[1], i);
  const std::vector<double> argument(kMiB, 0.5);
  EXPECT_EQ(get(remote([](const std::vector<double>& v) { return v.back(); })(argument)), 0.5);
  std::vector<ObjectRef<std::string>> texts;
  const auto text = [](int i) { return std::string(20'000, static_cast<char>('a' + i % 26)); };
  for (int i = 0; i < 500; ++i) texts.push_back(remote(text)(i));
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(
        get(remote([](const std::string& s) { return s; })(texts[static_cast<std::size_t>(i)])),
        text(i));
  }
}

TEST_F(Overflow, ArraysThereAreReadOnly) {
  open_small();
  const Pinned filling(put(zeros<char>(60 * kMiB)));
  const auto array = put(all_of(1));
  const auto write = [](const Array<long>& a) { const_cast<long*>(a.data())[5] = 7; };
  EXPECT_THAT(error_of<TaskErrorOf<ReadOnlyWrite>>([&] { get(remote(write)(array)); }),
              AllOf(HasSubstr("read-only"), HasSubstr(array.id().hex())));
  EXPECT_EQ(get(array)[5], 1);
}

TEST_F(Overflow, AForkedChildReadsThem) {
  open_small();
  const Pinned filling(put(zeros<char>(60 * kMiB)));
  const auto array = get(put(all_of(3)));
  auto unfrozen = zeros<long>(kCount);
  ASSERT_GE(store().spilled, 20 * kMiB);
  unfrozen[kCount - 1] = 4;
  const pid_t child = ::fork();
  if (child == 0) {
    unfrozen[0] = 9;  // its own copy
    ::_exit(array[kCount - 1] == 3 && unfrozen[kCount - 1] == 4 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(unfrozen[0], 0);
}

TEST_F(Overflow, AProcessThatDiesLeavesNothingThere) {
  open_small();
  const Pinned filling(put(zeros<char>(60 * kMiB)));
  const auto before = store_bytes_used();
  const auto die = [] {
    const auto a = zeros<char>(30 * kMiB);
    const auto b = put(std::string(10 * kMiB, 'x'));
    std::abort();
  };
  EXPECT_THROW(get(remote(die, {.max_retries = 0})()), WorkerCrashed);
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }));
}

TEST_F(Overflow, OneLineSaysSo) {
  open_small();
  const Pinned filling(put(zeros<char>(60 * kMiB)));
  ::testing::internal::CaptureStderr();
  const auto first = put(all_of(1));
  const auto second = put(all_of(2));
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said,
              AllOf(HasSubstr("the object store has 67108864 bytes, all in use"),
                    HasSubstr((tree_.root() / "spill").string()), HasSubstr("object_store_bytes")));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(Overflow, OneLineSaysSoOfWhatIsReadBack) {
  open_small();
  std::vector<ObjectRef<Array<long>>> refs;
  for (long i = 0; i < 10; ++i) refs.push_back(put(all_of(i)));
  ::testing::internal::CaptureStderr();
  const auto held = get(refs);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("the object store has 67108864 bytes, all in use"));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(Overflow, TurnedOffAFullStoreIsAnError) {
  open({.object_store_bytes = 64 * kMiB, .put_timeout = 0s, .overflow = false});
  const Pinned filling(put(zeros<char>(60 * kMiB)));
  EXPECT_THAT(error_of<ObjectStoreFull>([&] { put(all_of(1)); }),
              AllOf(HasSubstr("10485760"), HasSubstr(filling.ref.id().hex())));
  EXPECT_THAT(error_of<ObjectStoreFull>([&] { put(zeros<char>(65 * kMiB)); }),
              HasSubstr("larger store"));
  EXPECT_EQ(store().spilled, 0U);
}

// With a timeout of a year a wait would be a hang, also behind others who wait with reason.
TEST_F(Overflow, TurnedOffWhatIsLargerThanTheStoreDoesNotWait) {
  open({.object_store_bytes = 64 * kMiB, .put_timeout = 24h * 365, .overflow = false});
  const auto put_too_much = [] { put(zeros<char>(65 * kMiB)); };
  const auto advice = AllOf(HasSubstr("68157440 bytes do not fit into a store of 67108864 bytes"),
                            HasSubstr("give init a larger store"));
  EXPECT_THAT(error_of<ObjectStoreFull>(put_too_much), advice);
  EXPECT_THROW(get(remote([] { return full<char>(65 * kMiB, 'x'); })()), ObjectStoreFull);
  EXPECT_THROW(put(std::string(65 * kMiB, 'x')), ObjectStoreFull);
  const auto of_parts = [] { return std::vector<std::string>(8, std::string(10 * kMiB, 'x')); };
  EXPECT_THAT(error_of<ObjectStoreFull>([&] { put(of_parts()); }),
              HasSubstr("83886080 bytes do not fit into a store of 67108864 bytes"));
  EXPECT_THROW(get(remote([of_parts] { return of_parts(); })()), ObjectStoreFull);
  std::optional<Pinned> filling(put(zeros<char>(60 * kMiB)));
  EXPECT_THAT(error_of<ObjectStoreFull>(put_too_much), advice);
  std::thread putting([] { EXPECT_EQ(get(put(all_of(1)))[0], 1); });
  ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
  EXPECT_THAT(error_of<ObjectStoreFull>(put_too_much), advice);
  filling.reset();
  putting.join();
}

// With a timeout of a year a wait would be a hang.
TEST_F(Overflow, TurnedOffAnObjectOnDiskIsNotReadyWhereThereIsNoRoomForIt) {
  open({.object_store_bytes = 64 * kMiB,
        .spill_dirs = {(tree_.root() / "spill").string()},
        .put_timeout = 24h * 365,
        .overflow = false});
  const auto ref = put(all_of(7));
  std::optional<Pinned> filling(put(zeros<char>(60 * kMiB)));
  EXPECT_FALSE(try_get(ref));
  filling.reset();
  EXPECT_TRUE(eventually([&] { return try_get(ref).has_value(); }));
  EXPECT_EQ(try_get(ref)->value()[kCount - 1], 7);
}

struct Hoarder {
  void hold(std::size_t bytes) { held_.push_back(get(put(zeros<char>(bytes)))); }
  // How many more it got before the store was full.
  int hold_more(int count) {
    for (int i = 0; i < count; ++i) {
      try {
        hold(10 * kMiB);
      } catch (const ObjectStoreFull&) {
        return i;
      }
    }
    return count;
  }
  std::vector<Array<char>> held_;
};

// Each would have to give way to the other: a deadlock, if there were no end to the waits.
TEST_F(Overflow, TwoActorsThatHoldEverythingGetTheError) {
  open({.cpus = 2, .object_store_bytes = 64 * kMiB, .put_timeout = 100ms, .overflow = false});
  auto one = actor<Hoarder>(), other = actor<Hoarder>();
  for (auto* const hoarder : {&one, &other}) get(hoarder->call(&Hoarder::hold, 30 * kMiB));
  const auto first = one.call(&Hoarder::hold_more, 10);
  const auto second = other.call(&Hoarder::hold_more, 10);
  EXPECT_EQ(get(first, 30s), 0);
  EXPECT_EQ(get(second, 30s), 0);
  EXPECT_THROW(put(all_of(1)), ObjectStoreFull);
}

// Puts that wait for what another thread of the program frees, one after the other.
TEST_F(Overflow, APutWaitsForRoom) {
  open({.cpus = 1, .object_store_bytes = 64 * kMiB, .overflow = false});
  std::vector<Array<long>> held;
  for (long i = 0; i < 6; ++i) held.push_back(get(put(all_of(i))));
  const auto before = store().objects;
  std::atomic<int> done = 0;
  std::vector<std::thread> putting;
  for (long i = 0; i < 6; ++i) {
    putting.emplace_back([&] {
      EXPECT_EQ(get(put(all_of(7)))[kCount - 1], 7);
      ++done;
    });
  }
  // All six wait, and the store knows it: each of them takes one that is given back.
  ASSERT_TRUE(eventually([&] { return waiting() == 6; }));
  EXPECT_EQ(done, 0);
  EXPECT_EQ(store().objects, before);
  held.clear();
  for (auto& thread : putting) thread.join();
  EXPECT_EQ(done, 6);
}

// The only CPU is that of the call that waits: it is lent, or nobody could drop what is in the way.
TEST_F(Overflow, AResultWaitsForRoomAndLendsItsCpu) {
  open({.cpus = 1, .object_store_bytes = 64 * kMiB, .overflow = false});
  std::optional<Pinned> filling(put(zeros<char>(60 * kMiB)));
  const auto result = remote(all_of)(5);
  ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
  EXPECT_EQ(get(remote([] { return 3; })()), 3);
  filling.reset();
  EXPECT_EQ(get(result)[0], 5);
}

// Two at a time fit, with their arguments; more would take all room for arguments, and nobody could go on. With a
// timeout of a year that would be a hang.
TEST_F(Overflow, TurnedOffTasksThatFitDoNotStopEachOther) {
  open({.cpus = 2,
        .object_store_bytes = 64 * kMiB,
        .spill_dirs = {(tree_.root() / "spill").string()},
        .put_timeout = 24h * 365,
        .overflow = false});
  std::vector<ObjectRef<Array<long>>> arguments, results;
  for (long i = 0; i < 30; ++i) arguments.push_back(put(full<long>(kMiB, i)));
  for (const auto& argument : arguments) {
    results.push_back(remote([](const Array<long>& of) {
      auto next = of.copy();
      ++next[0];
      return std::move(next).freeze();
    })(argument));
  }
  arguments.clear();
  for (long i = 0; i < 30; ++i) {
    EXPECT_EQ(get(std::exchange(results[static_cast<std::size_t>(i)], {}))[0], i + 1);
  }
}

struct Putter {
  int pid() { return ::getpid(); }
  void hold() { held_ = put(all_of(1)); }
  void drop() { held_ = {}; }
  ObjectRef<Array<long>> held_;
};

std::vector<std::string> many_texts() {
  return std::vector<std::string>(300'000, std::string(30, 'x'));
}

constexpr std::size_t kFew = 100;
std::vector<std::string> few_texts() {
  return std::vector<std::string>(kFew, std::string(3'000, 'x'));
}

bool says(const AnyRef& ref, const std::string& text) {
  const bool said = eventually([&] { return ref.why().find(text) != std::string::npos; });
  EXPECT_TRUE(said) << text << "\n" << ref.why();
  return said;
}

TEST_F(Overflow, WhySaysThatACallWaitsForRoom) {
  open({.cpus = 4, .object_store_bytes = 64 * kMiB, .overflow = false});
  auto putter = actor<Putter>();
  const std::string pid = std::to_string(get(putter.call(&Putter::pid)));
  std::optional<Pinned> filling(put(zeros<char>(60 * kMiB)));
  const auto array = remote(all_of)(5);
  const auto list = remote(many_texts)();
  const auto holds = putter.call(&Putter::hold);
  const auto behind = putter.call(&Putter::pid);
  const auto after = remote(sum)(array);
  const std::string room = "waits for room for 10485760 bytes in the object store, since ";
  says(array, ", where it " + room);
  says(after, ", and so for manta::testing::all_of, where it " + room);
  says(holds, "which runs in process " + pid + ", where it " + room);
  says(behind, "waits for its turn in process " + pid + ", where manta::testing::");
  says(behind, "::hold " + room);
  says(list, ", where it waits for room for ");
  // Of several results, small ones, that is said when their call has ended.
  const auto texts = remote(few_texts).unpack(kFew)();
  says(texts[0], ", where a result waits for room for ");
  filling.reset();
  EXPECT_EQ(get(after), 5 * long{kCount});
  get(putter.call(&Putter::drop));
  EXPECT_EQ(get(list).size(), 300'000U);
  EXPECT_EQ(get(texts).size(), kFew);
  EXPECT_THAT(array.why(), Not(HasSubstr("waits")));
}

// Of a call that another thread of this process runs, in the place of a worker.
TEST_F(Overflow, WhySaysItInALocalSessionToo) {
  ::setenv("MANTA_LOCAL", "1", 1);
  open({.object_store_bytes = 64 * kMiB, .overflow = false});
  ::unsetenv("MANTA_LOCAL");
  std::optional<Pinned> filling(put(zeros<char>(60 * kMiB)));
  const auto array = remote(all_of)(5);
  std::thread waits([&] { EXPECT_EQ(get(array)[0], 5); });
  says(array, ", where it waits for room for 10485760 bytes in the object store, since ");
  filling.reset();
  waits.join();
}

TEST_F(Overflow, WhoWaitsTooLongIsToldWhoHoldsWhat) {
  open({.object_store_bytes = 64 * kMiB, .put_timeout = 50ms, .overflow = false});
  const Pinned filling(put(zeros<char>(60 * kMiB)));
  EXPECT_THAT(
      error_of<ObjectStoreFull>([&] { put(all_of(1)); }),
      AllOf(HasSubstr("within 0.05 s"), HasSubstr("put_timeout"),
            HasSubstr("62914560 bytes, object " + filling.ref.id().hex() + ": driver (pid ")));
  EXPECT_THROW(get(remote(all_of)(1)), ObjectStoreFull);
  // Of many small parts: there is room for them only when the function has returned.
  EXPECT_THAT(error_of<ObjectStoreFull>([&] { get(remote(many_texts)()); }),
              AllOf(HasSubstr("within 0.05 s"), HasSubstr(filling.ref.id().hex()),
                    HasSubstr("This was for what ")));
}

struct Owner {
  std::string hold(std::size_t bytes) {
    refs_.push_back(put(full<char>(bytes, 'x')));
    arrays_.push_back(get(refs_.back()));
    return refs_.back().id().hex();
  }
  void let_go() {
    refs_.clear();
    arrays_.clear();
  }
  std::string pid() const { return std::to_string(::getpid()); }
  std::vector<ObjectRef<Array<char>>> refs_;
  std::vector<Array<char>> arrays_;
};

std::vector<std::string> indented_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) {
    if (line.starts_with("  ")) lines.push_back(line);
  }
  return lines;
}

TEST_F(Overflow, TheErrorNamesTheFiveLargestAndWhatHoldsThem) {
  open({.cpus = 2, .object_store_bytes = 64 * kMiB, .put_timeout = 50ms, .overflow = false});
  Owner driver;
  auto one = actor<Owner>(), other = actor<Owner>();
  const std::string driver_pid = driver.pid();
  const std::string pid_of_one = get(one.call(&Owner::pid)),
                    of_other = get(other.call(&Owner::pid));
  std::vector<::testing::Matcher<std::string>> expected;
  const auto expect = [&](std::size_t size, const std::string& object, const std::string& holder) {
    expected.push_back(
        AllOf(HasSubstr("  " + std::to_string(size) + " bytes" + object), HasSubstr(holder)));
  };
  const auto held_by = [](const std::string& pid) { return "(pid " + pid + "): ref, array"; };
  expect(14 * kMiB, ", object " + driver.hold(14 * kMiB), held_by(driver_pid));
  expect(12 * kMiB, ", object " + get(one.call(&Owner::hold, 12 * kMiB)), held_by(pid_of_one));
  expect(10 * kMiB, ", object " + get(other.call(&Owner::hold, 10 * kMiB)), held_by(of_other));
  driver.hold(8 * kMiB);
  driver.refs_.pop_back();
  expect(8 * kMiB, "", "(pid " + driver_pid + "): array");
  expect(6 * kMiB, ", object " + get(one.call(&Owner::hold, 6 * kMiB)), held_by(pid_of_one));
  const std::string sixth = get(other.call(&Owner::hold, 5 * kMiB));
  const std::string error = error_of<ObjectStoreFull>([] { put(zeros<char>(20 * kMiB)); });
  EXPECT_THAT(indented_lines(error), ::testing::ElementsAreArray(expected)) << error;
  EXPECT_THAT(error, Not(HasSubstr(sixth)));
  EXPECT_THAT(error_of<ObjectStoreFull>([&] { get(one.call(&Owner::hold, 20 * kMiB)); }),
              AllOf(HasSubstr("20971520 bytes"), HasSubstr("(pid " + of_other + "): ref, array"),
                    HasSubstr("Owner (pid " + pid_of_one + "), which runs "),
                    HasSubstr("::Owner::hold: ref, array")))
      << "asked by a worker";
  get(one.call(&Owner::let_go));
  get(other.call(&Owner::let_go));
}

std::size_t size_at(const ActorHandle<Gate>& gate, const Array<char>& array) {
  wait_at(gate);
  return array.size();
}

TEST_F(Overflow, TheErrorNamesTheTaskThatHoldsAnArray) {
  open({.cpus = 2, .object_store_bytes = 64 * kMiB, .put_timeout = 50ms, .overflow = false});
  auto gate = actor<Gate>();
  const Pinned filling(put(zeros<char>(60 * kMiB)));  // else it may be spilled before it is read
  const auto size = remote(size_at)(gate, filling.ref);
  const auto in_task = AllOf(HasSubstr("object " + filling.ref.id().hex() + ": driver (pid "),
                             HasSubstr("; worker (pid "), HasSubstr("), which runs "),
                             HasSubstr("::size_at: array"));
  std::string error;
  EXPECT_TRUE(eventually([&] {
    error = error_of<ObjectStoreFull>([] { put(all_of(1)); });
    return ::testing::Value(error, in_task);
  })) << error;
  gate.post(&Gate::open);
  EXPECT_EQ(get(size), 60 * kMiB);
}

// What this process writes to its standard error meanwhile goes to a file.
class ToFile {
 public:
  explicit ToFile(std::filesystem::path file)
      : file_(std::move(file)), before_(base::Fd(::dup(STDERR_FILENO))) {
    const base::Fd to(::open(file_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
    ::dup2(to.get(), STDERR_FILENO);
  }
  ~ToFile() { ::dup2(before_.get(), STDERR_FILENO); }
  ToFile(const ToFile&) = delete;
  ToFile& operator=(const ToFile&) = delete;
  std::string text() const {
    std::ifstream in(file_);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  const std::filesystem::path file_;
  const base::Fd before_;
};

std::size_t count_of(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

// When the second is warned the first has looked again, once more than that.
TEST_F(Overflow, WhoWaitsLongIsWarnedOnce) {
  detail::room_warned_after_ms = 0;
  open({.object_store_bytes = 64 * kMiB, .overflow = false});
  std::optional<Pinned> filling(put(zeros<char>(60 * kMiB)));
  const ToFile said(tree_.root() / "said");
  const auto warned = [&](const char* bytes) {
    return count_of(std::string(" s for room for ") + bytes + " bytes", said.text());
  };
  std::thread first([] { EXPECT_EQ(get(put(all_of(1)))[0], 1); });
  EXPECT_TRUE(eventually([&] { return warned("10485760") == 1; }));
  std::thread second([] { EXPECT_EQ(put(zeros<char>(9 * kMiB)).ready(), true); });
  EXPECT_TRUE(eventually([&] { return warned("9437184") == 1; }));
  const std::string text = said.text();
  const std::string holder = "62914560 bytes, object " + filling->ref.id().hex() +
                             ": driver (pid " + std::to_string(::getpid()) + "): ref, array";
  EXPECT_EQ(count_of(holder, text), 2U) << text;
  EXPECT_EQ(warned("10485760"), 1U) << text;
  filling.reset();
  first.join();
  second.join();
  detail::room_warned_after_ms = 10'000;
}

// It is made known under a lock (decision 036), and has more refs than a message takes. (Until then it is outside of
// the store, being one of few.)
TEST_F(Overflow, AValueThatLeavesItsProcessDoesNotWait) {
  open({.cpus = 1, .object_store_bytes = 64 * kMiB, .overflow = false});
  const auto filling = put(zeros<char>(63 * kMiB + kMiB / 2));
  using Refs = std::vector<ObjectRef<int>>;
  Refs many;
  for (int i = 0; i < 10'000; ++i) many.push_back(put(i));
  const auto refs = put(many);
  const auto size = remote([](const std::vector<ObjectRef<Refs>>& outer) {
    return get(outer.at(0)).size();
  })(std::vector{refs});
  EXPECT_THAT(error_of<ObjectStoreFull>([&] { get(size); }),
              AllOf(HasSubstr("no room for 2"), HasSubstr("a value that leaves its process")));
}

TEST_F(Overflow, AProcessThatDiesWaitingIsForgotten) {
  open({.cpus = 2, .object_store_bytes = 64 * kMiB, .overflow = false});
  std::optional<Pinned> filling(put(zeros<char>(60 * kMiB)));
  const auto putter = actor<Putter>();
  const auto pid = get(putter.call(&Putter::pid));
  const auto call = putter.call(&Putter::hold);
  ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
  ::kill(pid, SIGKILL);
  EXPECT_THROW(get(call), ActorDied);
  EXPECT_TRUE(eventually([&] { return waiting() == 0; }));
  filling.reset();
  EXPECT_EQ(get(put(all_of(2)))[0], 2);
}

TEST_F(Overflow, ASessionThatEndsEndsTheWaits) {
  open({.object_store_bytes = 64 * kMiB, .overflow = false});
  std::optional<Pinned> filling(put(zeros<char>(60 * kMiB)));
  std::thread putting([] { EXPECT_THROW(put(all_of(1)), InvalidArgument); });
  ASSERT_TRUE(eventually([&] { return waiting() == 1; }));
  filling.reset();
  store_is_not_checked();
  close();
  putting.join();
}

TEST_F(Overflow, ADirectoryThatWillNotDoIsNamedByInit) {
  tree_.write("file", "");
  const auto refusal = [](const std::string& directory) {
    return error_of<InvalidArgument>([&] { (void)init({.spill_dirs = {directory}}); });
  };
  EXPECT_THAT(refusal((tree_.root() / "file").string()),
              AllOf(HasSubstr("spill_dirs"), HasSubstr("/file\""), HasSubstr("Not a directory")));
  EXPECT_THAT(refusal((tree_.root() / "file" / "below").string()),
              AllOf(HasSubstr("spill_dirs"), HasSubstr("cannot be made")));
  EXPECT_THAT(refusal("s3://bucket/prefix"),
              AllOf(HasSubstr("spill_dirs"), HasSubstr("AWS_ACCESS_KEY_ID")));
  EXPECT_THAT(refusal(""), HasSubstr("no directory"));
  EXPECT_THAT(refusal("file:///tmp/x"), HasSubstr("neither a directory nor a place in S3"));
  EXPECT_THAT(refusal("~/x"), HasSubstr("only a shell knows"));
}

}  // namespace
}  // namespace manta::testing
