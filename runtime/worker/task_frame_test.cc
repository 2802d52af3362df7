// What a thread knows of the call that it runs; and which calls are to end with it when it is asked to.
#include "task_frame.h"

#include <cstdint>
#include <latch>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "../ownership/ownership.h"
#include "../process/attachment_fixture.h"

namespace manta::detail {

// For messages of the tests.
bool operator==(const NumberRange& a, const NumberRange& b) {
  return a.first == b.first && a.end == b.end;
}
void PrintTo(const NumberRange& range, std::ostream* out) {
  *out << range.first << " to " << range.end;
}

namespace {

constexpr bool kAlone = false;
constexpr bool kWithNested = true;

// A process that runs calls. The numbers of tasks differ in all tests, since what was asked early is kept.
class TaskFrameTest : public ::testing::Test {
 protected:
  ~TaskFrameTest() override { ownership_.store().close(); }

  // As long as it lives, a call of this name runs on this thread.
  class Runs {
   public:
    Runs(TaskFrameTest& test, const TaskId& task, const std::string& name)
        : scope_(frame_of(task), name, test.ownership_.next_number()) {}

   private:
    TaskFrame::Scope scope_;
  };

  static CallFrame frame_of(const TaskId& task) {
    CallFrame frame;
    frame.task_hi = task.hi();
    frame.task_lo = task.lo();
    return frame;
  }
  static TaskId new_task() {
    static std::uint64_t last = 0;
    return {7, ++last};
  }
  // What runs here calls something.
  void call() { (void)ownership_.next_id<TaskId>(); }
  std::uint64_t now() const { return ownership_.next_number(); }
  std::optional<NumberRange> ask(const TaskId& task, bool nested) {
    return TaskFrame::ask_to_end(task, nested, ownership_);
  }

 private:
  const Attachment attachment_ = attachment_without_node();

 protected:
  Ownership ownership_{attachment_, 0};
};

TEST_F(TaskFrameTest, TheThreadKnowsTheInnermostCallAndOthersTheLastThatBegan) {
  EXPECT_EQ(TaskFrame::current(), nullptr);
  EXPECT_FALSE(TaskFrame::of_process());
  const Runs outer(*this, new_task(), "outer");
  {
    const Runs inner(*this, new_task(), "inner");
    EXPECT_EQ(TaskFrame::current()->name, "inner");
    std::thread([] {
      EXPECT_EQ(TaskFrame::current(), nullptr);
      EXPECT_EQ(TaskFrame::of_process()->name, "inner");
    }).join();
  }
  EXPECT_EQ(TaskFrame::current()->name, "outer");
  EXPECT_EQ(TaskFrame::of_process()->name, "outer");
}

TEST_F(TaskFrameTest, WhoeverIsAskedToEndKnowsItUntilTheEnd) {
  const TaskId task = new_task();
  {
    const Runs runs(*this, task, "f");
    EXPECT_FALSE(TaskFrame::asked_to_end(task));
    EXPECT_TRUE(ask(task, kAlone));
    EXPECT_TRUE(TaskFrame::asked_to_end(task));
    EXPECT_FALSE(TaskFrame::asked_to_end(new_task()));
  }
  EXPECT_FALSE(TaskFrame::asked_to_end(task));
}

TEST_F(TaskFrameTest, TheRangeIsWhatItHasCalledUntilItWasAskedFirst) {
  call();
  const std::uint64_t begun = now();
  const TaskId task = new_task();
  const Runs runs(*this, task, "f");
  call();
  call();
  const NumberRange called{begun, begun + 2};
  EXPECT_EQ(ask(task, kWithNested), called);
  call();
  EXPECT_EQ(ask(task, kWithNested), called) << "what it calls to clean up is not in it";
  EXPECT_EQ(ask(task, kAlone), called);
}

// What it calls while it alone is to end is no clean-up: nobody has asked for what it calls.
TEST_F(TaskFrameTest, WhatItHasCalledCountsFromTheFirstThatAsksForIt) {
  const std::uint64_t begun = now();
  const TaskId task = new_task();
  const Runs runs(*this, task, "f");
  EXPECT_EQ(ask(task, kAlone), (NumberRange{begun, begun}));
  call();
  EXPECT_EQ(ask(task, kWithNested), (NumberRange{begun, begun + 1}));
  call();
  EXPECT_EQ(ask(task, kWithNested), (NumberRange{begun, begun + 1}));
}

TEST_F(TaskFrameTest, ACallThatIsAskedBeforeItBeginsIsAskedOnceItDoesAndHasCalledNothing) {
  const TaskId task = new_task();
  EXPECT_FALSE(ask(task, kWithNested));
  EXPECT_FALSE(TaskFrame::asked_to_end(task));
  {
    const std::uint64_t begun = now();
    const Runs runs(*this, task, "f");
    EXPECT_TRUE(TaskFrame::asked_to_end(task));
    call();
    EXPECT_EQ(ask(task, kWithNested), (NumberRange{begun, begun}));
  }
  const Runs again(*this, task, "f");
  EXPECT_FALSE(TaskFrame::asked_to_end(task)) << "it was forgotten with its call";
}

TEST_F(TaskFrameTest, OfThoseThatWereAskedEarlyTheLast64AreKept) {
  const TaskId forgotten = new_task();
  const TaskId kept = new_task();
  EXPECT_FALSE(ask(forgotten, kAlone));
  EXPECT_FALSE(ask(kept, kAlone));
  for (int i = 0; i < 63; ++i) EXPECT_FALSE(ask(new_task(), kAlone));
  const Runs first(*this, forgotten, "f");
  EXPECT_FALSE(TaskFrame::asked_to_end(forgotten));
  const Runs second(*this, kept, "g");
  EXPECT_TRUE(TaskFrame::asked_to_end(kept));
}

TEST_F(TaskFrameTest, ThoseThatRunInItsPlaceAreAskedWithItIfTheyShall) {
  const TaskId outer = new_task();
  const TaskId inner = new_task();
  const Runs runs(*this, outer, "outer");
  const std::uint64_t inner_begun = now();
  const Runs in_place(*this, inner, "inner");
  EXPECT_TRUE(ask(outer, kAlone));
  EXPECT_FALSE(TaskFrame::asked_to_end(inner));
  call();
  EXPECT_TRUE(ask(outer, kWithNested));
  EXPECT_TRUE(TaskFrame::asked_to_end(inner));
  call();
  EXPECT_EQ(ask(inner, kWithNested), (NumberRange{inner_begun, inner_begun + 1}));
}

TEST_F(TaskFrameTest, WhoeverWaitsForItIsNotAskedWithIt) {
  const TaskId outer = new_task();
  const TaskId inner = new_task();
  const Runs runs(*this, outer, "outer");
  const Runs in_place(*this, inner, "inner");
  EXPECT_TRUE(ask(inner, kWithNested));
  EXPECT_FALSE(TaskFrame::asked_to_end(outer));
}

// In a local session several threads run calls.
TEST_F(TaskFrameTest, WhatOtherThreadsRunIsNotInItsPlace) {
  const TaskId task = new_task();
  const TaskId elsewhere = new_task();
  const Runs runs(*this, task, "f");
  std::latch begun(1);
  std::latch asked(1);
  std::thread other([&] {
    const Runs runs_too(*this, elsewhere, "g");
    begun.count_down();
    asked.wait();
    EXPECT_FALSE(TaskFrame::asked_to_end(elsewhere));
  });
  begun.wait();
  EXPECT_TRUE(ask(task, kWithNested));
  asked.count_down();
  other.join();
  EXPECT_TRUE(TaskFrame::asked_to_end(task));
}

}  // namespace
}  // namespace manta::detail
