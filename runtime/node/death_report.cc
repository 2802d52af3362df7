#include <algorithm>
#include <cstdio>
#include <elf.h>
#include <link.h>
#include <sys/wait.h>

#include <manta/runtime/exit_status.h>
#include <manta/runtime/node/death_report.h>
#include <manta/runtime/symbols.h>
#include <manta/runtime/wire/node_messages.h>

namespace manta::detail::node {
namespace {

constexpr std::size_t kMaxText = 16 * 1024;

struct Image {
  std::uintptr_t bias = 0;
  std::uintptr_t end = 0;  // of its highest segment, without the bias
};

// This process runs the same program, at another place: its own symbols serve.
Image own_program() {
  Image image;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        auto& found = *static_cast<Image*>(result);
        found.bias = info->dlpi_addr;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD) continue;
          found.end = std::max<std::uintptr_t>(found.end, segment.p_vaddr + segment.p_memsz);
        }
        return 1;  // the program comes first
      },
      &image);
  return image;
}

std::string symbolised(const rpc::CrashRecord& crash) {
  const Image own = own_program();
  std::string text;
  const std::uint32_t count = std::min(crash.frame_count, rpc::kMaxCrashFrames);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uintptr_t offset = crash.frames[i] - crash.image_base;
    if (offset < own.end) {
      const std::uintptr_t here = own.bias + offset;
      text += stack_text({&here, 1});
      if (!text.empty() && text.back() != '\n') text += '\n';
    } else {
      char line[64];
      std::snprintf(line, sizeof line, "  0x%lx (shared library)\n",
                    static_cast<unsigned long>(crash.frames[i]));
      text += line;
    }
  }
  return text;
}

std::string head(const std::string& text) { return text.substr(0, kMaxText); }
std::string tail(const std::string& text) {
  return text.size() <= kMaxText ? text : text.substr(text.size() - kMaxText);
}

}  // namespace

DeathReport describe_death(pid_t pid, int wait_status, const rpc::CrashRecord& crash) {
  DeathReport report{.pid = pid};
  if (WIFSIGNALED(wait_status)) report.signal = WTERMSIG(wait_status);
  if (WIFEXITED(wait_status)) report.exit_code = WEXITSTATUS(wait_status);
  // SYNC: acquires what the crash handler wrote before it set `complete`.
  if (crash.complete.load(std::memory_order_acquire) == 1) {
    if (report.signal == 0) report.signal = crash.signal;
    report.stack = head(symbolised(crash));
  }
  return report;
}

std::vector<std::byte> DeathReport::payload() const {
  const std::string stack_part = head(stack);
  const std::string output_part = tail(output);
  const ProcessDeath death{.pid = pid,
                           .signal = signal,
                           .exit_code = exit_code,
                           .detail_size = static_cast<std::uint32_t>(detail.size()),
                           .stack_size = static_cast<std::uint32_t>(stack_part.size()),
                           .output_size = static_cast<std::uint32_t>(output_part.size()),
                           .expected = expected ? 1U : 0U};
  const auto bytes = std::as_bytes(std::span(&death, 1));
  std::vector<std::byte> result(bytes.begin(), bytes.end());
  for (const std::string* part : {&detail, &stack_part, &output_part}) {
    const auto text = std::as_bytes(std::span(*part));
    result.insert(result.end(), text.begin(), text.end());
  }
  return result;
}

std::string DeathReport::text() const {
  std::string text = "process " + std::to_string(pid);
  if (signal != 0) {
    text += " was killed by " + signal_text(signal) + detail;
  } else {
    text += " exited with code " + std::to_string(exit_code);
  }
  if (!stack.empty()) text += "; stack:\n" + head(stack);
  if (!output.empty()) text += "; its last output:\n" + tail(output);
  return text;
}

}  // namespace manta::detail::node
