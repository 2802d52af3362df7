// A ProgressBar is what wait_with_progress() shows on stderr: on a terminal a line that is drawn again in place,
// elsewhere a new line at each tenth.
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
  std::size_t done_at_start = 0;  // these do not count for the rate
  double seconds = 0;             // since the start
};
// " 52 % 312/600  48.1/s  00:06 left". There is a rate only if something has been done, in a time that is long enough
// to tell.
std::string progress_text(const ProgressState& state);

class ProgressBar {
 public:
  ProgressBar(std::string_view label, std::size_t total, std::size_t done_at_start);
  // Ends the line.
  ~ProgressBar();
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
