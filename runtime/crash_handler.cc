#include <cstdint>
#include <cstring>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <unistd.h>

#include <manta/runtime/crash_handler.h>

namespace manta::detail {
namespace {

rpc::CrashRecord* record_here = nullptr;
std::uint64_t image_base_here = 0;
constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::uint64_t executable_base() {
  std::uint64_t base = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        *static_cast<std::uint64_t*>(out) = info->dlpi_addr;
        return 1;  // the first is the executable
      },
      &base);
  return base;
}

struct Death {
  int signal = 0;
  int code = 0;
  const void* address = nullptr;
};

// backtrace() is not on the list of async-signal-safe functions; it was called once before, so that it allocates nothing,
// and this process is about to die in any case.
void leave_record(const Death& death) {
  if (record_here == nullptr) return;
  rpc::CrashRecord& record = *record_here;
  if (record.complete.load() != 0) return;
  record.signal = death.signal;
  record.code = death.code;
  record.fault_address = reinterpret_cast<std::uint64_t>(death.address);
  record.image_base = image_base_here;
  void* frames[rpc::kMaxCrashFrames];
  const int count = ::backtrace(frames, rpc::kMaxCrashFrames);
  for (int i = 0; i < count; ++i) record.frames[i] = reinterpret_cast<std::uint64_t>(frames[i]);
  record.frame_count = static_cast<std::uint32_t>(count);
  record.complete.store(1);
}

void on_fatal(int signal, siginfo_t* info, void*) {
  leave_record({.signal = signal, .code = info->si_code, .address = info->si_addr});
  struct sigaction fallback {};
  fallback.sa_handler = SIG_DFL;
  ::sigaction(signal, &fallback, nullptr);
  ::raise(signal);
}

}  // namespace

void install_crash_handler(rpc::CrashRecord& record) {
  void* warm_up[1];
  ::backtrace(warm_up, 1);
  record_here = &record;
  image_base_here = executable_base();
  struct sigaction action {};
  action.sa_sigaction = on_fatal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int signal : kFatal) ::sigaction(signal, &action, nullptr);
}

void record_crash_stack() { leave_record({}); }

void forget_crash_record() { record_here = nullptr; }

}  // namespace manta::detail
