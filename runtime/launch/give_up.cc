#include "give_up.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <pthread.h>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "../../base/signals_blocked.h"
#include "../wire/death_report.h"

namespace manta::detail {
namespace {

// SYNC: none, of both: they are set before there is a second thread.
rpc::CrashRecord* record_here = nullptr;
pid_t worker = 0;

}  // namespace

void let_give_up(rpc::CrashRecord& record) {
  record_here = &record;
  worker = ::getpid();
}

bool may_give_up() { return record_here != nullptr && ::getpid() == worker; }

void give_up(std::string_view reason) {
  static std::atomic<bool> given_up = false;
  if (!may_give_up()) ::_exit(kGivenUpExit);
  // SYNC: none: the first one writes.
  if (given_up.exchange(true)) {
    for (;;) ::pause();  // until the first one has ended the process
  }
  const std::size_t size = std::min<std::size_t>(reason.size(), rpc::kMaxEndReason - 1);
  std::copy_n(reason.data(), size, record_here->reason);
  record_here->reason[size] = 0;
  // SYNC: release: the node, which looks at it when the process has died, sees the whole reason.
  record_here->has_reason.store(1, std::memory_order_release);
  ::_exit(kGivenUpExit);
}

void give_up_unless_ended_within(std::chrono::milliseconds patience) try {
  const base::SignalsBlocked inherited_by_the_thread;
  std::thread([patience] {
    pthread_setname_np(pthread_self(), "manta-end");
    timespec left{.tv_sec = patience.count() / 1000,
                  .tv_nsec = patience.count() % 1000 * 1'000'000};
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
    give_up("its exit handlers, or its static destructors, did not end within " +
            std::to_string(patience.count()) + " ms");
  }).detach();
} catch (const std::system_error&) {  // then nobody looks
}

}  // namespace manta::detail
