#include "run_times.h"

#include <algorithm>

namespace manta::detail {
namespace {

constexpr std::uint32_t kUnknown = 1'000'000;  // ns

}  // namespace

std::uint64_t RunTimes::code_key(const Call& call) {
  const CallFrame& code = call.site().frame();
  return code.stub_offset * 0x9e3779b97f4a7c15ULL ^ code.target_offset ^ code.stub_image;
}

std::uint32_t RunTimes::estimate(const Call& call) const {
  const auto found = run_ns_.find(code_key(call));
  if (found == run_ns_.end()) return kUnknown;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(found->second, UINT32_MAX));
}

std::optional<std::chrono::nanoseconds> RunTimes::usual(const Call& call) const {
  const auto found = run_ns_.find(code_key(call));
  if (found == run_ns_.end()) return std::nullopt;
  return std::chrono::nanoseconds(found->second);
}

void RunTimes::learn(const Call& call, std::uint32_t run_ns) {
  auto& known = run_ns_[code_key(call)];
  known = known == 0 ? std::uint64_t{run_ns} + 1 : (known * 7 + run_ns) / 8 + 1;
}

}  // namespace manta::detail
