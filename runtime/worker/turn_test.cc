#include "turn.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

// Who may run calls, as in a local session, where a call's turn is the only one. After a fault it stops nobody.
class OnlyTurn {
 public:
  void enter(int who) {
    std::unique_lock lock(mutex_);
    free_.wait(lock, [this] { return owner_ == kNobody || wrong_; });
    owner_ = who;
  }
  void leave(int who) {
    const std::lock_guard lock(mutex_);
    wrong_ |= owner_ != who;
    owner_ = kNobody;
    free_.notify_all();
  }
  bool wrong() {
    const std::lock_guard lock(mutex_);
    return wrong_;
  }

 private:
  static constexpr int kNobody = 0;
  std::mutex mutex_;
  std::condition_variable free_;
  int owner_ = kNobody;
  bool wrong_ = false;
};

// Threads of a call that begin and cease to wait while it ends.
TEST(Turns, AreTakenBackByWhoHasLentThemAndNotAfterTheCall) {
  constexpr int kCalls = 1'000'000;
  OnlyTurn only;
  std::atomic<int> running{2};
  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<Turn>> turns;
  for (int who = 1; who <= 2; ++who) {
    turns.push_back(std::make_unique<Turn>([&only, who] { only.leave(who); },
                                           [&only, who] { only.enter(who); }));
    Turn& turn = *turns.back();
    threads.emplace_back([&, who] {
      for (int i = 0; i < kCalls && !only.wrong(); ++i) {
        only.enter(who);
        turn.begin();
        turn.end();
        only.leave(who);
      }
      running.fetch_sub(1);
    });
    threads.emplace_back([&] {
      while (running.load() != 0) const Turn::Waits waits(turn, false);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(only.wrong());
  for (const auto& turn : turns) EXPECT_FALSE(turn->lent());
}

}  // namespace
}  // namespace manta::detail
