// A BackOff leaves out a place that has failed: for 1 s, then 2, 4, ... 64 s, until it does not fail any more.
//
// Threads: confined. Errors: none.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "../../base/build_settings.h"

namespace manta::objectstore {

class BackOff {
 public:
  using Time = std::chrono::steady_clock::time_point;

  bool left_out(Time now) const { return failures_ != 0 && now < retry_at_; }
  Time retry_at() const { return retry_at_; }
  void failed(Time now, std::string why) {
    retry_at_ = now + kFirst * (1 << std::min(failures_++, kMostDoublings));
    why_ = std::move(why);
  }
  void succeeded() { failures_ = 0; }
  // ": why it failed last, tried again in 3 s"
  std::string text(Time now) const {
    const auto left = std::chrono::round<std::chrono::seconds>(retry_at_ - now).count();
    return ": " + why_ + ", tried again in " + std::to_string(std::max<std::int64_t>(left, 1)) +
           " s";
  }

 private:
  static constexpr std::chrono::seconds kFirst{1};
  static constexpr int kMostDoublings = 6;

  int failures_ = 0;  // since it last succeeded
  Time retry_at_ = {};
  std::string why_;
};

}  // namespace manta::objectstore
