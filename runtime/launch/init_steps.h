// What starting a node and joining one have in common.
//
// Threads: any. Errors: RuntimeError, which begins with "manta::init".
#pragma once
#include <cerrno>
#include <cstdint>
#include <string>
#include <sys/random.h>

#include "entry.h"
#include "hello.h"

namespace manta::detail {

// "manta::init: `what`: no such file", and which limit is behind it.
[[noreturn]] void fail(const std::string& what, int error = errno);

template <class AnyId>
AnyId random_id() {
  std::uint64_t words[2] = {};
  if (getrandom(words, sizeof words, 0) != sizeof words) fail("getrandom");
  return AnyId(words[0], words[1]);
}

// Events that poll() gives for the descriptor within the time; 0: none.
short wait_for(int fd, short events, int timeout_ms);

void take_memory(NodeHello& hello, Attachment& attachment);

}  // namespace manta::detail
