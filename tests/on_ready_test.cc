// on_ready under load: very many callbacks, from many threads, that throw, that use Manta, and at the end of a session.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "gate.h"
#include "node_records.h"

namespace manta::testing {
namespace {

int twice(int n) { return 2 * n; }

class OnReady : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
  static void on_threads(int threads, const std::function<void(int)>& run) {
    std::vector<std::thread> all;
    for (int i = 0; i < threads; ++i) all.emplace_back([&, i] { run(i); });
    for (auto& thread : all) thread.join();
  }
};

TEST_F(OnReady, EachOfVeryManyCallbacksRunsOnce) {
  constexpr int kThreads = 4, kEach = 25'000;
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 1);
  std::vector<std::atomic<int>> runs(kThreads * kEach * 2);
  std::atomic<int> all{0};
  on_threads(kThreads, [&](int thread) {
    for (int i = 0; i < kEach; ++i) {
      auto& of_late = runs[static_cast<std::size_t>(thread * kEach + i) * 2];
      auto& of_task = runs[static_cast<std::size_t>(thread * kEach + i) * 2 + 1];
      late.on_ready([&] { ++of_late, ++all; });
      const auto ref = i % 2 == 0 ? remote(twice)(i) : put(i);  // soon ready, and ready
      ref.on_ready([&] { ++of_task, ++all; });
    }
  });
  gate.post(&Gate::open);
  EXPECT_TRUE(eventually([&] { return all == kThreads * kEach * 2; }));
  for (const auto& count : runs) ASSERT_EQ(count, 1);
}

TEST_F(OnReady, ACallbackThatThrowsIsLoggedAndTheNextRuns) {
  ::testing::internal::CaptureStderr();
  const auto ref = put(1);
  std::atomic<bool> last{false};
  for (int i = 0; i < 3; ++i) {
    ref.on_ready([i] { throw std::runtime_error("on purpose " + std::to_string(i)); });
  }
  ref.on_ready([] { throw 7; });
  ref.on_ready([&] { last = true; });
  EXPECT_TRUE(eventually([&] { return last.load(); }));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "manta: an on_ready callback threw: on purpose 0\n"
            "manta: an on_ready callback threw: on purpose 1\n"
            "manta: an on_ready callback threw: on purpose 2\n"
            "manta: an on_ready callback threw something that is no std::exception\n");
}

// Each callback makes calls and registers the next one: chains that nobody else drives.
struct Chain {
  std::atomic<int>& left;
  void step(int links) const {
    if (links == 0) {
      --left;
      return;
    }
    const auto doubled = remote(twice)(get(put(links)));
    doubled.on_ready([chain = *this, doubled, links] {
      if (get(doubled) == 2 * links) chain.step(links - 1);
    });
  }
};

TEST_F(OnReady, CallbacksMayCallPutAndRegister) {
  constexpr int kChains = 200;
  std::atomic<int> left{kChains};
  on_threads(4, [&](int) {
    for (int i = 0; i < kChains / 4; ++i) Chain{left}.step(50);
  });
  EXPECT_TRUE(eventually([&] { return left == 0; }));
}

// What a callback captures may use Manta when it goes.
struct UsesMantaAtItsEnd {
  std::atomic<int>& gone;
  UsesMantaAtItsEnd(std::atomic<int>& count) : gone(count) {}
  ~UsesMantaAtItsEnd() {
    try {
      put(1).on_ready([] {});
    } catch (const InvalidArgument&) {
    }
    ++gone;
  }
};

TEST_F(OnReady, AtTheEndOfTheSessionCallbacksRunOnceOrNever) {
  constexpr int kCallbacks = 20'000;
  std::vector<std::atomic<int>> runs(kCallbacks);
  std::atomic<int> gone{0};
  std::atomic<bool> blocked{false}, ended{false};
  {
    const auto gate = actor<Gate>();
    const auto late = remote(pass)(gate, 1);
    for (std::size_t i = 0; i < kCallbacks; ++i) {
      const auto kept = std::make_shared<UsesMantaAtItsEnd>(gone);
      const auto ref = i % 2 == 0 ? late : remote(twice)(1);
      ref.on_ready([&runs, i, kept] { ++runs[i]; });
    }
    put(1).on_ready([&] {
      blocked = true;
      while (!ended) std::this_thread::yield();
    });
    EXPECT_TRUE(eventually([&] { return blocked.load(); }));
    for (int i = 0; i < 1000; ++i) {
      put(i).on_ready([] { ADD_FAILURE() << "behind the one that waits"; });
    }
    std::thread sees_the_end([&] {
      EXPECT_TRUE(eventually([&] {
        try {
          put(1).on_ready([] {});  // while it ends: never, or refused
          (void)get(late, std::chrono::milliseconds(1));
          return false;
        } catch (const GetTimeout&) {
          return false;
        } catch (const InvalidArgument&) {
          return true;
        }
      }));
      ended = true;
    });
    node_records_are_not_checked();  // the gate is there
    close();
    sees_the_end.join();
  }
  EXPECT_EQ(gone, kCallbacks);
  for (std::size_t i = 0; i < kCallbacks; ++i) ASSERT_LE(runs[i], 1) << i;
}

TEST_F(OnReady, ACallbackMayEndTheSession) {
  store_is_not_checked();
  std::atomic<bool> ended{false};
  put(1).on_ready([&] {
    session().shutdown();
    ended = true;
  });
  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

}  // namespace
}  // namespace manta::testing
