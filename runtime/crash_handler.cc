// In the handler only system calls are made and static memory is used: the crash may have happened inside of malloc or of
// the dynamic loader. Names are not looked for here: the node does that, from addresses and the files that they lie in.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include <manta/base/fd.h>
#include <manta/runtime/crash_handler.h>

namespace manta::detail {
namespace {

rpc::CrashRecord* record_here = nullptr;
constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr int kHandlerFrames = 8;  // at most, above the frame that faulted

struct Death {
  int signal = 0;
  int code = 0;
  std::uint64_t address = 0;
  std::uint64_t pc = 0, sp = 0;  // of the instruction that faulted; 0: not known
};

Death death_of(int signal, const siginfo_t& info, [[maybe_unused]] const void* context) {
  Death death{.signal = signal,
              .code = info.si_code,
              .address = reinterpret_cast<std::uint64_t>(info.si_addr)};
#if defined(__x86_64__)
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  death.pc = static_cast<std::uint64_t>(registers[REG_RIP]);
  death.sp = static_cast<std::uint64_t>(registers[REG_RSP]);
#elif defined(__aarch64__)
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
  death.pc = registers.pc;
  death.sp = registers.sp;
#endif
  return death;
}

// One line of /proc/self/maps: "begin-end rw-p offset device inode   path".
struct Mapping {
  std::uint64_t begin = 0, end = 0;
  bool usable = false;    // something may be read or written there
  const char* path = "";  // empty: no file
};

std::uint64_t hex_number(const char*& at) {
  std::uint64_t number = 0;
  for (;; ++at) {
    if (*at >= '0' && *at <= '9') {
      number = number << 4 | static_cast<std::uint64_t>(*at - '0');
    } else if (*at >= 'a' && *at <= 'f') {
      number = number << 4 | static_cast<std::uint64_t>(*at - 'a' + 10);
    } else {
      return number;
    }
  }
}

Mapping parse_mapping(const char* line) {
  Mapping mapping;
  mapping.begin = hex_number(line);
  if (*line == '-') ++line;
  mapping.end = hex_number(line);
  if (*line == ' ') ++line;
  mapping.usable = *line == 'r';
  for (int field = 0; field < 4 && *line != 0; ++field) {
    while (*line != 0 && *line != ' ') ++line;
    while (*line == ' ') ++line;
  }
  mapping.path = line;
  return mapping;
}

// Calls `take` with each mapping of this process.
template <class Take>
void for_each_mapping(Take take) {
  static char text[16 * 1024];
  const base::Fd file(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
  std::size_t size = 0;
  for (ssize_t n; (n = ::read(file.get(), text + size, sizeof text - 1 - size)) > 0;) {
    size += static_cast<std::size_t>(n);
    char* at = text;
    while (auto* end = static_cast<char*>(std::memchr(at, '\n', size - std::size_t(at - text)))) {
      *end = 0;
      take(parse_mapping(at));
      at = end + 1;
    }
    size -= static_cast<std::size_t>(at - text);
    std::memmove(text, at, size);
    if (size == sizeof text - 1) size = 0;  // no line is that long
  }
}

// Which files the frames lie in, and whether the fault was the end of a stack: all from one walk over the mappings.
class Surroundings {
 public:
  Surroundings(rpc::CrashRecord& record, const Death& death) : record_(record), death_(death) {}

  void take(const Mapping& mapping) {
    look_for_code(mapping);
    look_for_stack(mapping);
  }

 private:
  void look_for_code(const Mapping& mapping) {
    if (std::strncmp(mapping.path, file_, sizeof file_ - 1) != 0) {
      std::strncpy(file_, mapping.path, sizeof file_ - 1);
      file_begin_ = mapping.begin;
    }
    if (*mapping.path == 0) return;
    const std::uint64_t* const frames = record_.frames;
    const bool has_code = std::any_of(
        frames, frames + record_.frame_count,
        [&](std::uint64_t frame) { return frame >= mapping.begin && frame < mapping.end; });
    if (!has_code || record_.image_count == rpc::kMaxCrashImages) return;
    rpc::CrashImage& image = record_.images[record_.image_count++];
    image.begin = file_begin_;
    image.end = mapping.end;
    std::strncpy(image.path, file_, sizeof image.path - 1);
    image.path[sizeof image.path - 1] = 0;
  }

  // A stack is full when what faulted lies near the stack pointer, and below the mapping that is the stack.
  void look_for_stack(const Mapping& mapping) {
    constexpr std::uint64_t kBelow = 64 * 1024, kAbove = 64 * 1024 * 1024;
    const std::uint64_t at = death_.address;
    if (death_.signal != SIGSEGV || death_.code <= 0 || death_.sp == 0 || stack_seen_) return;
    if (at + kBelow < death_.sp || at > death_.sp + kAbove) return;
    if (mapping.end <= at || !mapping.usable) return;
    stack_seen_ = true;  // the first that can be used at the address or above
    if (mapping.begin <= at || death_.sp >= mapping.end) return;
    const bool of_main = std::strcmp(mapping.path, "[stack]") == 0;
    record_.full_stack = of_main ? limit_of_main() : mapping.end - mapping.begin;
  }
  static std::uint64_t limit_of_main() {
    rlimit limit{};
    ::getrlimit(RLIMIT_STACK, &limit);
    return limit.rlim_cur;
  }

  rpc::CrashRecord& record_;
  const Death& death_;
  char file_[sizeof(rpc::CrashImage::path)] = {};
  std::uint64_t file_begin_ = 0;
  bool stack_seen_ = false;
};

void add_frame(rpc::CrashRecord& record, std::uint64_t address) {
  if (record.frame_count < rpc::kMaxCrashFrames) record.frames[record.frame_count++] = address;
}

// backtrace() is not on the list of async-signal-safe functions; it was called once before, so that it allocates nothing,
// and this process is about to die in any case.
void add_frames(rpc::CrashRecord& record, const Death& death) {
  void* found[rpc::kMaxCrashFrames + kHandlerFrames];
  const int count = ::backtrace(found, std::size(found));
  const auto is_fault = [&](void* address) {
    return death.pc != 0 && reinterpret_cast<std::uint64_t>(address) == death.pc;
  };
  void* const* first = std::find_if(found, found + count, is_fault);
  record.first_is_exact = death.pc != 0 || first != found + count ? 1 : 0;
  if (first == found + count && death.signal != 0) {
    // A call to where no code is: nothing can be unwound from there but the return address of that call.
    add_frame(record, death.pc);
    if (death.address == death.pc)
      add_frame(record, *reinterpret_cast<const std::uint64_t*>(death.sp));
    return;
  }
  if (first == found + count) first = found;
  for (; first != found + count; ++first)
    add_frame(record, reinterpret_cast<std::uint64_t>(*first));
}

void leave_record(const Death& death) {
  if (record_here == nullptr) return;
  rpc::CrashRecord& record = *record_here;
  static std::atomic<bool> begun = false;  // also by a fault in here
  if (begun.exchange(true)) return;
  record.signal = death.signal;
  record.code = death.code;
  record.fault_address = death.address;
  add_frames(record, death);
  Surroundings surroundings(record, death);
  for_each_mapping([&](const Mapping& mapping) { surroundings.take(mapping); });
  record.complete.store(1);
}

void on_fatal(int signal, siginfo_t* info, void* context) {
  leave_record(death_of(signal, *info, context));
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
  struct sigaction action {};
  action.sa_sigaction = on_fatal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int signal : kFatal) ::sigaction(signal, &action, nullptr);
}

void record_crash_stack() { leave_record({}); }

void forget_crash_record() { record_here = nullptr; }

}  // namespace manta::detail
