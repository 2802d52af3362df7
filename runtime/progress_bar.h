// The bar of wait_with_progress(), on stderr: redrawn in place on a terminal, a plain line at each tenth elsewhere.
//
//   indexing  [==========          ]  52 % 312/600  48.1/s  00:06 left
//
// Threads: confined.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <manta/base/build_settings.h>

namespace manta::detail {

class ProgressBar {
 public:
  ProgressBar(std::string_view label, std::size_t total);
  ~ProgressBar();  // ends the line
  ProgressBar(const ProgressBar&) = delete;
  void show(std::size_t done);

 private:
  std::string line(std::size_t done) const;

  const std::string label_;
  const std::size_t total_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::size_t tenths_shown_ = 0;
  bool drawn_ = false;
};

}  // namespace manta::detail
