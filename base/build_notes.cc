#include "build_notes.h"

#include <cstring>
#include <link.h>
#include <string_view>

#ifdef MANTA_RARE_SETTING
extern "C" const char MANTA_RARE_SETTING = 0;
#endif

namespace manta::base {
namespace {

// The text ends with a zero byte, which the note's size counts too.
std::string_view text_of_note(const char* description, std::size_t size) {
  return {description, strnlen(description, size)};
}

// The first note of Manta in [at, end) that says something else than this file was compiled with.
std::string_view other_settings(const char* at, const char* end) {
  while (at + sizeof(ElfW(Nhdr)) <= end) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof note);
    const char* const name = at + sizeof note;
    const char* const description = name + ((note.n_namesz + 3) & ~3U);
    if (note.n_namesz == sizeof "Manta" && std::memcmp(name, "Manta", sizeof "Manta") == 0) {
      const auto settings = text_of_note(description, note.n_descsz);
      if (settings != detail::kBuildSettings) return settings;
    }
    at = description + ((note.n_descsz + 3) & ~3U);
  }
  return {};
}

std::string difference_text(const char* image, std::string_view settings) {
  const bool program = image == nullptr || *image == 0;
  std::string text = program ? "a file of this program" : "the library " + std::string(image);
  text.append(" was compiled with other settings of the standard library than libmanta, so that ");
  text.append("strings or containers would have two layouts: it has ").append(settings);
  text.append("; libmanta has ").append(detail::kBuildSettings);
  return text + ". Compile all of the program, its libraries and Manta with the same settings";
}

}  // namespace

std::string build_difference() {
  std::string text;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_NOTE || segment.p_align > 4) continue;  // ours are aligned to 4
          const auto* begin = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
          const auto other = other_settings(begin, begin + segment.p_memsz);
          if (other.empty()) continue;
          *static_cast<std::string*>(out) = difference_text(info->dlpi_name, other);
          return 1;
        }
        return 0;
      },
      &text);
  return text;
}

}  // namespace manta::base
