// The message is put together first; then comes the handler, which runs in the thread that faulted and may call nothing
// that is not async-signal-safe; installing and removing it follow, and the name of the running function.
#include "read_only_fault.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <utility>

#include "../base/signal_chain.h"
#include "store.h"

namespace manta::objectstore {
namespace {

constexpr std::size_t kNameSize = 256;
// In a worker there is one, in a local session one for each call that waits.
constexpr std::size_t kMostRunners = 64;

// A thread that runs functions, and the name of the one that it runs; empty: none. Not thread-local: in a shared
// library the first access of a thread to its own data may allocate memory, which the handler may not.
// SYNC: none, of all accesses to these: the name belongs to its thread. In the message of another one it may be a
// mixture of two names. Of its own thread the handler sees all, since it runs in it.
struct Runner {
  std::atomic<pthread_t> thread{};  // zero: free
  char name[kNameSize] = {};
};
constinit Runner runners[kMostRunners];
constinit std::atomic<const Runner*> begun_last = nullptr;
constinit thread_local Runner* runner_here = nullptr;

struct RunnerKeeper {
  RunnerKeeper() = default;
  ~RunnerKeeper() {
    Runner* const runner = std::exchange(runner_here, nullptr);
    if (runner == nullptr) return;
    runner->name[0] = 0;
    runner->thread.store(pthread_t{}, std::memory_order_relaxed);
  }
  RunnerKeeper(const RunnerKeeper&) = delete;
};

// Null if there are too many.
[[gnu::noinline]] Runner* new_runner() {
  for (Runner& runner : runners) {
    pthread_t nobody{};
    // SYNC: nothing but the claim itself: two threads do not get one place.
    if (!runner.thread.compare_exchange_strong(nobody, ::pthread_self())) continue;
    thread_local const RunnerKeeper keeper;
    return runner_here = &runner;
  }
  return nullptr;
}

// SYNC: release when they are installed, acquire in the handler, which then sees a complete store and hook.
std::atomic<Store*> watched{nullptr};
std::atomic<ReadOnlyFaultHook> hook_of_process{nullptr};

// A line of text built without allocation; what does not fit is cut.
class Line {
 public:
  void add(const char* text) {
    while (*text != 0 && size_ + 1 < sizeof(text_)) {
      text_[size_++] = *text++;
    }
  }
  void add_hex(std::uint64_t number) {
    char digits[17] = {};
    for (int i = 16; i-- > 0; number >>= 4) {
      digits[i] = "0123456789abcdef"[number & 15];
    }
    add(digits);
  }
  const char* text() const { return text_; }
  std::size_t size() const { return size_; }

 private:
  char text_[512] = {};
  std::size_t size_ = 0;
};

void write_line(const Line& line) {
  char text[513];
  std::memcpy(text, line.text(), line.size());
  text[line.size()] = '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, line.size() + 1);
}

// The name of the function that this thread runs, or null.
const char* name_here() {
  for (const Runner& runner : runners) {
    if (runner.thread.load(std::memory_order_relaxed) != ::pthread_self()) continue;
    return runner.name[0] != 0 ? runner.name : nullptr;
  }
  return nullptr;
}

// The name of a function that some thread runs, if possible the one that has begun last; or null.
const char* name_elsewhere() {
  const Runner* const last = begun_last.load(std::memory_order_relaxed);
  if (last != nullptr && last->name[0] != 0) return last->name;
  for (const Runner& runner : runners) {
    if (runner.name[0] != 0) return runner.name;
  }
  return nullptr;
}

// A thread that user code started has no name of its own.
void add_function(Line& line) {
  if (const char* const here = name_here()) {
    line.add(here);
  } else if (const char* const elsewhere = name_elsewhere()) {
    line.add(elsewhere);
    line.add(" (in a thread that it started)");
  } else {
    line.add("main");
  }
}

Line describe(const Store& store, const void* address) {
  BlockExtent block;  // a forked child cannot look up which one it is
  if (!store.abandoned()) block = store.arena().block_at(store.arena().offset_of(address));
  const ObjectId id = block.size == 0 ? ObjectId() : store.blocks().object_of(block.offset);
  Line line;
  line.add("assignment destination is read-only: array of object ");
  if (id.is_nil()) {
    line.add("(unnamed)");
  } else {
    line.add_hex(id.hi());
    line.add_hex(id.lo());
  }
  line.add(" in ");
  add_function(line);
  line.add("; make a copy first: a.copy()");
  return line;
}

void explain(const Store& store, const void* address, void* context) {
  const Line line = describe(store, address);
  write_line(line);
  // SYNC: acquire, as for `watched`.
  if (const ReadOnlyFaultHook hook = hook_of_process.load(std::memory_order_acquire)) {
    hook({line.text(), line.size(), address, context});
  }
}

// Reads fault, too, in a forked child, which does not have the mappings.
bool is_write([[maybe_unused]] void* context) {
#if defined(__x86_64__)
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  return (registers[REG_ERR] & 2) != 0;
#else
  return true;
#endif
}

void look_at_fault(int, siginfo_t* info, void* context) {
  // SYNC: the store is complete.
  const Store* const store = watched.load(std::memory_order_acquire);
  const void* const address = info->si_addr;
  if (store != nullptr && info->si_code > 0 && is_write(context) &&
      (store->arena().contains(address) || store->arena().in_writable_window(address))) {
    explain(*store, address, context);
  }
}

}  // namespace

void install_read_only_fault(Store& store, ReadOnlyFaultHook hook) {
  // SYNC: release, for the handler.
  hook_of_process.store(hook, std::memory_order_release);
  if (watched.exchange(&store, std::memory_order_release) != nullptr) return;
  base::look_first(SIGSEGV, look_at_fault);
  base::watch_signal(SIGSEGV);
}

void remove_read_only_fault() {
  // SYNC: release, for a handler that runs now: it sees a complete store and hook, or none.
  if (watched.exchange(nullptr, std::memory_order_release) == nullptr) return;
  base::look_first(SIGSEGV, nullptr);
  base::unwatch_signal(SIGSEGV);
  hook_of_process.store(nullptr, std::memory_order_release);
}

void set_running_function(std::string_view name) noexcept {
  Runner* runner = runner_here;
  if (runner == nullptr && !name.empty()) runner = new_runner();
  if (runner == nullptr) return;
  const std::size_t size = std::min(name.size(), kNameSize - 1);
  runner->name[size] = 0;
  if (size == 0) return;
  std::memcpy(runner->name, name.data(), size);
  begun_last.store(runner, std::memory_order_relaxed);
}

SignalStack::SignalStack() {
  stack_t found = {};
  if (::sigaltstack(nullptr, &found) != 0 || (found.ss_flags & SS_DISABLE) == 0) {
    return;
  }
  const std::size_t size = std::max<std::size_t>(static_cast<std::size_t>(SIGSTKSZ), 64 * 1024);
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) {
    return;
  }
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = size;
  if (::sigaltstack(&stack, nullptr) != 0) {
    ::munmap(memory, size);
    return;
  }
  memory_ = memory;
  size_ = size;
}

SignalStack::~SignalStack() {
  if (memory_ != nullptr) {
    stack_t none = {};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, size_);
  }
}

}  // namespace manta::objectstore
