#include "progress.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "mpsc_queue.h"

namespace manta::rpc {
namespace {

using std::chrono::steady_clock;

// Work that counts what it is given, and who served it.
class CountingWork final : public Progress::Work {
 public:
  void give() { given_.fetch_add(1); }
  bool poll() override {
    polls_.fetch_add(1);
    const std::uint32_t given = given_.load();
    if (given == served_.load()) return false;
    served_by_.store(std::this_thread::get_id());
    served_.store(given);
    return true;
  }
  bool pending() const override { return given_.load() != served_.load(); }
  std::uint32_t served() const { return served_.load(); }
  std::uint32_t polls() const { return polls_.load(); }
  std::thread::id served_by() const { return served_by_.load(); }

 private:
  std::atomic<std::uint32_t> given_{0};
  std::atomic<std::uint32_t> served_{0};
  std::atomic<std::uint32_t> polls_{0};
  std::atomic<std::thread::id> served_by_{};
};

class Served final : public Progress::Waiter {
 public:
  Served(const CountingWork& work, std::uint32_t count) : work_(work), count_(count) {}
  bool satisfied() const override { return work_.served() >= count_; }

 private:
  const CountingWork& work_;
  std::uint32_t count_;
};

class Flag final : public Progress::Waiter {
 public:
  bool satisfied() const override {
    looks.fetch_add(1);
    return up.load(std::memory_order_acquire);
  }
  std::atomic<bool> up{false};
  mutable std::atomic<int> looks{0};
};

class ProgressTest : public testing::Test {
 protected:
  ProgressTest() {
    session_.cores.store(2);
    session_.wake_cost.store(1000);
  }
  void await_state(BellState state) {
    while (page_.bell.state.load() != state) std::this_thread::yield();
  }
  // Until its ring thread has looked once, and sleeps: before it starts the state is already kRingParked.
  void start_and_await_sleep() {
    progress_.start();
    while (work_.polls() == 0 || !ring_thread_sleeps()) std::this_thread::yield();
  }
  static bool ring_thread_sleeps() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      std::ifstream in(task.path() / "stat");
      std::string number, name, state;
      in >> number >> name >> state;
      if (name == "(manta-ring)") return state == "S";
    }
    return false;
  }
  void peer_pushes() {
    work_.give();
    ring(page_.bell);
  }

  CoresPage session_{};
  ProcessPage page_{};
  Cores cores_{session_, page_.active_threads};
  CountingWork work_;
  Progress progress_{page_, cores_, work_};
};

TEST_F(ProgressTest, ASatisfiedWaiterDoesNotWait) {
  Served nothing(work_, 0);
  EXPECT_TRUE(progress_.wait(nothing));
}

TEST_F(ProgressTest, AWaitingThreadServesItself) {
  start_and_await_sleep();
  work_.give();  // without a bell
  Served one(work_, 1);
  EXPECT_TRUE(progress_.wait(one));
  EXPECT_EQ(work_.served_by(), std::this_thread::get_id());
  EXPECT_EQ(page_.active_threads.load(), 0);
}

TEST_F(ProgressTest, AWaitEndsAtItsDeadline) {
  progress_.start();
  Served one(work_, 1);
  EXPECT_FALSE(progress_.wait(one, steady_clock::now() - std::chrono::seconds(1)));
  EXPECT_FALSE(progress_.wait(one, steady_clock::now() + std::chrono::milliseconds(2)));
  EXPECT_EQ(page_.active_threads.load(), 0);
}

TEST_F(ProgressTest, AWaiterInLineEndsAtItsDeadlineToo) {
  progress_.start();
  Flag never;
  std::thread holder([&] { progress_.wait(never); });
  await_state(BellState::kUserParked);
  Served one(work_, 1);
  EXPECT_FALSE(progress_.wait(one, steady_clock::now() + std::chrono::milliseconds(2)));
  never.up.store(true);
  progress_.wake_all();
  holder.join();
}

TEST_F(ProgressTest, APeerWakesTheThreadThatSleepsInWait) {
  progress_.start();
  Served one(work_, 1);
  std::thread waiter([&] { EXPECT_TRUE(progress_.wait(one)); });
  await_state(BellState::kUserParked);
  peer_pushes();
  waiter.join();
  EXPECT_EQ(page_.bell.user_gen.load(), 1u);
}

TEST_F(ProgressTest, APeerIsServedWhileNobodyWaits) {
  start_and_await_sleep();
  peer_pushes();
  while (work_.served() != 1) std::this_thread::yield();
  EXPECT_NE(work_.served_by(), std::this_thread::get_id());
  await_state(BellState::kRingParked);
}

TEST_F(ProgressTest, AKickServesOnTheCallersThreadWhenTheBatonIsFree) {
  start_and_await_sleep();
  std::uint32_t mine = 0;
  for (std::uint32_t i = 1; i <= 100; ++i) {
    work_.give();
    progress_.kick();
    while (work_.served() != i) std::this_thread::yield();
    mine += work_.served_by() == std::this_thread::get_id();
  }
  EXPECT_GT(mine, 50u);  // the ring thread may look in between
}

TEST_F(ProgressTest, AKickWakesTheHolderThatSleeps) {
  progress_.start();
  Served one(work_, 1);
  std::thread waiter([&] { EXPECT_TRUE(progress_.wait(one)); });
  await_state(BellState::kUserParked);
  work_.give();
  progress_.kick();
  waiter.join();
}

TEST_F(ProgressTest, EveryWaiterLooksAgainAfterWakeAll) {
  progress_.start();
  Flag flags[3];
  std::vector<std::thread> threads;
  for (Flag& flag : flags) threads.emplace_back([&] { EXPECT_TRUE(progress_.wait(flag)); });
  await_state(BellState::kUserParked);
  for (Flag& flag : flags) flag.up.store(true, std::memory_order_release);
  progress_.wake_all();
  for (auto& thread : threads) thread.join();
}

TEST_F(ProgressTest, AKickWakesWhoIsInLineWhenTheWorkWasDoneOutsideOfPoll) {
  progress_.start();
  Flag of_holder;
  std::thread holder([&] { EXPECT_TRUE(progress_.wait(of_holder)); });
  await_state(BellState::kUserParked);
  Flag in_line;
  std::thread waiter([&] { EXPECT_TRUE(progress_.wait(in_line)); });
  while (in_line.looks.load() < 3 || page_.active_threads.load() != 0) std::this_thread::yield();
  in_line.up.store(true, std::memory_order_release);
  progress_.kick();
  waiter.join();
  of_holder.up.store(true, std::memory_order_release);
  progress_.kick();
  holder.join();
}

// Work that another thread does in part: nothing is pending any more, and the rest needs a poll.
class WorkDoneBeside final : public Progress::Work {
 public:
  bool poll() override {
    if (polls_.fetch_add(1) == 0) std::thread([this] { progress->kick(); }).join();
    return false;
  }
  bool pending() const override { return false; }
  int polls() const { return polls_.load(); }

  Progress* progress = nullptr;

 private:
  std::atomic<int> polls_{0};
};

class PolledTwice final : public Progress::Waiter {
 public:
  explicit PolledTwice(const WorkDoneBeside& work) : work_(work) {}
  bool satisfied() const override { return work_.polls() == 2; }

 private:
  const WorkDoneBeside& work_;
};

TEST_F(ProgressTest, TheHolderPollsAfterAKickBeforeItSleeps) {
  session_.cores.store(1);
  session_.wake_cost.store(0);  // so it does not spin
  WorkDoneBeside work;
  Progress progress(page_, cores_, work);
  work.progress = &progress;
  PolledTwice twice(work);
  EXPECT_TRUE(progress.wait(twice));
}

TEST_F(ProgressTest, TheBatonIsHandedToTheNextInLine) {
  progress_.start();
  Flag first;
  Served second(work_, 1);
  std::thread a([&] { EXPECT_TRUE(progress_.wait(first)); });
  await_state(BellState::kUserParked);
  std::thread b([&] { EXPECT_TRUE(progress_.wait(second)); });
  first.up.store(true, std::memory_order_release);
  progress_.wake_all();
  a.join();
  await_state(BellState::kUserParked);
  peer_pushes();
  b.join();
}

TEST_F(ProgressTest, InABurstNobodyNeedsToRingAndAfterwardsTheRingThreadSleeps) {
  start_and_await_sleep();
  do {
    work_.give();
    progress_.kick();
  } while (page_.bell.state.load() != BellState::kWatched);  // some dozens of leaves
  peer_pushes();                                             // no bell, yet
  while (work_.served() == 0 || work_.pending()) std::this_thread::yield();
  await_state(BellState::kRingParked);
  EXPECT_FALSE(work_.pending());
}

TEST_F(ProgressTest, BusyIsToldWhereItMatters) {
  start_and_await_sleep();
  progress_.set_busy(true);
  EXPECT_EQ(page_.busy.load(), 1u);
  progress_.set_busy(false);
  EXPECT_EQ(page_.busy.load(), 0u);
  page_.bell.state.store(BellState::kAwake);
  progress_.set_busy(true);  // nobody rings in this state
  EXPECT_EQ(page_.busy.load(), 0u);
  progress_.kick();  // leaves the ring thread to be rung
  EXPECT_EQ(page_.busy.load(), 1u);
}

TEST_F(ProgressTest, StopsWhileMessagesKeepComing) {
  progress_.start();
  std::atomic<bool> done{false};
  std::thread peer([&] {
    while (!done.load()) peer_pushes();
  });
  progress_.stop();
  done.store(true);
  peer.join();
}

}  // namespace
}  // namespace manta::rpc
