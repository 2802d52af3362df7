#include "error_path.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <deque>
#include <vector>

namespace manta::detail {
namespace {

constexpr std::string_view kArrow = " <- ";
constexpr std::string_view kTimes = " x ";
constexpr std::size_t kLongestCycle = 3;

struct Group {  // steps that were gone through `count` times
  std::vector<std::string> steps;
  std::uint64_t count = 1;

  bool single() const { return steps.size() == 1 && count == 1; }
};

// Cuts a count such as " x 20" off the end of `text`, and gives it; 1 if there is none.
std::uint64_t take_count(std::string_view& text) {
  const auto at = text.rfind(kTimes);
  if (at == std::string_view::npos || at == 0) return 1;
  const std::string_view digits = text.substr(at + kTimes.size());
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || end != digits.data() + digits.size() || count < 2) return 1;
  text = text.substr(0, at);
  return count;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> steps;
  for (;;) {
    const auto arrow = text.find(kArrow);
    steps.emplace_back(text.substr(0, arrow));
    if (arrow == std::string_view::npos) return steps;
    text.remove_prefix(arrow + kArrow.size());
  }
}

// The place where the parenthesis is closed with which the text begins.
std::size_t closing(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

// The length of the cycle with which the text begins, as "(a <- b) x 20"; 0 if there is none.
std::size_t cycle_size(std::string_view text) {
  if (!text.starts_with('(')) return 0;
  const auto close = closing(text);
  if (close == std::string_view::npos || !text.substr(close + 1).starts_with(kTimes)) return 0;
  const auto arrow = text.find(kArrow, close);
  return arrow == std::string_view::npos ? text.size() : arrow;
}

Group take_group(std::string_view& path) {
  Group group;
  const std::size_t cycle = cycle_size(path);
  const std::size_t size = cycle != 0 ? cycle : std::min(path.find(kArrow), path.size());
  std::string_view text = path.substr(0, size);
  path.remove_prefix(std::min(path.size(), size + kArrow.size()));
  group.count = take_count(text);
  const bool is_cycle = cycle != 0 && group.count > 1;
  group.steps = is_cycle ? split(text.substr(1, text.size() - 2))
                         : std::vector<std::string>{std::string(text)};
  return group;
}

std::string text_of(const Group& group) {
  std::string text;
  for (const auto& step : group.steps) text.append(text.empty() ? "" : kArrow).append(step);
  if (group.count == 1) return text;
  const bool cycle = group.steps.size() > 1;
  return (cycle ? "(" + text + ")" : text) + std::string(kTimes) + std::to_string(group.count);
}

// The steps of `size` groups, as far as each is one step that was gone through once.
std::vector<std::string> singles(const std::deque<Group>& groups, std::size_t from,
                                 std::size_t size) {
  std::vector<std::string> steps;
  for (std::size_t i = from; i < from + size && i < groups.size() && groups[i].single(); ++i) {
    steps.push_back(groups[i].steps[0]);
  }
  return steps;
}

// If the first `cycle` steps repeat those behind them, they become one group.
void fold(std::deque<Group>& groups, std::size_t cycle) {
  const auto first = singles(groups, 0, cycle);
  if (first.size() != cycle || groups.size() <= cycle) return;
  const auto end = groups.begin() + static_cast<std::ptrdiff_t>(cycle);
  if (end->steps == first) {
    ++end->count;
    groups.erase(groups.begin(), end);
  } else if (singles(groups, cycle, cycle) == first) {
    groups.erase(groups.begin(), end + static_cast<std::ptrdiff_t>(cycle));
    groups.push_front({.steps = first, .count = 2});
  }
}

}  // namespace

std::string with_step(std::string_view step, std::string_view path) {
  std::deque<Group> groups{{.steps = {std::string(step)}}};
  while (!path.empty() && groups.size() < 2 * kLongestCycle) groups.push_back(take_group(path));
  for (std::size_t cycle = 1; cycle <= kLongestCycle; ++cycle) fold(groups, cycle);
  std::string text;
  for (const Group& group : groups) text.append(text.empty() ? "" : kArrow).append(text_of(group));
  if (!path.empty()) text.append(kArrow).append(path);
  return text;
}

}  // namespace manta::detail
