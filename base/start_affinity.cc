#include "start_affinity.h"

#include <bit>
#include <sys/syscall.h>
#include <unistd.h>

namespace manta::base {
namespace {

constinit Affinity noted;

[[gnu::constructor(101)]] void note_when_loaded() { note_start_affinity(); }

}  // namespace

int Affinity::cores() const {
  int count = 0;
  for (const unsigned long word : mask) count += std::popcount(word);
  return count;
}

// Runs before the libraries are initialized, those of sanitizers included.
__attribute__((no_sanitize("address", "thread", "undefined"))) void note_start_affinity() noexcept {
  if (noted.bytes != 0) return;
  const long bytes = ::syscall(SYS_sched_getaffinity, 0, sizeof noted.mask, noted.mask);
  if (bytes > 0) noted.bytes = static_cast<std::size_t>(bytes);
}

const Affinity& start_affinity() noexcept { return noted; }

void run_on_start_cores() noexcept {
  // It is refused when none of the cores may be used any more; then the thread stays where it is.
  if (noted.bytes != 0) ::syscall(SYS_sched_setaffinity, 0, noted.bytes, noted.mask);
}

}  // namespace manta::base
