// Notices that wait for a driver which is behind: however many there are, a few are kept, which say how many they stand for.
//
// Threads: the node's. Errors: none.
#pragma once
#include <cstddef>
#include <vector>

#include "../wire/notice.h"

namespace manta::detail::node {

class HeldNotices {
 public:
  static constexpr std::size_t kMostCauses = 64;  // the driver tells fewer

  void add(Notice notice);
  std::vector<Notice> take();

 private:
  std::vector<Notice> notices_;  // one for each cause, and one for the rest of each kind
};

}  // namespace manta::detail::node
