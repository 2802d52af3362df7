#include <algorithm>
#include <cstdio>
#include <unistd.h>

#include <manta/runtime/progress_bar.h>

namespace manta::detail {
namespace {

constexpr std::size_t kWidth = 30;

std::string clock(double seconds) {
  char text[32];
  const auto whole = static_cast<long>(std::min(seconds + 0.5, 359999.0));
  std::snprintf(text, sizeof text, "%02ld:%02ld", whole / 60, whole % 60);
  return text;
}

}  // namespace

ProgressBar::ProgressBar(std::string_view label, std::size_t total)
    : label_(label), total_(total), terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (terminal_ && drawn_) std::fputc('\n', stderr);
}

std::string ProgressBar::line(std::size_t done) const {
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  const double share = total_ == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total_);
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const auto filled = static_cast<std::size_t>(share * kWidth);
  char numbers[96];
  std::snprintf(numbers, sizeof numbers, " %3.0f %% %zu/%zu  %.1f/s  ", share * 100, done, total_,
                rate);
  std::string text =
      label_ + "  [" + std::string(filled, '=') + std::string(kWidth - filled, ' ') + "]" + numbers;
  if (done == total_) return text + clock(seconds) + " in all";
  return text + (rate > 0 ? clock(static_cast<double>(total_ - done) / rate) + " left" : "");
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
