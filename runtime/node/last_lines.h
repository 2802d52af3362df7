// What is told of the output of a process that died: its last lines. If they are the report of a sanitizer, then the
// head of that, which has the error and its place, with a few lines before it and the last ones after it.
// Threads: one at a time.
#pragma once
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail::node {

class LastLines {
 public:
  void add(std::string_view line);  // cut at 400 bytes, so that all fits into a message
  std::string text() const;

 private:
  std::deque<std::string> last_;
  std::vector<std::string> before_report_;  // the program's own words
  std::vector<std::string> report_;  // the head of the last one; empty if there was none lately
  std::size_t since_report_ = 0;     // lines since its first one, which counts
};

}  // namespace manta::detail::node
