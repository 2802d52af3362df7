#include "completion_watch.h"

#include <algorithm>
#include <utility>

#include "../ownership/open_session.h"
#include "../ownership/ownership.h"

namespace manta::detail {

CompletionWatch::CompletionWatch(Tables& tables, Ownership& ownership,
                                 std::span<ObjectEntry* const> entries)
    : session_(ownership.session()), links_(entries.size()), order_(entries.size()) {
  const TablesLock lock(tables);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    ObjectEntry& entry = *entries[i];
    if (entry.done()) {
      add(i);
    } else {
      link(entry, links_[i]);
      ownership.subscribe(entry);
    }
  }
}

// A session's end makes all its objects done; but calls of a local session may run until it is gone.
CompletionWatch::~CompletionWatch() {
  if (arrived() == links_.size()) return;
  const auto session = OpenSession::living(session_);
  if (!session) return;
  const TablesLock lock(session->tables());
  for (auto& link : links_) {
    if (link.watch != nullptr) unlink(link);
  }
}

std::vector<ObjectEntry*> CompletionWatch::pending(std::span<ObjectEntry* const> entries,
                                                   std::size_t most) const {
  while (done_before_ < entries.size() && links_[done_before_].watch == nullptr) ++done_before_;
  std::vector<ObjectEntry*> pending;
  const std::size_t end = std::min(entries.size() - done_before_, most) + done_before_;
  for (std::size_t i = done_before_; i < end; ++i) {
    if (links_[i].watch != nullptr) pending.push_back(entries[i]);
  }
  return pending;
}

void CompletionWatch::completed(WatchLink* watchers) {
  for (WatchLink* next = watchers; next != nullptr;) {
    WatchLink& link = *next;
    CompletionWatch& watch = *link.watch;
    next = link.next;
    link = {};
    watch.add(static_cast<std::size_t>(&link - watch.links_.data()));
  }
}

void CompletionWatch::link(ObjectEntry& entry, WatchLink& link) {
  WatchLink*& first = entry.pending().watchers;
  link = {first, &first, this};
  if (link.next != nullptr) link.next->here = &link.next;
  first = &link;
}

void CompletionWatch::unlink(WatchLink& link) {
  *link.here = link.next;
  if (link.next != nullptr) link.next->here = link.here;
  link = {};
}

void CompletionWatch::add(std::size_t index) {
  const std::size_t count = arrived_.load(std::memory_order_relaxed);  // SYNC: the tables lock
  order_[count] = index;
  // SYNC: release publishes the index to whoever reads arrived().
  arrived_.store(count + 1, std::memory_order_release);
}

}  // namespace manta::detail
