// Read from the end: place_of() finds the image of an address in what the dynamic loader says (loaded_images);
// lines_at() asks Files for the function and line of a place. There are two classes Files: one reads with libbacktrace,
// the other does without where that is missing.
#include <algorithm>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <link.h>
#include <map>
#include <mutex>
#include <tuple>
#include <unistd.h>

#if __has_include(<backtrace.h>)
#include <backtrace.h>
#define MANTA_HAS_BACKTRACE 1
#endif

#include "../../base/thread_own.h"
#include "addresses.h"
#include "code_id.h"
#include "symbols.h"

namespace manta::detail {
namespace {

struct LoadedImage {
  std::string path;  // of the program itself, what /proc/self/exe says
  std::uintptr_t base = 0;
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> segments;
};

std::string program_path() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

// The path as /proc/self/maps shows it.
std::string real_path(const char* path) {
  std::error_code failed;
  const auto real = std::filesystem::canonical(path, failed);
  return failed ? path : real.string();
}

// The program comes first.
std::vector<LoadedImage> loaded_images() {
  std::vector<LoadedImage> images;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        auto& all = *static_cast<std::vector<LoadedImage>*>(out);
        LoadedImage image{
            all.empty() ? program_path() : real_path(info->dlpi_name), info->dlpi_addr, {}};
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
          if (segment.p_type == PT_LOAD) {
            image.segments.emplace_back(begin, begin + segment.p_memsz);
          }
        }
        all.push_back(std::move(image));
        return 0;
      },
      &images);
  return images;
}

#ifdef MANTA_HAS_BACKTRACE

void ignore_error(void*, const char*, int) {}

bool is_position_dependent(const std::string& path) {
  ElfW(Ehdr) header{};
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  return file && header.e_type == ET_EXEC;
}

// What libbacktrace knows of one file, or of all that this process has loaded. It never gives its memory back.
class Reader {
 public:
  // All images of this process.
  Reader() : state_(::backtrace_create_state(nullptr, 0, ignore_error, nullptr)) {}
  // A file that is not loaded. libbacktrace takes it for this program, and adds this program's base to what can be
  // loaded anywhere.
  Reader(std::string path, std::uintptr_t own_base)
      : path_(std::move(path)),
        base_(is_position_dependent(path_) ? 0 : own_base),
        state_(::backtrace_create_state(path_.c_str(), 0, ignore_error, nullptr)) {}

  std::vector<CodeLine> lines(std::uintptr_t pc, std::uintptr_t exact_pc) {
    std::vector<CodeLine> found;
    if (state_ == nullptr) return found;
    ::backtrace_pcinfo(state_, base_ + pc, add_line, ignore_error, &found);
    CodeLine symbol;
    symbol.distance = base_ + exact_pc;
    ::backtrace_syminfo(state_, base_ + pc, set_symbol, ignore_error, &symbol);
    if (symbol.function.empty()) return found;
    if (found.empty()) return {symbol};
    found.back().function = symbol.function;  // qualified also where the debug information is not
    found.back().distance = symbol.distance;
    return found;
  }

 private:
  static int add_line(void* out, std::uintptr_t, const char* file, int line, const char* function) {
    if (file == nullptr && function == nullptr) return 0;
    CodeLine found;
    if (file != nullptr) found.file = file;
    if (function != nullptr) found.function = function_name(demangled(function));
    found.line = line;
    static_cast<std::vector<CodeLine>*>(out)->push_back(std::move(found));
    return 0;
  }
  static void set_symbol(void* out, std::uintptr_t, const char* name, std::uintptr_t start,
                         std::uintptr_t) {
    auto& symbol = *static_cast<CodeLine*>(out);
    if (name == nullptr) return;
    symbol.function = function_name(demangled(name));
    symbol.distance -= start;
  }

  const std::string path_;  // libbacktrace keeps a pointer to it
  const std::uintptr_t base_ = 0;
  backtrace_state* const state_;
};

class Files {
 public:
  std::vector<CodeLine> lines(const CodePlace& place) {
    const std::uintptr_t pc = place.exact ? place.offset : place.offset - 1;
    const auto loaded = std::find_if(images_.begin(), images_.end(),
                                     [&](const auto& image) { return image.path == place.path; });
    if (loaded != images_.end()) return own_.lines(loaded->base + pc, loaded->base + place.offset);
    const std::uintptr_t base = images_.empty() ? 0 : images_.front().base;
    return others_.try_emplace(place.path, place.path, base).first->second.lines(pc, place.offset);
  }

 private:
  const std::vector<LoadedImage> images_ = loaded_images();
  Reader own_;
  std::map<std::string, Reader> others_;
};

#else

class Files {
 public:
  std::vector<CodeLine> lines(const CodePlace& place) {
    for (const auto& image : loaded_images()) {
      if (image.path != place.path) continue;
      const std::string symbol = symbol_of(image.base + place.offset - (place.exact ? 0 : 1));
      CodeLine line;
      line.function = function_name(demangled(symbol.c_str()));
      return {line};
    }
    return {};
  }
};

#endif

}  // namespace

#ifdef MANTA_HAS_BACKTRACE

extern "C" void backtrace_qsort(void* base, std::size_t count, std::size_t size,
                                int (*compare)(const void*, const void*));

// What cmake/MantaBacktrace.cmake puts in the place of backtrace_qsort where libbacktrace reads debug information.
// Before GCC 15 it misses one address in six of a program of many files: it looks for it in the last range that begins
// before it, of all compilation units. The ranges of one unit are merged; those inside, of others that have the same
// inline functions, are hidden here.
extern "C" void manta_backtrace_qsort(void* base, std::size_t count, std::size_t size,
                                      int (*compare)(const void*, const void*)) {
  struct Range {
    std::uintptr_t low, high;
    void* unit;
  };
  static int (*compare_units)(const void*, const void*) = nullptr;
  backtrace_qsort(base, count, size, compare);
  if (size != sizeof(Range)) return;
  if (compare_units == nullptr) compare_units = compare;  // units come before what is in them
  if (compare_units != compare) return;
  auto* const ranges = static_cast<Range*>(base);
  for (std::size_t i = 1; i < count; ++i) {
    if (ranges[i].high <= ranges[i - 1].high) ranges[i] = ranges[i - 1];
  }
}

#endif

std::vector<CodeLine> lines_at(const CodePlace& place) {
  constexpr std::size_t kMost = 4096;
  using Key = std::tuple<std::string, std::uint64_t, bool>;
  static auto* const mutex = new std::mutex;  // all outlive static destructors
  static auto* const known = new std::map<Key, std::vector<CodeLine>>;
  if (place.path.empty()) return {};
  const std::lock_guard lock(*mutex);
  static auto* const files = new Files;
  const Key key(place.path, place.offset, place.exact);
  if (const auto found = known->find(key); found != known->end()) return found->second;
  if (known->size() >= kMost) known->clear();
  return known->emplace(key, files->lines(place)).first->second;
}

CodePlace place_of(std::uintptr_t address) {
  // Read again for an address in none of them: a library may have been loaded since.
  struct Images {
    std::vector<LoadedImage> loaded;
  };
  Images here;
  Images* const own = base::ThreadOwn<Images>::get();
  std::vector<LoadedImage>& images = own != nullptr ? own->loaded : here.loaded;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (attempt == 1 || images.empty()) images = loaded_images();
    for (const auto& image : images) {
      for (const auto& [begin, end] : image.segments) {
        if (address >= begin && address < end) return {image.path, address - image.base, false};
      }
    }
  }
  return {{}, address, false};
}

}  // namespace manta::detail
