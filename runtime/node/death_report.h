// What is told of a process that died: by message to those who dealt with it, by text in errors.
// Threads: any. Errors: none; texts are cut so that a report fits into a message.
#pragma once
#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

#include "../../rpc/crash_record.h"

namespace manta::detail::node {

struct DeathReport {
  pid_t pid = 0;
  int signal = 0;  // 0: it exited
  int exit_code = 0;
  bool expected = false;
  std::string detail = {};  // of the signal: " at address 0x0"
  std::string stack = {};
  std::string output = {};

  std::vector<std::byte> payload() const;  // ProcessDeath
  // "process 123 was killed by signal 11, SIGSEGV (Segmentation fault)", detail, stack, output
  std::string text() const;
};

// From waitpid's status and what the process wrote when it crashed, if it did.
DeathReport describe_death(pid_t pid, int wait_status, const rpc::CrashRecord& crash);

}  // namespace manta::detail::node
