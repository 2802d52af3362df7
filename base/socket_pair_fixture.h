// For tests: the two ends of a stream socket between processes of one machine.
#pragma once
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "fd.h"

namespace manta::base {

struct SocketPair {
  SocketPair() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    first.reset(ends[0]);
    second.reset(ends[1]);
  }
  Fd first, second;
};

}  // namespace manta::base
