#include "run_times.h"

#include <algorithm>

namespace manta::detail {
namespace {

constexpr std::uint32_t kUnknown = 1'000'000;  // ns

std::uint64_t key_of(const CallSite& site) {
  const CallFrame& code = site.frame();
  return code.stub_offset * 0x9e3779b97f4a7c15ULL ^ code.target_offset ^ code.stub_image;
}

}  // namespace

std::uint64_t RunTimes::code_key(const Call& call) { return key_of(call.site()); }

std::uint32_t RunTimes::estimate(const Call& call) const {
  const auto known = usual(call);
  if (!known) return kUnknown;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(known->count(), UINT32_MAX));
}

std::optional<std::chrono::nanoseconds> RunTimes::usual(const Call& call) const {
  const auto one = of_one_element(call.site());
  if (!one) return std::nullopt;
  return std::chrono::ceil<std::chrono::nanoseconds>(*one * call.site().elements());
}

std::optional<RunTimes::Picoseconds> RunTimes::of_one_element(const CallSite& site) const {
  const auto found = known_.find(key_of(site));
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void RunTimes::learn(const Call& call, std::uint32_t run_ns) {
  const Picoseconds run = std::chrono::duration<std::uint64_t, std::nano>(run_ns);
  const Picoseconds one = run / call.site().elements() + Picoseconds(1);
  const auto [known, is_new] = known_.try_emplace(key_of(call.site()), one);
  if (!is_new) known->second = (known->second * 7 + one) / 8;
}

}  // namespace manta::detail
