#include "fd.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
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

TEST(Fd, OneThatIsApartIsFarFromWhatIsOpenedNext) {
  const Fd fd = open_null();
  const Fd apart = fd.apart();
  EXPECT_TRUE(is_open(apart.get()));
  EXPECT_EQ(::fcntl(apart.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_GT(apart.get(), open_null().get() + 8);
}

TEST(Fd, WhereNumbersAreFewOneThatIsApartIsSomeOther) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const Fd fd = open_null();
  const rlimit few{static_cast<rlim_t>(fd.get()) + 2, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const Fd apart = fd.apart();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(is_open(apart.get()));
}

TEST(Fd, ReleaseKeepsItOpen) {
  Fd fd = open_null();
  const Fd owner(fd.release());
  EXPECT_EQ(fd.get(), -1);
  EXPECT_TRUE(is_open(owner.get()));
}

}  // namespace
}  // namespace manta::base
