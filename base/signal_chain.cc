// In this order: the user's handlers (Watch), which are read and changed under a lock of their own; what the handler
// does; watching; and the C library's functions that are defined here.
#include "signal_chain.h"

#include <atomic>
#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

#include "sanitizers.h"
#include "signals_blocked.h"

// What the C library's sigaction() is called besides. Sanitizers have a sigaction() of their own, which must be used.
#ifndef MANTA_SANITIZED
extern "C" int __sigaction(int signal, const struct sigaction* action,
                           struct sigaction* before) noexcept;
#endif

namespace manta::base {
namespace {

#ifdef MANTA_SANITIZED
constexpr auto* set_action = ::sigaction;
#else
constexpr auto* set_action = ::__sigaction;
#endif

struct Watch {
  int watchers = 0;
  struct sigaction users = {};
  // SYNC: release when it is set, acquire in the handler, which sees what was made for it.
  std::atomic<SignalLook> first{nullptr};
};
constinit Watch watches[NSIG];
// SYNC: as Watch::first.
constinit std::atomic<SignalLook> passing_on{nullptr};
constinit std::atomic<LastWords> last_words{nullptr};

// Guards `watchers` and `users` of all signals, for a few instructions that cannot fault.
class WatchesLock {
 public:
  WatchesLock() {
    // SYNC: acquire: what the thread before has written. A forked child may find it held by a thread that it does not
    // have, so that it gives up; nothing is in the middle of a change then but by a chance of one in a million.
    for (int i = 0; i < (1 << 24) && held.test_and_set(std::memory_order_acquire); ++i) continue;
  }
  ~WatchesLock() { held.clear(std::memory_order_release); }  // SYNC: see above
  WatchesLock(const WatchesLock&) = delete;

 private:
  const SignalsBlocked blocked_;  // so that no handler of this thread waits for it
  static constinit inline std::atomic_flag held;
};

bool calls_nobody(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 &&
         (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
}

// The user's handler for a signal that has come: of one that is to be called once, the last time.
struct sigaction handler_for(int signal) {
  const WatchesLock lock;
  struct sigaction& users = watches[signal].users;
  const struct sigaction now = users;
  if ((now.sa_flags & static_cast<int>(SA_RESETHAND)) != 0 && !calls_nobody(now)) {
    users.sa_flags &= ~SA_SIGINFO;
    users.sa_handler = SIG_DFL;
  }
  return now;
}

void unblock(int signal) {
  sigset_t one;
  ::sigemptyset(&one);
  ::sigaddset(&one, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
}

void call(const struct sigaction& users, int signal, siginfo_t* info, void* context) {
  sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &users.sa_mask, &before);
  const bool blocks_it = ::sigismember(&users.sa_mask, signal) == 1;
  if ((users.sa_flags & SA_NODEFER) != 0 && !blocks_it) unblock(signal);
  if ((users.sa_flags & SA_SIGINFO) != 0) {
    users.sa_sigaction(signal, info, context);
  } else {
    users.sa_handler(signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void take_default(int signal, siginfo_t* info, void* context) {
  // SYNC: acquire, see its declaration.
  const LastWords last = last_words.load(std::memory_order_acquire);
  const int fatal = last != nullptr ? last(signal, info, context) : signal;
  struct sigaction by_default = {};
  by_default.sa_handler = SIG_DFL;
  set_action(fatal, &by_default, nullptr);
  unblock(fatal);
  // Without last words the instruction that faulted runs again and ends the process. A signal that somebody sent is
  // sent once more.
  if (last != nullptr || info->si_code <= 0) ::raise(fatal);
}

void on_signal(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  // SYNC: acquire, both, see their declarations.
  const SignalLook first = watches[signal].first.load(std::memory_order_acquire);
  if (first != nullptr) first(signal, info, context);
  const struct sigaction users = handler_for(signal);
  const bool sent = info->si_code <= 0;
  if (!calls_nobody(users)) {
    const SignalLook passing = passing_on.load(std::memory_order_acquire);
    if (passing != nullptr) passing(signal, info, context);
    call(users, signal, info, context);
    // abort() continues with the default when a handler has returned, and nobody sees that one. SYNC: as above.
    const LastWords last = last_words.load(std::memory_order_acquire);
    const bool of_abort = signal == SIGABRT && sent && info->si_pid == ::getpid();
    if (of_abort && last != nullptr) last(signal, info, context);
  } else if ((users.sa_flags & SA_SIGINFO) != 0 || users.sa_handler == SIG_DFL || !sent) {
    take_default(signal, info, context);
  }
  errno = error;
}

// Of a handler that the kernel calls, with the signal blocked: a fault in Manta's part ends the process. Otherwise one
// that overflows the alternate signal stack would enter the handler at the top of that stack for ever.
struct sigaction ours() {
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  return action;
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_signal;
}

}  // namespace

void watch_signal(int signal) {
  const WatchesLock lock;
  Watch& watch = watches[signal];
  if (watch.watchers++ > 0) return;
  struct sigaction found = {};
  set_action(signal, nullptr, &found);
  if (is_ours(found)) return;  // of a watch that ended when another handler had come before it
  watch.users = found;
  const struct sigaction action = ours();
  set_action(signal, &action, nullptr);
}

void unwatch_signal(int signal) {
  const WatchesLock lock;
  Watch& watch = watches[signal];
  if (watch.watchers == 0 || --watch.watchers > 0) return;
  struct sigaction found = {};
  set_action(signal, nullptr, &found);
  if (is_ours(found)) set_action(signal, &watch.users, nullptr);
}

void look_first(int signal, SignalLook look) {
  // SYNC: release, see its declaration.
  watches[signal].first.store(look, std::memory_order_release);
}

void look_last(SignalLook passing, LastWords last) {
  // SYNC: release, both, see their declarations.
  passing_on.store(passing, std::memory_order_release);
  last_words.store(last, std::memory_order_release);
}

#ifndef MANTA_SANITIZED
namespace {

int change_action(int signal, const struct sigaction* action, struct sigaction* before) noexcept {
  if (signal > 0 && signal < NSIG) {
    const WatchesLock lock;
    Watch& watch = watches[signal];
    if (watch.watchers > 0) {
      const struct sigaction old = watch.users;
      if (action != nullptr) watch.users = *action;
      if (before != nullptr) *before = old;
      return 0;
    }
  }
  return set_action(signal, action, before);
}

// As BSD has it: system calls continue, and the handler stays.
sighandler_t change_handler(int signal, sighandler_t handler) noexcept {
  struct sigaction action = {}, before = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  if (handler == SIG_ERR) return errno = EINVAL, SIG_ERR;
  return change_action(signal, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}

}  // namespace
#endif

}  // namespace manta::base

#ifndef MANTA_SANITIZED
extern "C" [[gnu::weak]] int sigaction(int signal, const struct sigaction* action,
                                       struct sigaction* before) noexcept {
  return manta::base::change_action(signal, action, before);
}

extern "C" [[gnu::weak]] sighandler_t signal(int signal, sighandler_t handler) noexcept {
  return manta::base::change_handler(signal, handler);
}
#endif
