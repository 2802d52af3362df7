// While a SignalsBlocked exists, signals do not reach the calling thread. A thread that it starts in this time never
// gets them.
//
//   const SignalsBlocked blocked;             all signals, until the end of the scope
//   const SignalsBlocked blocked(SIGXFSZ);    one of them
//
// Threads: the calling one. Errors: none.
#pragma once
#include <signal.h>

#include "build_settings.h"

namespace manta::base {

class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    block(all);
  }
  explicit SignalsBlocked(int signal) {
    sigset_t one;
    ::sigemptyset(&one);
    ::sigaddset(&one, signal);
    block(one);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;

 private:
  void block(const sigset_t& signals) { ::pthread_sigmask(SIG_BLOCK, &signals, &before_); }
  sigset_t before_;
};

}  // namespace manta::base
