#include "run_times.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kUnknown = 1'000'000;  // ns

}  // namespace

std::uint64_t RunTimes::code_key(const Call& call) {
  return call.frame.stub_offset * 0x9e3779b97f4a7c15ULL ^ call.frame.target_offset ^
         call.frame.stub_image;
}

std::uint64_t RunTimes::estimate(const Call& call) const {
  const auto found = run_ns_.find(code_key(call));
  return found == run_ns_.end() ? kUnknown : found->second;
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
