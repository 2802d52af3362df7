#include "on_start.h"

#include <mutex>
#include <utility>
#include <vector>

namespace manta {
namespace {

struct Registry {
  std::mutex mutex;
  std::recursive_mutex running;  // a function may define further ones
  std::vector<std::function<void()>> waiting;
};

Registry& registry() {  // made at first use and never destroyed: static constructors need it
  static Registry* const instance = new Registry;
  return *instance;
}

}  // namespace

OnStart::OnStart(std::function<void()> fn) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.waiting.push_back(std::move(fn));
}

void detail::run_on_start() {
  Registry& all = registry();
  const std::lock_guard one_at_a_time(all.running);
  for (;;) {
    std::vector<std::function<void()>> batch;
    {
      const std::lock_guard lock(all.mutex);
      batch.swap(all.waiting);
    }
    if (batch.empty()) return;
    for (const auto& fn : batch) fn();
  }
}

}  // namespace manta
