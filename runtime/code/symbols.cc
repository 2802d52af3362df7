// Read from symbol_of() on: find_symbol() reads the symbol tables of the file of an image (ELF, see elf(5)), and
// Remembered keeps the result. The functions on names at the end are pure.
#include "symbols.h"

#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <mutex>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>

#include "../../base/fd.h"
#include "images.h"

namespace manta::detail {
namespace {

// A file mapped for reading, for the time of one look-up.
class MappedFile {
 public:
  explicit MappedFile(const char* path) {
    const base::Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
    if (!fd) return;
    struct stat status {};
    if (::fstat(fd.get(), &status) == 0 && status.st_size > 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      void* at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
      data_ = at == MAP_FAILED ? nullptr : static_cast<const char*>(at);
    }
  }
  ~MappedFile() {
    if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
  }
  MappedFile(const MappedFile&) = delete;

  template <class T>
  const T* at(std::uint64_t offset, std::uint64_t count = 1) const {
    const bool inside =
        data_ != nullptr && offset <= size_ && count <= (size_ - offset) / sizeof(T);
    return inside ? reinterpret_cast<const T*>(data_ + offset) : nullptr;
  }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

std::string find_in_table(const MappedFile& file, const ElfW(Shdr) & table,
                          const ElfW(Shdr) & names, std::uintptr_t offset) {
  const auto count = table.sh_size / sizeof(ElfW(Sym));
  const auto* symbols = file.at<ElfW(Sym)>(table.sh_offset, count);
  if (symbols == nullptr) return {};
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto& symbol = symbols[i];
    const bool function = (symbol.st_info & 0xf) == STT_FUNC && symbol.st_shndx != SHN_UNDEF;
    if (!function || offset < symbol.st_value || offset - symbol.st_value >= symbol.st_size) {
      continue;
    }
    const auto* name = file.at<char>(names.sh_offset + symbol.st_name, 1);
    return name != nullptr ? name : "";
  }
  return {};
}

std::string find_symbol(const Image& image, std::uintptr_t address) {
  const MappedFile file(image.path.empty() ? "/proc/self/exe" : image.path.c_str());
  const auto* header = file.at<ElfW(Ehdr)>(0);
  if (header == nullptr || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return {};
  const auto* sections = file.at<ElfW(Shdr)>(header->e_shoff, header->e_shnum);
  if (sections == nullptr) return {};
  for (const int type : {SHT_SYMTAB, SHT_DYNSYM}) {
    for (unsigned i = 0; i < header->e_shnum; ++i) {
      if (sections[i].sh_type != static_cast<std::uint32_t>(type) ||
          sections[i].sh_link >= header->e_shnum) {
        continue;
      }
      auto name =
          find_in_table(file, sections[i], sections[sections[i].sh_link], address - image.base);
      if (!name.empty()) return name;
    }
  }
  return {};
}

// The names that were found: a task that fails again and again throws from the same few places.
class Remembered {
 public:
  template <class Find>
  std::string get(std::uintptr_t address, Find find) {
    {
      const std::lock_guard lock(mutex_);
      const auto known = texts_.find(address);
      if (known != texts_.end()) return known->second;
    }
    std::string text = find();
    const std::lock_guard lock(mutex_);
    if (texts_.size() >= kMost) texts_.clear();
    return texts_.emplace(address, std::move(text)).first->second;
  }

 private:
  static constexpr std::size_t kMost = 4096;
  std::mutex mutex_;
  std::unordered_map<std::uintptr_t, std::string> texts_;
};

}  // namespace

std::string symbol_of(std::uintptr_t address) {
  static auto* const known = new Remembered;  // outlives static destructors
  return known->get(address, [&] {
    const Image image = image_of(address);
    return image.id == 0 ? std::string() : find_symbol(image, address);
  });
}

std::string without_parameters(const std::string& demangled) {
  // The list of parameters is the last pair of parentheses that no others surround, and that belongs neither to
  // "(anonymous namespace)" nor to a lambda.
  int depth = 0;
  for (std::size_t i = demangled.size(); i-- > 0;) {
    const char c = demangled[i];
    if (c == ')' || c == '>' || c == '}') ++depth;
    if (c == '(' || c == '<' || c == '{') --depth;
    if (c == '(' && depth == 0 && i > 0) {
      const std::string name = demangled.substr(0, i);
      if (demangled.compare(i, 21, "(anonymous namespace)") == 0) return demangled;
      if (name.ends_with("operator")) return demangled;  // "operator()": there is no list
      const auto space = name.rfind(' ');
      const bool typed =
          space != std::string::npos && name.find_first_of("<({") == std::string::npos;
      return typed ? name.substr(space + 1) : name;
    }
  }
  return demangled;
}

std::string function_name(const std::string& demangled) {
  std::string name = without_parameters(demangled);
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '(' || c == '<' || c == '{') ++depth;
    if (c == ')' || c == '>' || c == '}') --depth;
    if (depth != 0) continue;
    if (name.compare(i, 8, "operator") == 0 && (i == begin || name[i - 1] == ':')) break;
    if (c == ' ') begin = i + 1;
  }
  return name.substr(begin);
}

std::string as_written(std::string name) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)::";
  for (auto at = name.find(kAnonymous); at != std::string::npos; at = name.find(kAnonymous)) {
    name.erase(at, kAnonymous.size());
  }
  return name;
}

}  // namespace manta::detail
