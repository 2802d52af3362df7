// The bar of wait_with_progress(), on stderr: redrawn in place on a terminal, a plain line at each tenth elsewhere.
//
//   indexing  [==========          ]  52 % 312/600  48.1/s  00:06 left
//
// Threads: confined; progress_text() is pure.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::detail {

struct ProgressState {
  std::size_t done = 0;
  std::size_t total = 0;
  std::size_t done_at_start = 0;  // no work of this wait: not in the rate
  double seconds = 0;             // since the start
};
// " 52 % 312/600  48.1/s  00:06 left". A rate only where there is one: something was done in a time that says something.
std::string progress_text(const ProgressState& state);

class ProgressBar {
 public:
  ProgressBar(std::string_view label, std::size_t total, std::size_t done_at_start);
  ~ProgressBar();  // ends the line
  ProgressBar(const ProgressBar&) = delete;
  void show(std::size_t done);

 private:
  std::string line(std::size_t done) const;

  const std::string label_;
  const std::size_t total_;
  const std::size_t done_at_start_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::size_t tenths_shown_ = 0;
  bool drawn_ = false;
};

}  // namespace manta::detail
