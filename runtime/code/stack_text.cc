// In this order: whose a frame is (the user's, Manta's, the system's), the text of one frame, the text of a stack
// (StackText), and at the end how stacks are encoded.
#include "stack_text.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "../../base/thread_own.h"
#include "symbols.h"

namespace manta::detail {
namespace {

constexpr char kMark = '\x01';  // of an encoded stack

enum class Whose { kUser, kManta, kSystem };

struct Frame {
  CodeLine line;
  std::string library;  // empty: the program itself
  Whose whose = Whose::kUser;
  bool nowhere = false;  // there is no code at the address
};

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool is_in_manta(const std::string& function) {
  return function.starts_with("manta::") && !function.starts_with("manta::testing::");
}

// The same for a name that cannot be demangled: "_ZZN5manta6detail...".
bool is_mangled_in_manta(const std::string& function) {
  if (!function.starts_with("_Z")) return false;
  const auto name = function.find_first_not_of("ZNKL", 2);
  return name != std::string::npos && function.compare(name, 6, "5manta") == 0 &&
         function.compare(name + 6, 8, "7testing") != 0;
}

bool starts_with_any(const std::string& text, std::initializer_list<const char*> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](const char* beginning) { return text.starts_with(beginning); });
}

// For inlined functions the debug information may lack the namespace, so that only the file tells. A header of Manta is
// found through <manta/...>, or from a source of Manta.
bool is_manta_file(const std::string& file) {
  static const std::string here = __FILE__;  // "../../runtime/code/stack_text.cc"
  static const std::string root = here.substr(0, here.rfind("runtime/"));
  if (file.find("include/manta/") != std::string::npos) return true;
  if (root.empty() || !file.starts_with(root)) return false;
  return starts_with_any(file.substr(root.size()), {"base/", "rpc/", "objectstore/", "scheduler/",
                                                    "serialization/", "runtime/"});
}

bool is_system_file(const std::string& file) {
  return starts_with_any(file, {"/usr/include/", "/usr/lib/"}) ||
         file.find("/include/c++/") != std::string::npos;
}

Whose whose(const CodePlace& place, const CodeLine& line) {
  const std::string& function = line.function;
  if (starts_with_any(place.path, {"/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "["})) {
    return Whose::kSystem;
  }
  if (is_in_manta(function) || is_mangled_in_manta(function) || is_manta_file(line.file) ||
      starts_with_any(function, {"__wrap_main", "__cxa_throw"})) {
    return Whose::kManta;
  }
  if (is_system_file(line.file) ||
      starts_with_any(function, {"std::", "__gnu_cxx::", "_start", "__libc_", "__interceptor_"})) {
    return Whose::kSystem;
  }
  return Whose::kUser;
}

std::vector<Frame> frames_at(std::span<const CodePlace> places, const std::string& program) {
  std::vector<Frame> frames;
  for (const CodePlace& place : places) {
    auto lines = lines_at(place);
    if (lines.empty()) {
      lines.emplace_back();
      lines.back().distance = place.offset;
    }
    for (auto& line : lines) {
      line.function = as_written(line.function);
      frames.push_back({line, place.path == program ? "" : file_name(place.path),
                        whose(place, line), place.path.empty()});
    }
  }
  return frames;
}

std::string hex(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%" PRIx64, number);
  return text;
}

std::string without_dots(std::string file) {
  while (file.starts_with("../")) file.erase(0, 3);
  return file;
}

// "parse at read.cc:12", "qsort+0x1f in libc.so.6", "0x1234 in libuser.so".
std::string text_of(const Frame& frame) {
  const CodeLine& line = frame.line;
  std::string text = line.function.empty() ? hex(line.distance) : line.function;
  if (!line.file.empty()) {
    text += " at " + without_dots(line.file) + ":" + std::to_string(line.line);
  } else if (!line.function.empty()) {
    text += "+" + hex(line.distance);
  }
  if (!frame.library.empty()) text += " in " + frame.library;
  if (frame.nowhere) {
    text += " (no code is there: a call through a null or wild pointer?)";
  } else if (line.function.empty() && frame.library.empty()) {
    text += " in the program (it has no symbols: was it stripped?)";
  }
  return text;
}

// For the frame above the user's innermost: what the user called.
std::string called_text(const Frame& frame) {
  if (frame.line.function == "__cxa_throw") return " (in throw)";
  std::string text = frame.line.function.empty() ? hex(frame.line.distance) : frame.line.function;
  if (!frame.library.empty()) text += " of " + frame.library;
  return " (in " + text + ")";
}

std::string count_text(std::size_t count, const char* of) {
  return "  ... " + std::to_string(count) + (count == 1 ? " frame of " : " frames of ") + of + "\n";
}

class StackText {
 public:
  explicit StackText(std::vector<Frame> frames) : frames_(std::move(frames)) {}

  std::string text() {
    const auto is_user = [](const Frame& frame) { return frame.whose == Whose::kUser; };
    auto at = std::find_if(frames_.begin(), frames_.end(), is_user);
    if (at == frames_.end()) return all();
    std::string called = at == frames_.begin() ? std::string() : called_text(*(at - 1));
    while (at != frames_.end()) {
      if (at->whose != Whose::kUser) {
        at = skip_others(at);
        continue;
      }
      const auto end =
          std::find_if(at + 1, frames_.end(), [&](const Frame& f) { return !same(f, *at); });
      add_user(*at, static_cast<std::size_t>(end - at), called);
      called.clear();
      at = end;
    }
    return text_;
  }

 private:
  using Iterator = std::vector<Frame>::iterator;

  static bool same(const Frame& a, const Frame& b) {
    return !a.line.function.empty() && a.line.function == b.line.function && a.library == b.library;
  }
  void add_user(const Frame& frame, std::size_t times, const std::string& called) {
    text_ += "  " + text_of(frame) + called + "\n";
    if (times > 1) text_ += "  ... " + std::to_string(times - 1) + " more of it\n";
  }
  Iterator skip_others(Iterator at) {
    const auto end = std::find_if(at, frames_.end(),
                                  [](const Frame& frame) { return frame.whose == Whose::kUser; });
    const bool of_manta =
        std::any_of(at, end, [](const Frame& frame) { return frame.whose == Whose::kManta; });
    const auto count = static_cast<std::size_t>(end - at);
    if (of_manta || end == frames_.end()) {
      text_ += count_text(count, of_manta ? "manta" : "the system");
    } else {
      // Between two frames of the user's: what was called.
      text_ += "  " + text_of(*(end - 1)) + "\n";
    }
    return end;
  }
  std::string all() {
    for (const Frame& frame : frames_) text_ += "  " + text_of(frame) + "\n";
    return text_;
  }

  std::vector<Frame> frames_;
  std::string text_;
};

}  // namespace

std::string encode_stack(std::span<const CodePlace> places) {
  std::string text(1, kMark);
  for (const CodePlace& place : places) {
    text += hex(place.offset) + (place.exact ? "= " : " ") + place.path + "\n";
  }
  return text;
}

std::string readable_stack(const std::string& encoded) {
  if (encoded.empty() || encoded[0] != kMark) return encoded;
  struct Last {  // many errors come from one place
    std::string encoded, text;
  };
  Last* const last = base::ThreadOwn<Last>::get();
  if (last != nullptr && last->encoded == encoded) return last->text;
  std::vector<CodePlace> places;
  for (std::size_t at = 1; at < encoded.size();) {
    const std::size_t end = encoded.find('\n', at), space = encoded.find(' ', at);
    if (end == std::string::npos || space > end) break;  // the text was cut off
    places.push_back({encoded.substr(space + 1, end - space - 1),
                      std::strtoull(encoded.c_str() + at, nullptr, 16), encoded[space - 1] == '='});
    at = end + 1;
  }
  std::string text = stack_text(places);
  if (last != nullptr) *last = {encoded, text};
  return text;
}

std::string stack_text(std::span<const CodePlace> places) {
  static const std::string program =
      place_of(reinterpret_cast<std::uintptr_t>(&readable_stack)).path;
  return StackText(frames_at(places, program)).text();
}

}  // namespace manta::detail
