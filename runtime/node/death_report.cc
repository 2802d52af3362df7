#include "death_report.h"

#include <algorithm>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <link.h>
#include <sys/wait.h>

#include "../code/stack_text.h"

namespace manta::detail::node {
namespace {

// The address that the symbols of a file count from: that of its first segment, which is 0 unless the file is bound to
// one place.
std::uint64_t first_address(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  ElfW(Ehdr) header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return 0;
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  ElfW(Phdr) segment{};
  for (int i = 0; i < header.e_phnum; ++i) {
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment)) return 0;
    if (segment.p_type == PT_LOAD) return segment.p_vaddr - segment.p_vaddr % segment.p_align;
  }
  return 0;
}

CodePlace place_in(const rpc::CrashRecord& crash, std::uint64_t address, bool exact) {
  const auto* const end = crash.images + std::min(crash.image_count, rpc::kMaxCrashImages);
  const auto* const image = std::find_if(crash.images, end, [&](const rpc::CrashImage& i) {
    return address >= i.begin && address < i.end;
  });
  if (image == end) return {{}, address, exact};
  const std::string path(image->path, ::strnlen(image->path, sizeof image->path));
  return {path, address - image->begin + first_address(path), exact};
}

std::string symbolised(const rpc::CrashRecord& crash) {
  std::vector<CodePlace> places;
  const std::uint32_t count = std::min(crash.frame_count, rpc::kMaxCrashFrames);
  for (std::uint32_t i = 0; i < count; ++i) {
    places.push_back(place_in(crash, crash.frames[i], i == 0 && crash.first_is_exact != 0));
  }
  return stack_text(places);
}

std::string size_text(std::uint64_t bytes) {
  const bool small = bytes < (1 << 20);
  return std::to_string(bytes >> (small ? 10 : 20)) + (small ? " KiB" : " MiB");
}

std::string detail_of(const rpc::CrashRecord& crash) {
  if (crash.full_stack != 0) {
    return ": stack overflow: the stack of " + size_text(crash.full_stack) + " is full";
  }
  if (crash.code <= 0 || crash.signal == SIGABRT) return {};  // a process has sent it
  if (crash.signal == SIGFPE) return crash.code == FPE_INTDIV ? ": integer division by zero" : "";
  if (crash.signal == SIGTRAP || crash.signal == SIGSYS) return {};
  if (crash.signal == SIGSEGV && crash.code == SI_KERNEL) {  // the processor does not say which
    return ": at an address that no memory can have (a garbage pointer), or a privileged "
           "instruction";
  }
  char text[32];
  std::snprintf(text, sizeof text, " at address 0x%" PRIx64, crash.fault_address);
  return text;
}

}  // namespace

DeathReport describe_death(pid_t pid, int wait_status, const rpc::CrashRecord& crash) {
  DeathReport report{.pid = pid};
  if (WIFSIGNALED(wait_status)) report.signal = WTERMSIG(wait_status);
  if (WIFEXITED(wait_status)) report.exit_code = WEXITSTATUS(wait_status);
  // SYNC: acquires the reason, which give_up() wrote before.
  if (report.exit_code == kGivenUpExit && crash.has_reason.load(std::memory_order_acquire) == 1) {
    report.detail.assign(crash.reason, ::strnlen(crash.reason, sizeof crash.reason));
  }
  // SYNC: acquires what the crash handler wrote before it set `complete`.
  if (crash.complete.load(std::memory_order_acquire) == 1) {
    if (report.signal == 0) report.signal = crash.signal;
    report.detail = detail_of(crash);
    report.stack = symbolised(crash).substr(0, DeathReport::kMaxText);
  } else if (report.signal == SIGSEGV) {  // the crash handler could not run
    report.detail =
        ": it left no stack, because of a stack overflow in a thread that has no other stack, or "
        "because the task handles SIGSEGV itself, or blocks it";
  }
  return report;
}

}  // namespace manta::detail::node
