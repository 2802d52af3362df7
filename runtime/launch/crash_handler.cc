// The handler makes system calls and uses static memory, and nothing else: the crash may have happened inside malloc or
// the dynamic loader. It looks for no names: the node does that, from the addresses and the files that they lie in.
//
// Read from the end: on_fatal() and record_crash_stack() call a Recording, which writes the record in steps: the frames
// (add_frames), then from one walk over the mappings of the process the files that they lie in, and whether a stack was
// full (Surroundings).
#include "crash_handler.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include "../../base/fd.h"
#include "../../base/sanitizers.h"
#include "../../base/signal_chain.h"

namespace manta::detail {
namespace {

rpc::CrashRecord* record_here = nullptr;
constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
// At most, above the frame that faulted; some are of a user's handler.
constexpr int kHandlerFrames = 24;

struct Death {
  int signal = 0;
  int code = 0;
  std::uint64_t address = 0;
  std::uint64_t pc = 0, sp = 0;  // of the instruction that faulted
  bool knows_pc = false;
  ucontext_t* context = nullptr;
};

Death death_at(void* context) {
  Death death{.context = static_cast<ucontext_t*>(context)};
#if defined(__x86_64__)
  const auto& registers = death.context->uc_mcontext.gregs;
  death.pc = static_cast<std::uint64_t>(registers[REG_RIP]);
  death.sp = static_cast<std::uint64_t>(registers[REG_RSP]);
  death.knows_pc = true;
#elif defined(__aarch64__)
  death.pc = death.context->uc_mcontext.pc;
  death.sp = death.context->uc_mcontext.sp;
  death.knows_pc = true;
#endif
  return death;
}

Death death_of(int signal, const siginfo_t& info, void* context) {
  Death death = death_at(context);
  death.signal = signal;
  death.code = info.si_code;
  death.address = reinterpret_cast<std::uint64_t>(info.si_addr);
  return death;
}

// One line of /proc/self/maps: "begin-end rw-p offset device inode   path".
struct Mapping {
  std::uint64_t begin = 0, end = 0;
  bool usable = false;    // something may be read or written there
  bool code = false;      // may be executed
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
  mapping.code = line[0] != 0 && line[1] != 0 && line[2] == 'x';
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

// Which files the frames lie in, and whether the fault was the end of a stack, from one walk over the mappings.
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
    if (*mapping.path == 0 || !mapping.code) return;
    const std::uint64_t* const frames = record_.frames;
    const bool has_code = std::any_of(
        frames, frames + record_.frame_count,
        [&](std::uint64_t frame) { return frame >= mapping.begin && frame < mapping.end; });
    if (!has_code || record_.image_count == rpc::kMaxCrashImages) return;
    rpc::CrashImage& image = record_.images[record_.image_count++];
    image.begin = file_begin_;
    image.end = mapping.end;
    const std::size_t size = ::strnlen(file_, sizeof image.path - 1);
    std::memcpy(image.path, file_, size);
    image.path[size] = 0;
  }

  // A stack was full if the address that faulted lies near the stack pointer, and below the mapping that is the stack.
  void look_for_stack(const Mapping& mapping) {
    constexpr std::uint64_t kBelow = 64 * 1024, kAbove = 64 * 1024 * 1024;
    const std::uint64_t at = death_.address;
    if (death_.signal != SIGSEGV || death_.code <= 0 || !death_.knows_pc || stack_seen_) return;
    if (at + kBelow < death_.sp || at > death_.sp + kAbove) return;
    if (mapping.end <= at || !mapping.usable) return;
    // Mappings are sorted: this is the first at the address or above that can be used.
    stack_seen_ = true;
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

bool is_code(std::uint64_t address) {
  bool found = false;
  for_each_mapping([&](const Mapping& mapping) {
    found = found || (mapping.code && address >= mapping.begin && address < mapping.end);
  });
  return found;
}

// After a call through a wild pointer the program counter is where no code is, and the unwinder could not begin. While
// an InCaller lives, the registers that the unwinder begins with are those of the caller instead.
class InCaller {
 public:
  explicit InCaller(ucontext_t& context) : context_(context.uc_mcontext), before_(context_) {
#if defined(__x86_64__)
    auto& sp = context_.gregs[REG_RSP];
    const auto back = *reinterpret_cast<const std::uint64_t*>(sp);
    if (!is_code(back - 1)) return;
    pc_ = back - 1;
    context_.gregs[REG_RIP] = static_cast<greg_t>(pc_);
    sp += static_cast<greg_t>(sizeof back);
#elif defined(__aarch64__)
    const std::uint64_t back = context_.regs[30];
    if (!is_code(back - 1)) return;
    context_.pc = pc_ = back - 1;
#endif
  }
  ~InCaller() { context_ = before_; }
  InCaller(const InCaller&) = delete;

  std::uint64_t pc() const { return pc_; }  // in the call; 0: there was none

 private:
  mcontext_t& context_;
  const mcontext_t before_;
  std::uint64_t pc_ = 0;
};

// backtrace() is not on the list of async-signal-safe functions. But it was called once before, so that it allocates
// nothing, and this process is about to die in any case.
void add_frames_from(rpc::CrashRecord& record, std::uint64_t pc) {
  void* found[rpc::kMaxCrashFrames + kHandlerFrames];
  void** const end = found + ::backtrace(found, std::size(found));
  void** first = std::find_if(found, end, [&](void* address) {
    return pc != 0 && reinterpret_cast<std::uint64_t>(address) == pc;
  });
  if (first == end) first = found;
  if (first != end && record.frame_count == 1 && record.frames[0] == pc) {
    ++first;  // recorded already
  }
  for (; first != end; ++first) add_frame(record, reinterpret_cast<std::uint64_t>(*first));
}

// The first frame is recorded before the unwinder runs, which may fault on a stack that was overwritten.
void add_frames(rpc::CrashRecord& record, const Death& death) {
  if (!death.knows_pc) return add_frames_from(record, 0);
  record.first_is_exact = 1;
  add_frame(record, death.pc);
  if (!is_code(death.pc)) {
    const InCaller caller(*death.context);
    if (caller.pc() != 0) add_frames_from(record, caller.pc());
    return;
  }
  add_frames_from(record, death.pc);
}

// The signals are blocked in a handler. From here on a fault is to enter it again, which Recording counts.
void let_faults_in() {
  sigset_t fatal;
  ::sigemptyset(&fatal);
  for (const int signal : kFatal) ::sigaddset(&fatal, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &fatal, nullptr);
}

// The thread that died first writes the record. If a step faults, the handler is entered again, and the next step
// follows.
class Recording {
 public:
  enum class Turn { kMine, kOfAnotherThread, kGivenUp };

  Turn begin() {
    pid_t nobody = 0;
    const pid_t self = ::gettid();
    // SYNC: nothing but the claim itself: the thread that comes first has all other members for itself.
    if (!writer_.compare_exchange_strong(nobody, self) && nobody != self) {
      return Turn::kOfAnotherThread;
    }
    entries_ = entries_ + 1;
    if (entries_ > kMostEntries) return Turn::kGivenUp;
    let_faults_in();
    return Turn::kMine;
  }
  void about(const Death& death) {
    if (entries_ == 1) death_ = death;
  }
  void write(rpc::CrashRecord& record) {
    if (step_ == 0) {
      step_ = 1;
      record.signal = death_.signal;
      record.code = death_.code;
      record.fault_address = death_.address;
      add_frames(record, death_);
    }
    if (step_ == 1) {
      step_ = 2;
      Surroundings surroundings(record, death_);
      for_each_mapping([&](const Mapping& mapping) { surroundings.take(mapping); });
    }
    // SYNC: the node, which looks at it when the process has died, sees the whole record.
    record.complete.store(1);
  }
  int signal() const { return death_.signal; }

 private:
  static constexpr int kMostEntries = 4;
  std::atomic<pid_t> writer_ = 0;
  volatile int entries_ = 0;
  volatile int step_ = 0;
  Death death_;
};

Recording recording;

// Waits as long as the thread that crashed first may need; not for ever, since that may wait for what this one holds.
void wait_for_the_end() {
  constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 100'000'000};
  for (int i = 0; i < 50; ++i) ::nanosleep(&kPause, nullptr);
}

// A fault that a user's handler has got. If the process dies of the same signal inside that handler, which sends it
// anew when it has said what it had to, the death is that of the fault.
class PassedOn {
 public:
  void note(const Death& death) {
    thread_ = 0;
    death_ = death;
    // SYNC: none: only the thread that noted it asks for it; if two fault at a time, one is forgotten.
    thread_ = ::gettid();
  }
  const Death* of(int signal) const {
    return thread_ == ::gettid() && death_.signal == signal ? &death_ : nullptr;
  }

 private:
  std::atomic<pid_t> thread_ = 0;
  Death death_;
};

PassedOn passed_on;

void on_passing(int signal, siginfo_t* info, void* context) {
  if (info->si_code > 0) passed_on.note(death_of(signal, *info, context));
}

bool runs_below(std::uint64_t pc) {
  void* found[rpc::kMaxCrashFrames + kHandlerFrames];
  void** const end = found + ::backtrace(found, std::size(found));
  return std::any_of(
      found, end, [pc](void* address) { return reinterpret_cast<std::uint64_t>(address) == pc; });
}

Death death_to_record(int signal, const siginfo_t& info, void* context) {
  const Death* const passed = info.si_code <= 0 ? passed_on.of(signal) : nullptr;
  const bool inside = passed != nullptr && passed->knows_pc && runs_below(passed->pc);
  return inside ? *passed : death_of(signal, info, context);
}

// Returns the signal that the process shall die of.
int on_fatal(int signal, siginfo_t* info, void* context) {
  if (record_here == nullptr) return signal;
  const Death death = death_to_record(signal, *info, context);
  const auto turn = recording.begin();
  if (turn == Recording::Turn::kOfAnotherThread) wait_for_the_end();
  if (turn != Recording::Turn::kMine) return signal;
  recording.about(death);
  recording.write(*record_here);
  return recording.signal() != 0 ? recording.signal() : signal;
}

}  // namespace

void install_crash_handler(rpc::CrashRecord& record) {
  void* warm_up[1];
  ::backtrace(warm_up, 1);
  record_here = &record;
  base::look_last(on_passing, on_fatal);
  for (const int signal : kFatal) {
#ifdef MANTA_SANITIZED
    ::signal(signal, SIG_DFL);  // the sanitizer's own handler ends the process
#endif
    base::watch_signal(signal);
  }
}

void record_crash_stack(void* context) {
  if (record_here == nullptr) return;
  const auto turn = recording.begin();
  if (turn == Recording::Turn::kOfAnotherThread) wait_for_the_end();
  if (turn != Recording::Turn::kMine) return;
  recording.about(death_at(context));
  recording.write(*record_here);
}

void forget_crash_record() { record_here = nullptr; }

}  // namespace manta::detail
