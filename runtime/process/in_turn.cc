#include "in_turn.h"

#include <atomic>

namespace manta::detail {
namespace {

class Done final : public rpc::Progress::Waiter {
 public:
  // SYNC: acquire pairs with the release in run_in_turn().
  bool satisfied() const override { return done.load(std::memory_order_acquire); }
  std::atomic<bool> done{false};
};

}  // namespace

void run_in_turn(const std::function<void(base::Ref<Command>)>& submit, rpc::Progress& progress,
                 const std::function<void()>& work) {
  Done done;
  submit(command_of([&](const base::Ref<Command>&) {
    work();
    // SYNC: release: whoever is told has what the work did before its own.
    done.done.store(true, std::memory_order_release);
  }));
  progress.wait(done);
}

}  // namespace manta::detail
