#include "standard_streams.h"

#include <atomic>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "fd.h"
#include "memory_file.h"

namespace manta::base {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

// In a child that has closed the standard streams of `closed` (bit 0: input): whether `holds` is true there.
bool holds_without(unsigned closed, const std::function<bool()>& holds) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int fd = 0; fd < 3; ++fd) {
      if ((closed >> fd & 1) != 0) ::close(fd);
    }
    ::_exit(holds() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

bool all_closed(unsigned closed) {
  for (int fd = 0; fd < 3; ++fd) {
    // Not `is_open(fd) == closed_here`: GCC 12 with -O2 gets a sign compared with a bit wrong.
    const bool closed_here = (closed >> fd & 1) != 0;
    if (closed_here ? is_open(fd) : !is_open(fd)) return false;
  }
  return true;
}

TEST(StandardStreams, AnFdIsNeverOneOfThem) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    EXPECT_TRUE(holds_without(closed, [closed] {
      Fd taken(::open("/dev/null", O_RDWR));
      const Fd copy = taken.duplicate();
      const Fd memory = create_memory_file("test");
      const bool all = taken.get() > 2 && copy.get() > 2 && memory.get() > 2 && all_closed(closed);
      taken.reset(::open("/dev/null", O_RDWR));
      return all && taken.get() > 2 && all_closed(closed);
    })) << closed;
  }
}

TEST(StandardStreams, WhatIsOpenedWhileTheyAreReservedIsNeverOneAndTheyAreFreeAgainAfterwards) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    EXPECT_TRUE(holds_without(closed, [closed] {
      std::optional<StandardStreamsReserved> first(std::in_place), second(std::in_place);
      first.reset();  // the second still needs them
      const int opened = ::open("/", O_RDONLY);
      second.reset();
      return opened > 2 && all_closed(closed);
    })) << closed;
  }
}

TEST(StandardStreams, WhatAProgramOpensMeanwhileInTheirPlaceIsItsOwn) {
  EXPECT_TRUE(holds_without(2, [] {
    std::optional<StandardStreamsReserved> reserved(std::in_place);
    ::dup2(0, 1);
    ::close(1);
    const int own = ::open("/", O_RDONLY);
    reserved.reset();
    return own == 1 && is_open(1);
  }));
}

TEST(StandardStreams, AChildForkedWhileAThreadReservesThemHasNoReservation) {
  EXPECT_TRUE(holds_without(2, [] {
    std::atomic<bool> ends = false;
    std::thread reserves([&ends] {
      while (!ends) const StandardStreamsReserved reserved;
    });
    bool all = true;
    for (int i = 0; i < 200; ++i) {
      all = all && holds_without(0, [] {
              ::alarm(10);  // ends the child if it waits for a thread that is not there
              const bool free = all_closed(2);
              const StandardStreamsReserved reserved;
              return free && is_open(1);
            });
    }
    ends = true;
    reserves.join();
    return all;
  }));
}

TEST(StandardStreams, OpenedForGoodTheyStayOpenInWhatIsStarted) {
  EXPECT_TRUE(holds_without(7, [] {
    open_standard_streams();
    return all_closed(0) && ::fcntl(1, F_GETFD) == 0;
  }));
}

}  // namespace
}  // namespace manta::base
