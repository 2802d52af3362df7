// Stress: several user threads, the ring thread and a peer. The outcome is fixed: everything that is
// sent is answered, every wait ends. A lost wake-up hangs the test.
#include <cstring>
#include <memory>
#include <random>
#include <sys/mman.h>
#include <thread>

#include <gtest/gtest.h>

#include "../base/check.h"
#include "mpsc_queue.h"
#include "progress.h"

namespace manta::rpc {
namespace {

struct Call : MpscLink {
  std::atomic<bool> answered{false};
};

class Answered final : public Progress::Waiter {
 public:
  explicit Answered(const Call& call) : call_(call) {}
  bool satisfied() const override { return call_.answered.load(std::memory_order_acquire); }

 private:
  const Call& call_;
};

constexpr std::uint32_t kRingBytes = 256 * 1024;

// One end of a lane: the caller's sends what user threads submit, the callee's sends back what comes.
class End final : public Progress::Work {
 public:
  End(RingMemory out, RingMemory in, Doorbell& peer) : out_(out), in_(in), peer_(peer) {}
  MpscQueue<Call> submitted;

  bool poll() override {
    bool sent = false;
    auto list = submitted.pop_all();
    while (Call* const call = list.pop_front()) sent |= send(call);
    bool received = false;
    for (auto front = in_.front(); !front.empty(); front = in_.front()) {
      Call* call = nullptr;
      std::memcpy(&call, front.data(), sizeof call);
      in_.pop();
      received = true;
      if (echoes) {
        sent |= send(call);
      } else {
        call->answered.store(true, std::memory_order_release);
      }
    }
    if (sent) ring(peer_);
    return received;
  }
  bool pending() const override { return !submitted.empty() || !in_.empty(); }
  bool echoes = false;

 private:
  bool send(Call* call) {
    std::byte* const room = out_.reserve(sizeof call);
    base::check(room != nullptr, "few enough calls at a time");
    std::memcpy(room, &call, sizeof call);
    out_.commit();
    return true;
  }

  RingWriter out_;
  RingReader in_;
  Doorbell& peer_;
};

class ProgressStress : public testing::Test {
 protected:
  ProgressStress() {
    session_.cores.store(2);
    session_.wake_cost.store(2000);
    callee_work_.echoes = true;
    caller_.start();
    callee_.start();
  }
  ~ProgressStress() override {
    caller_.stop();
    callee_.stop();
    EXPECT_EQ(session_.active.load(), 0);
  }
  RingMemory memory(int which) {
    return {&headers_[which], reinterpret_cast<std::byte*>(data_[which].data()), kRingBytes};
  }
  void call_and_wait(Call& call) {
    submit(call);
    Answered answered(call);
    ASSERT_TRUE(caller_.wait(answered));
  }
  void submit(Call& call) {
    call.answered.store(false, std::memory_order_relaxed);
    caller_work_.submitted.push(&call);
    caller_.kick();
  }

  CoresPage session_{};
  ProcessPage pages_[2]{};
  RingHeader headers_[2]{};
  std::vector<std::uint64_t> data_[2]{std::vector<std::uint64_t>(kRingBytes / 8),
                                      std::vector<std::uint64_t>(kRingBytes / 8)};
  Cores cores_[2]{{session_, pages_[0].active_threads}, {session_, pages_[1].active_threads}};
  End caller_work_{memory(0), memory(1), pages_[1].bell};
  End callee_work_{memory(1), memory(0), pages_[0].bell};
  Progress caller_{pages_[0], cores_[0], caller_work_};
  Progress callee_{pages_[1], cores_[1], callee_work_};
};

TEST_F(ProgressStress, EveryCallOfManyThreadsIsAnswered) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      std::mt19937 random(t);
      std::vector<Call> calls(20);
      for (int round = 0; round < 300; ++round) {
        const std::size_t burst = 1 + random() % calls.size();
        for (std::size_t i = 0; i < burst; ++i) submit(calls[i]);
        for (std::size_t i = 0; i < burst; ++i) {
          Answered answered(calls[i]);
          ASSERT_TRUE(caller_.wait(answered));
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(ProgressStress, AnExecutorThatWaitsServesTheCallee) {
  std::atomic<bool> over{false};
  struct Over final : Progress::Waiter {
    explicit Over(const std::atomic<bool>& f) : flag(f) {}
    bool satisfied() const override { return flag.load(std::memory_order_acquire); }
    const std::atomic<bool>& flag;
  } waiter(over);
  std::thread executor([&] { EXPECT_TRUE(callee_.wait(waiter)); });
  Call call;
  for (int i = 0; i < 2000; ++i) call_and_wait(call);
  over.store(true, std::memory_order_release);
  callee_.wake_all();
  executor.join();
}

TEST_F(ProgressStress, AnswersComeWhileNobodyWaits) {
  Call call;
  for (int i = 0; i < 200; ++i) {
    submit(call);
    while (!call.answered.load(std::memory_order_acquire)) std::this_thread::yield();
  }
}

TEST_F(ProgressStress, ShortDeadlinesAndWakeAllsDoNotDisturb) {
  std::atomic<bool> done{false};
  std::thread disturber([&] {
    while (!done.load()) {
      caller_.wake_all();
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t) {
    threads.emplace_back([this, t] {
      std::mt19937 random(t);
      Call call;
      for (int i = 0; i < 500; ++i) {
        submit(call);
        Answered answered(call);
        while (!caller_.wait(answered, std::chrono::steady_clock::now() +
                                           std::chrono::microseconds(random() % 100))) {
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  done.store(true);
  disturber.join();
}

}  // namespace
}  // namespace manta::rpc
