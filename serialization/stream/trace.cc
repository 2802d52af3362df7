#include "trace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace manta::serialization {
namespace {

constexpr std::size_t kMostLines = 10'000;
constexpr std::size_t kMostBytes = 16;  // of a member
constexpr std::size_t kSkipped = std::numeric_limits<std::size_t>::max();

void append_hex(std::string& line, std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::byte byte : bytes.first(std::min(bytes.size(), kMostBytes))) {
    line += ' ';
    line += digits[static_cast<std::size_t>(byte) >> 4];
    line += digits[static_cast<std::size_t>(byte) & 15];
  }
  if (bytes.size() > kMostBytes) line += " ...";
}

std::string count(std::size_t n, std::string_view what) {
  return std::to_string(n).append(" ").append(what).append(n == 1 ? "" : "s");
}

}  // namespace

std::optional<int> parse_verbosity(std::string_view text) {
  if (text.size() != 1 || text[0] < '0' || text[0] > '2') return {};
  return text[0] - '0';
}

int read_verbosity() {
  const char* text = std::getenv("MANTA_SERIALIZE_VERBOSE");
  const int level = text == nullptr ? 0 : parse_verbosity(text).value_or(0);
  known_verbosity.store(level, std::memory_order_relaxed);  // SYNC: none, as its declaration says
  return level;
}

void Trace::begin(std::string_view name, std::string_view type, std::size_t offset) {
  // A member that is an aggregate is announced twice, as a member and as an object: once is enough.
  const bool said =
      name.empty() && !open_.empty() && open_.back().offset == offset && open_.back().type == type;
  const bool first = name.empty() && open_.empty() && lines_.empty() && type == root_;
  const bool cut = lines_.size() == kMostLines;
  cut_ = cut_ || cut;
  if (said || first || cut) {
    open_.push_back({kSkipped, offset, type});
    return;
  }
  std::size_t depth = 1;
  for (const Open& outer : open_) depth += outer.line == kSkipped ? 0 : 1;
  std::string line(2 * depth, ' ');
  line.append("@").append(std::to_string(offset)).append(" ").append(name);
  if (!name.empty()) line += ": ";
  line.append(type);
  open_.push_back({lines_.size(), offset, type});
  lines_.push_back(std::move(line));
}

void Trace::end(std::span<const std::byte> stream, std::size_t buffers) {
  const Open ended = open_.back();
  open_.pop_back();
  if (ended.line == kSkipped) return;
  const auto bytes = stream.subspan(ended.offset);
  std::string& line = lines_[ended.line];
  line.append(", ").append(count(bytes.size(), "byte"));
  if (buffers != 0) line.append(" and ").append(count(buffers, "buffer"));
  line += ':';
  append_hex(line, bytes);
}

void Trace::print(bool complete, std::size_t bytes, std::size_t buffers) const {
  std::string text = complete ? "manta: serialized " : "manta: failed to serialize ";
  text.append(root_).append(": ").append(count(bytes, "byte"));
  text.append(" and ").append(count(buffers, "buffer")).append("\n");
  for (const std::string& line : lines_) text.append(line).append("\n");
  if (cut_) text.append("  ... more members than are shown\n");
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace manta::serialization
