#include "error_category.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <ios>
#include <link.h>
#include <map>
#include <mutex>
#include <span>
#include <stdexcept>
#include <tuple>

#include "exception_types.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMaxUnknown = 1024;
constexpr std::size_t kMaxMessage = 2048;

std::span<const std::error_category* const> standard_categories() {
  static const std::error_category* const all[] = {
      &std::generic_category(), &std::system_category(), &std::iostream_category(),
      &std::future_category()};
  return all;
}

// Stands for a category that this process does not have. It is never equal to the code or condition of another.
class UnknownCategory final : public std::error_category {
 public:
  UnknownCategory(CodeId origin, std::string name, std::string message)
      : origin_(origin), name_(std::move(name)), message_(std::move(message)) {}
  const char* name() const noexcept override { return name_.c_str(); }
  std::string message(int) const override { return message_; }
  bool equivalent(int, const std::error_condition&) const noexcept override { return false; }
  bool equivalent(const std::error_code&, int) const noexcept override { return false; }
  // Where the next process may find the category itself.
  CodeId origin() const { return origin_; }

 private:
  const CodeId origin_;
  const std::string name_;
  const std::string message_;
};

// One for each text, for as long as the process lives, since error codes point to it.
const std::error_category& unknown_category(const SavedCode& saved) {
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::string, std::string>;
  static auto* const mutex = new std::mutex;  // both outlive static destructors
  static auto* const known = new std::map<Key, UnknownCategory>;
  const std::lock_guard lock(*mutex);
  Key key{saved.place.image, saved.place.offset, saved.category,
          saved.message.substr(0, kMaxMessage)};
  if (known->size() >= kMaxUnknown && !known->contains(key)) {
    key = {0, 0, "unknown", "(an error of one of very many categories that are not known here)"};
  }
  const CodeId origin{std::get<0>(key), std::get<1>(key)};
  return known->try_emplace(key, origin, std::get<2>(key), std::get<3>(key)).first->second;
}

bool lies_in_an_image(std::uintptr_t address, std::size_t size) {
  std::pair range(address, size);
  return dl_iterate_phdr(
             [](dl_phdr_info* info, std::size_t, void* data) {
               const auto [begin, length] = *static_cast<decltype(range)*>(data);
               for (int i = 0; i < info->dlpi_phnum; ++i) {
                 const auto& segment = info->dlpi_phdr[i];
                 const std::uintptr_t start = info->dlpi_addr + segment.p_vaddr;
                 if (segment.p_type == PT_LOAD && (segment.p_flags & PF_R) != 0 && begin >= start &&
                     begin - start < segment.p_memsz &&
                     length <= segment.p_memsz - (begin - start)) {
                   return 1;
                 }
               }
               return 0;
             },
             &range) != 0;
}

// The word at an address, if that lies in an image; else 0.
std::uintptr_t word_at(std::uintptr_t address) {
  if (address % alignof(void*) != 0 || !lies_in_an_image(address, sizeof(void*))) return 0;
  std::uintptr_t word = 0;
  // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): it lies in an image
  std::memcpy(&word, reinterpret_cast<const void*>(address), sizeof word);
  return word;
}

std::uintptr_t first_word(const std::type_info& type) {
  return word_at(reinterpret_cast<std::uintptr_t>(&type));
}

// What lies at an address that another process has named may be anything: is it an object whose virtual table says that
// it is a category? Each step is checked, since none may read memory that does not exist.
bool is_category(std::uintptr_t address) {
  const std::uintptr_t table = word_at(address);
  if (table == 0) return false;
  const std::uintptr_t type = word_at(table - sizeof(void*));  // Itanium C++ ABI 2.5.2
  const std::uintptr_t kind = word_at(type);
  if (kind == 0 || !lies_in_an_image(type, sizeof(std::type_info))) return false;
  const bool one_base = kind == first_word(typeid(std::runtime_error));
  const bool more_bases = kind == first_word(typeid(TaskErrorOf<std::runtime_error>));
  if (!one_base && !more_bases) return false;
  return derives_from(*reinterpret_cast<const std::type_info*>(type), typeid(std::error_category));
}

const std::error_category* find_here(const SavedCode& saved) {
  const std::uintptr_t address = resolve_data(saved.place);
  if (address == 0 || !is_category(address)) return nullptr;
  const auto* category = reinterpret_cast<const std::error_category*>(address);
  return category->name() == saved.category ? category : nullptr;
}

}  // namespace

SavedCode save_code(const std::error_code& code) {
  SavedCode saved{
      .value = code.value(), .category = code.category().name(), .message = code.message()};
  const auto all = standard_categories();
  const auto found = std::find(all.begin(), all.end(), &code.category());
  if (found != all.end()) saved.standard = static_cast<int>(found - all.begin());
  const auto* unknown = dynamic_cast<const UnknownCategory*>(&code.category());
  saved.place = unknown != nullptr
                    ? unknown->origin()
                    : identify_data(reinterpret_cast<std::uintptr_t>(&code.category()));
  return saved;
}

std::error_code load_code(const SavedCode& saved) {
  const auto all = standard_categories();
  const auto standard = static_cast<std::size_t>(saved.standard);
  if (standard < all.size()) return {saved.value, *all[standard]};
  const auto* category = find_here(saved);
  return {saved.value, category != nullptr ? *category : unknown_category(saved)};
}

}  // namespace manta::detail
