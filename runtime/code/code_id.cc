// In this order: whether a function begins at an address (starts_function), the stubs that are known (StubSet), the
// texts of refusals, and from StubRegistration on what the header declares.
#include "code_id.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "../../base/error.h"
#include "../launch/entry.h"
#include "images.h"
#include "symbols.h"

namespace manta::detail {
namespace {

constexpr std::uintptr_t kMaxVtableOffset = 64 * 1024;

// The binary search table of .eh_frame_hdr lists the start of every function (Linux Standard Base, Core, 10.6.2:
// version 1, sorted entries of two signed 4-byte numbers that count from the table).
bool starts_function(const Image& image, std::uintptr_t address) {
  if (image.frame_table == 0) return false;
  struct Row {
    std::int32_t location, entry;
  };
  const auto* header = reinterpret_cast<const unsigned char*>(image.frame_table);
  if (header[0] != 1 || header[2] != 0x03 || header[3] != 0x3b) return false;
  std::uint32_t count = 0;
  std::memcpy(&count, header + 8, sizeof count);
  const auto* rows = reinterpret_cast<const Row*>(header + 12);
  const auto offset =
      static_cast<std::int64_t>(address) - static_cast<std::int64_t>(image.frame_table);
  const auto* row = std::lower_bound(rows, rows + count, offset,
                                     [](const Row& r, std::int64_t o) { return r.location < o; });
  return row != rows + count && row->location == offset;
}

bool of_the_system(const Image& image) {
  for (const char* prefix : {"/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "linux-vdso"}) {
    if (image.path.starts_with(prefix)) return true;
  }
  return false;
}

class StubSet {
 public:
  void add(Stub stub) {
    const std::lock_guard lock(mutex_);
    stubs_.insert(reinterpret_cast<std::uintptr_t>(stub));
  }
  bool contains(std::uintptr_t address) {
    const std::lock_guard lock(mutex_);
    return stubs_.contains(address);
  }

 private:
  std::mutex mutex_;
  std::unordered_set<std::uintptr_t> stubs_;
};

StubSet& stubs() {
  static StubSet* all = new StubSet;
  return *all;
}

std::string build_text(std::uint64_t id) {
  char text[24];
  std::snprintf(text, sizeof text, "%016" PRIx64 "...", id);
  return text;
}

// Throws: `id` was looked for, and only `image` was found, or nothing.
[[noreturn]] void not_here(CodeId id, const Image& image) {
  std::string why =
      "the called function comes from a different build of the program, or from a library that is "
      "not loaded here: its build id is ";
  if (image.id != 0) why = "what is called is no function that can be called: in build id ";
  why.append(build_text(id.image));
  const Image ours = image_of_program();
  why.append(", this process (").append(program_name()).append(") has build id ");
  why.append(build_text(ours.id));
  why.append(
      ". Start all programs from one build, load the library in every process (dlopen in a "
      "manta::OnStart, or InitOptions::worker.libraries), or call functions of other programs by "
      "name: manta::remote_named<R(A...)>(\"name\")");
  throw BuildMismatch(why);
}

std::string not_ours(std::uintptr_t address, const Image& image) {
  const bool named = !symbol_of(address).empty();
  return (named ? "the function " + function_name(address) : std::string("a function")) +
         (image.path.empty() ? std::string(" is not the start of a function of this program")
                             : " belongs to " + image.path) +
         ": functions of system libraries cannot be called remotely, since their address depends "
         "on the machine; call it from a lambda of your own, such as [](double x) { return "
         "std::sqrt(x); }";
}

// The last few results: a program that calls often asks for the same few addresses again and again.
template <class Key, class Result>
class LastAnswers {
 public:
  const Result* find(const Key& key) const {
    for (std::size_t i = 0; i < std::min(next_, kSize); ++i) {
      if (answers_[i].first == key) return &answers_[i].second;
    }
    return nullptr;
  }
  const Result& add(const Key& key, Result result) {
    auto& slot = answers_[next_++ % kSize];
    slot = {key, result};
    return slot.second;
  }

 private:
  static constexpr std::size_t kSize = 8;
  std::pair<Key, Result> answers_[kSize] = {};
  std::size_t next_ = 0;
};

}  // namespace

StubRegistration::StubRegistration(Stub stub) { stubs().add(stub); }

CodeId identify_stub(Stub stub) {
  const auto address = reinterpret_cast<std::uintptr_t>(stub);
  thread_local LastAnswers<std::uintptr_t, CodeId> known;
  if (const auto* id = known.find(address)) return *id;
  const Image image = image_of(address);
  return known.add(address, {image.id, address - image.base});
}

Stub resolve_stub(CodeId id) {
  const std::pair key(id.image, id.offset);
  thread_local LastAnswers<std::pair<std::uint64_t, std::uint64_t>, Stub> known;
  if (const auto* stub = known.find(key)) return *stub;
  const Image image = image_named(id.image);
  const std::uintptr_t address = image.base + id.offset;
  if (image.id == 0 || !stubs().contains(address)) not_here(id, image);
  return known.add(key, reinterpret_cast<Stub>(address));
}

CodeId identify_function(std::uintptr_t address) {
  thread_local LastAnswers<std::uintptr_t, CodeId> known;
  if (const auto* id = known.find(address)) return *id;
  if (address == 0) throw InvalidArgument("manta::remote() of a null function pointer");
  const Image image = image_of(address);
  if (image.id == 0 || of_the_system(image) || !starts_function(image, address)) {
    throw InvalidArgument(not_ours(address, image));
  }
  return known.add(address, {image.id, address - image.base});
}

std::uintptr_t resolve_function(CodeId id) {
  const std::pair key(id.image, id.offset);
  thread_local LastAnswers<std::pair<std::uint64_t, std::uint64_t>, std::uintptr_t> known;
  if (const auto* address = known.find(key)) return *address;
  const Image image = image_named(id.image);
  const std::uintptr_t address = image.base + id.offset;
  if (image.id == 0 || address >= image.end || !starts_function(image, address)) {
    not_here(id, image);
  }
  return known.add(key, address);
}

CodeId identify_data(std::uintptr_t address) {
  const Image image = image_of(address);
  return image.id == 0 ? CodeId{} : CodeId{image.id, address - image.base};
}

std::uintptr_t resolve_data(CodeId id) {
  const Image image = image_named(id.image);
  const bool inside = image.id != 0 && id.offset < image.end - image.base;
  return inside ? image.base + id.offset : 0;
}

CodeId identify_member(const MemberPointer& member) {
  if ((member.pointer & 1) != 0) return {kVirtualMember, member.pointer};
  return identify_function(member.pointer);
}

std::uintptr_t resolve_member(CodeId id) {
  if (id.image != kVirtualMember) return resolve_function(id);
  if (id.offset > kMaxVtableOffset || id.offset % sizeof(void*) != 1) {
    throw SerializationError("a virtual member function is out of range");
  }
  return id.offset;
}

std::string demangled(const char* mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : mangled;
}

std::string function_name(std::uintptr_t address) {
  const std::string symbol = symbol_of(address);
  if (symbol.empty()) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%zx", static_cast<std::size_t>(address));
    return text;
  }
  return without_parameters(demangled(symbol.c_str()));
}

}  // namespace manta::detail
