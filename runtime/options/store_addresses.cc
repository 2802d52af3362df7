#include "store_addresses.h"

#include <algorithm>
#include <sys/mman.h>

#include "../../base/limits.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr std::uint64_t kMost = 8192 * kGiB;
constexpr std::uint64_t kTimes = 8;  // the budget

bool can_map(std::uint64_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return false;
  ::munmap(memory, bytes);
  return true;
}

}  // namespace

StoreAddresses store_addresses(std::uint64_t budget, bool overflow) {
  const StoreAddresses few{.memory = budget, .overflow = 0};
  if (base::limit_of(RLIMIT_AS)) return few;
  StoreAddresses many = few;
  if (!base::limit_of(RLIMIT_FSIZE)) {
    many.memory = std::max(budget, std::min(kTimes * budget, kMost));
  }
  if (overflow) many.overflow = std::clamp(kTimes * budget, 64 * kGiB, kMost);
  return can_map(2 * (many.memory + many.overflow)) ? many : few;
}

}  // namespace manta::detail
