// Signals that do not reach the calling thread for a while, nor, if it starts one meanwhile, that one ever.
//
//   const SignalsBlocked blocked;             all, until the end of the scope
//   const SignalsBlocked blocked(SIGXFSZ);    one
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
