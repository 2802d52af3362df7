// Processes that die, or stop, at the moments that matter to the object store: nothing is lost that others use, and
// nothing is left of what they had.
#include <atomic>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "gate.h"

namespace manta::testing {
namespace {

constexpr std::size_t kLarge = std::size_t{3} << 20;  // a run of slabs
constexpr std::size_t kSmall = 100'000;               // a small block

class StoreFaults : public ClusterTest {
 protected:
  // The actor that is called ends; a call may overtake that.
  static bool dies(const std::function<void()>& call) {
    return eventually([&] {
      try {
        call();
      } catch (const ActorDied&) {
        return true;
      }
      return false;
    });
  }
  void expect_as_before(std::uint64_t before) {
    std::uint64_t used = 0;
    EXPECT_TRUE(eventually([&] { return (used = store_bytes_used()) <= before; }))
        << used << " bytes are in use, before it were " << before;
  }
};

void die() { ::kill(::getpid(), SIGKILL); }

// ---- a process that makes an object

enum class Moment { kFilled, kFrozen, kPut, kInAnObject, kInACall };

Array<char> die_at(Moment moment, std::size_t size) {
  auto filled = uninitialized<char>(size);
  if (moment == Moment::kFilled) die();
  Array<char> array = std::move(filled).freeze();
  if (moment == Moment::kFrozen) die();
  const auto ref = put(array);
  if (moment == Moment::kPut) die();
  const auto outer = put(std::vector{ref, ref});
  if (moment == Moment::kInAnObject) die();
  const auto call = remote([](const std::vector<ObjectRef<Array<char>>>& refs) {
    return get(refs.at(1)).size();
  })(get(outer));
  (void)call.ready();
  die();
  return array;
}

TEST_F(StoreFaults, AMakerThatDiesLeavesNothing) {
  open({.cpus = 2});
  const auto before = store_bytes_used();
  for (const std::size_t size : {kSmall, kLarge}) {
    for (const Moment moment :
         {Moment::kFilled, Moment::kFrozen, Moment::kPut, Moment::kInAnObject, Moment::kInACall}) {
      const auto ref = remote(die_at, {.max_retries = 0})(moment, size);
      EXPECT_THROW(get(ref), WorkerCrashed);
      expect_as_before(before);
    }
  }
}

struct Maker {
  Array<char> make(std::size_t size, char value) { return full<char>(size, value); }
  ObjectRef<Array<char>> keep(std::size_t size, char value) {
    kept_ = put(full<char>(size, value));
    return *kept_;
  }
  std::optional<ObjectRef<Array<char>>> kept_;
};

bool is_all(const Array<char>& array, char value) {
  for (const char x : array) {
    if (x != value) return false;
  }
  return array.size() != 0;
}

// The slabs of small blocks were its own.
TEST_F(StoreFaults, WhatAMakerHasGivenOutlivesIt) {
  open({.cpus = 3});
  const auto before = store_bytes_used();
  {
    auto maker = actor<Maker>();
    std::vector<ObjectRef<Array<char>>> refs;
    std::vector<Array<char>> arrays;
    for (int i = 0; i < 20; ++i) {
      const std::size_t size = i % 2 == 0 ? kSmall : kLarge;
      const auto value = static_cast<char>(i);
      refs.push_back(get(maker.call(&Maker::keep, size, value)));
      arrays.push_back(get(maker.call(&Maker::make, size, value)));
    }
    maker.kill();
    EXPECT_TRUE(dies([&] { get(maker.call(&Maker::make, kSmall, 'x')); }));
    std::vector<Array<char>> others;  // what takes its memory, if it was freed
    for (int i = 0; i < 20; ++i) others.push_back(full<char>(i % 2 == 0 ? kSmall : kLarge, 'o'));
    for (int i = 0; i < 20; ++i) {
      const auto value = static_cast<char>(i);
      const auto index = static_cast<std::size_t>(i);
      EXPECT_TRUE(is_all(arrays[index], value)) << i;
      EXPECT_TRUE(is_all(get(refs[index]), value)) << i;
      EXPECT_TRUE(get(remote(is_all)(refs[index], value))) << i;
    }
  }
  expect_as_before(before);
}

// ---- a process that reads

constexpr int kPins = 10'000;

struct Reader {
  using Refs = std::vector<ObjectRef<Array<int>>>;

  int hold(Refs refs) {
    for (const auto& ref : refs) arrays_.push_back(get(ref));
    refs_ = std::move(refs);
    int sum = 0;
    for (const auto& array : arrays_) sum += array[0];
    return sum;
  }
  pid_t pid() const { return ::getpid(); }
  void stop() const { ::kill(::getpid(), SIGSTOP); }

  Refs refs_;
  std::vector<Array<int>> arrays_;
};

Reader::Refs ones() {
  Reader::Refs refs;
  for (int i = 0; i < kPins; ++i) refs.push_back(put(full<int>(1000, 1)));
  return refs;
}

TEST_F(StoreFaults, AReaderDiesWithTenThousandPins) {
  open({.cpus = 2});
  const auto before = store_bytes_used();
  for (const bool refs_go_first : {false, true}) {
    auto reader = actor<Reader>();
    auto refs = ones();
    EXPECT_EQ(get(reader.call(&Reader::hold, refs)), kPins);
    if (refs_go_first) {
      refs.clear();
      EXPECT_GE(store_bytes_used(), before + kPins * 4000U);
    }
    const pid_t pid = get(reader.call(&Reader::pid));
    ::kill(pid, SIGKILL);
    EXPECT_TRUE(dies([&] { get(reader.call(&Reader::pid)); }));
    for (const auto& ref : refs) EXPECT_EQ(get(ref)[999], 1);
    refs.clear();
    expect_as_before(before);
  }
}

// It reads none of some ten thousand messages, and nobody else notices.
TEST_F(StoreFaults, AProcessThatNeverReadsItsMessages) {
  open({.cpus = 2});
  const auto before = store_bytes_used();
  {
    auto reader = actor<Reader>();
    auto refs = ones();
    EXPECT_EQ(get(reader.call(&Reader::hold, refs)), kPins);
    const pid_t pid = get(reader.call(&Reader::pid));
    const auto stopped = reader.call(&Reader::stop);
    free(refs);
    refs.clear();
    for (int i = 0; i < 100; ++i) {
      const auto more = put(full<int>(100'000, i));
      EXPECT_EQ(get(remote([](const Array<int>& a) { return a[5]; })(more)), i);
      free(more);
    }
    EXPECT_FALSE(stopped.ready());
    ::kill(pid, SIGCONT);
    get(stopped);
    EXPECT_EQ(get(reader.call(&Reader::pid)), pid);
  }
  expect_as_before(before);
}

TEST_F(StoreFaults, OneThatIsStoppedForEverEndsWithTheSession) {
  open({.cpus = 2});
  auto reader = actor<Reader>();
  const auto refs = ones();
  EXPECT_EQ(get(reader.call(&Reader::hold, refs)), kPins);
  const auto stopped = reader.call(&Reader::stop);
  reader.kill();
  EXPECT_THROW(get(stopped), ActorDied);
}

// ---- threads

TEST_F(StoreFaults, TheSameObjectIsPutGotAndFreedBySixteenThreads) {
  open({.cpus = 2});
  const auto before = store_bytes_used();
  std::atomic<int> values{0}, freed{0}, wrong{0};
  for (int round = 0; round < 30; ++round) {
    const std::size_t size = round % 2 == 0 ? kSmall : kLarge;
    const auto value = static_cast<char>(round);
    const auto array = full<char>(size, value).freeze();
    const auto ref = put(array);
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&, i] {
        for (++ready; ready < 16;) std::this_thread::yield();
        try {
          const auto again = put(array);
          const auto got = get(i % 4 == 0 ? again : ref);
          wrong += got[0] == value && got[size - 1] == value ? 0 : 1;
          ++values;
          if (i % 5 == 1) free(ref);
          free(again);
        } catch (const ObjectLost&) {
          ++freed;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(is_all(array, value));
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(values + freed, 30 * 16);
  EXPECT_GE(values, 30 * 4);
  expect_as_before(before);
}

}  // namespace
}  // namespace manta::testing
