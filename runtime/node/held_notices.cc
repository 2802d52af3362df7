#include "held_notices.h"

#include <algorithm>
#include <utility>

namespace manta::detail::node {

void HeldNotices::add(Notice notice) {
  const auto held = [this](const Notice& like) {
    return std::ranges::find_if(notices_, [&like](const Notice& each) {
      return each.kind == like.kind && each.cause == like.cause &&
             each.text.empty() == like.text.empty();
    });
  };
  auto same = held(notice);
  if (same == notices_.end() && notices_.size() >= kMostCauses) {
    notice = {.kind = notice.kind, .count = notice.count};
    same = held(notice);
  }
  if (same == notices_.end()) {
    notices_.push_back(std::move(notice));
  } else {
    same->count += notice.count;
  }
}

std::vector<Notice> HeldNotices::take() { return std::exchange(notices_, {}); }

}  // namespace manta::detail::node
