// Notices that wait for a driver that is behind. However many there are, only a few are kept; each says how many it
// stands for.
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
