#include "progress_bar.h"

#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace manta::detail {
namespace {

constexpr std::size_t kWidth = 30;

// In seconds. A shorter time says nothing about how long the rest takes.
constexpr double kShortestForARate = 0.05;

std::string clock(double seconds) {
  constexpr double kLongest = 100 * 3600;
  if (seconds >= kLongest) return "over 100 hours";
  const auto whole = std::lround(seconds);
  char text[32];
  if (whole < 3600) {
    std::snprintf(text, sizeof text, "%02ld:%02ld", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return text;
}

}  // namespace

std::string progress_text(const ProgressState& state) {
  const std::size_t percent = state.total == 0 ? 100 : state.done * 100 / state.total;
  char numbers[96];
  std::snprintf(numbers, sizeof numbers, " %3zu %% %zu/%zu", percent, state.done, state.total);
  std::string text = numbers;
  const bool rated = state.done > state.done_at_start && state.seconds >= kShortestForARate;
  const double rate =
      rated ? static_cast<double>(state.done - state.done_at_start) / state.seconds : 0;
  if (rated) {
    std::snprintf(numbers, sizeof numbers, rate < 0.1 ? "  %.2g/s" : "  %.1f/s", rate);
    text += numbers;
  }
  if (state.done >= state.total) return text + "  " + clock(state.seconds) + " in all";
  if (!rated) return text;
  return text + "  " + clock(static_cast<double>(state.total - state.done) / rate) + " left";
}

ProgressBar::ProgressBar(std::string_view label, std::size_t total, std::size_t done_at_start)
    : label_(label),
      total_(total),
      done_at_start_(done_at_start),
      terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (terminal_ && drawn_) std::fputc('\n', stderr);
}

std::string ProgressBar::line(std::size_t done) const {
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  const std::size_t filled = total_ == 0 ? kWidth : done * kWidth / total_;
  return label_ + "  [" + std::string(filled, '=') + std::string(kWidth - filled, ' ') + "]" +
         progress_text({done, total_, done_at_start_, seconds});
}

void ProgressBar::show(std::size_t done) {
  if (terminal_) {
    std::fprintf(stderr, "\r%s\x1b[K", line(done).c_str());
    std::fflush(stderr);
    drawn_ = true;
    return;
  }
  const std::size_t tenths = total_ == 0 ? 10 : done * 10 / total_;
  if (drawn_ && tenths <= tenths_shown_) return;
  tenths_shown_ = tenths;
  drawn_ = true;
  std::fprintf(stderr, "%s\n", line(done).c_str());
}

}  // namespace manta::detail
