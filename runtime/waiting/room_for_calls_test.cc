// When a thread that submits calls waits for room, and when that would be in vain.
#include "room_for_calls.h"

#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../process/attachment_fixture.h"
#include "../process/process.h"

namespace manta::detail {
namespace {

// A process whose calls have so many bytes. Nothing that it has submitted can finish: it has submitted nothing.
class RoomForCallsTest : public ::testing::Test {
 protected:
  ~RoomForCallsTest() override {
    pending_bytes.remove(bytes_);
    process_->close();
  }
  void set_bytes(std::uint64_t bytes) {
    pending_bytes.add(bytes);
    bytes_ = bytes;
  }
  void wait() { wait_for_fewer_calls(process_->waiting_threads(), process_->senders()); }

  const base::Ref<Process> process_ = Process::open(attachment_without_node());

 private:
  std::uint64_t bytes_ = 0;
};

TEST_F(RoomForCallsTest, UpToTheBoundNobodyWaits) {
  EXPECT_EQ(pending_bytes.count(), 0u);
  set_bytes(PendingBytes::kMost);
  EXPECT_NO_THROW(wait());
}

TEST_F(RoomForCallsTest, AWaitThatNothingCanEndIsRefused) {
  set_bytes(PendingBytes::kMost + 1);
  EXPECT_THROW(wait(), PendingCallsLimit);
}

// The call that is made then fails with what the session's end says, as all others.
TEST_F(RoomForCallsTest, WhereTheNodeIsDeadNobodyWaits) {
  process_->node_died();
  set_bytes(PendingBytes::kMost + 1);
  EXPECT_NO_THROW(wait());
}

}  // namespace
}  // namespace manta::detail
