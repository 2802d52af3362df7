#include "fd.h"

#include <cerrno>
#include <fcntl.h>
#include <utility>

#include <gtest/gtest.h>

namespace manta::base {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

Fd open_null() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(Fd, ClosesAtItsEnd) {
  int number = -1;
  {
    const Fd fd = open_null();
    number = fd.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Fd, MovingLeavesTheSourceEmpty) {
  Fd first = open_null();
  const int number = first.get();
  const Fd second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): the state after a move is the claim
  EXPECT_EQ(second.get(), number);
  EXPECT_TRUE(is_open(number));
}

TEST(Fd, AssignmentClosesWhatWasOwned) {
  Fd fd = open_null();
  const int old = fd.get();
  Fd other = open_null();
  fd = std::move(other);
  EXPECT_FALSE(is_open(old));
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(Fd, DuplicateIsIndependentAndCloseOnExec) {
  Fd fd = open_null();
  const Fd copy = fd.duplicate();
  fd.reset();
  EXPECT_TRUE(is_open(copy.get()));
  EXPECT_EQ(::fcntl(copy.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(Fd, ReleaseKeepsItOpen) {
  Fd fd = open_null();
  const Fd owner(fd.release());
  EXPECT_EQ(fd.get(), -1);
  EXPECT_TRUE(is_open(owner.get()));
}

}  // namespace
}  // namespace manta::base
