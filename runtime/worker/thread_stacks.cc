#include "thread_stacks.h"

#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <memory>
#include <new>
#include <pthread.h>

#include "../../base/sanitizers.h"
#include "../../objectstore/read_only_fault.h"
#include "executor.h"

namespace manta::detail {
namespace {

// SYNC: none, of all accesses to both: threads that start at the same moment may do without.
std::atomic<bool> wanted{false};
std::atomic<bool> seen{false};  // a thread has got one

struct Begin {
  void* (*run)(void*);
  void* with;
  Executor::Starter starter;
};

void* run_with_signal_stack(void* given) {
  const Begin begin = *std::unique_ptr<Begin>(static_cast<Begin*>(given));
  const objectstore::SignalStack stack;
  seen.store(true, std::memory_order_relaxed);
  Executor::set_starter_of_this_thread(begin.starter);
  return begin.run(begin.with);
}

}  // namespace

bool new_threads_have_signal_stacks() noexcept { return seen.load(std::memory_order_relaxed); }

void give_new_threads_signal_stacks() noexcept { wanted.store(true, std::memory_order_relaxed); }

int create_thread(pthread_t* id, const pthread_attr_t* attributes, void* (*run)(void*),
                  void* with) noexcept {
  static const auto next =
      reinterpret_cast<decltype(&::pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (next == nullptr) return ENOSYS;
  Begin* begin = nullptr;
  if (wanted.load(std::memory_order_relaxed)) {
    begin = new (std::nothrow) Begin{run, with, Executor::starter_of_this_thread()};
  }
  if (begin == nullptr) return next(id, attributes, run, with);
  const int error = next(id, attributes, run_with_signal_stack, begin);
  if (error != 0) delete begin;
  return error;
}

}  // namespace manta::detail

// Sanitizers define a pthread_create of their own.
#ifndef MANTA_SANITIZED
extern "C" [[gnu::weak]] int pthread_create(pthread_t* id, const pthread_attr_t* attributes,
                                            void* (*run)(void*), void* with) noexcept {
  return manta::detail::create_thread(id, attributes, run, with);
}
#endif
