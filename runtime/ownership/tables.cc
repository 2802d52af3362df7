#include "tables.h"

namespace manta::detail {
namespace {

thread_local TablesLock* held = nullptr;

}  // namespace

void Tables::serve_soon() {
  if (held != nullptr && &held->tables_ == this) {
    held->serve_afterwards_ = true;
  } else {
    progress_.kick();
  }
}

TablesLock::TablesLock(Tables& tables) : tables_(tables), lock_(tables.mutex_), outer_(held) {
  held = this;
}

bool TablesLock::held_by_this_thread() noexcept { return held != nullptr; }

TablesLock::~TablesLock() {
  held = outer_;
  lock_.unlock();
  if (serve_afterwards_) tables_.progress_.kick();
}

}  // namespace manta::detail
