#include "names.h"

#include <deque>
#include <exception>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "../../base/thread_own.h"
#include "code_id.h"
#include "images.h"
#include "symbols.h"

namespace manta::detail {
namespace {

// "manta::detail::ClosureStub<main::{lambda(int)#1}, int, manta::detail::Types<int>, ...>::run" -> its first argument.
std::string first_template_argument(const std::string& stub) {
  const auto open = stub.find('<');
  if (open == std::string::npos) return stub;
  int depth = 0;
  std::size_t end = open + 1;
  for (; end < stub.size(); ++end) {
    const char c = stub[end];
    if (c == '<' || c == '(' || c == '{') ++depth;
    if (depth == 0 && (c == ',' || c == '>')) break;
    if (c == '>' || c == ')' || c == '}') --depth;
  }
  return stub.substr(open + 1, end - open - 1);
}

// The name of what a wrapper of Manta's wraps: "manta::detail::StaticFunction<&scale>" -> "scale".
std::string inner_name(std::string name) {
  for (const char* wrapper :
       {"manta::detail::StaticFunction<", "manta::detail::Captured<", "manta::detail::Plain<"}) {
    if (!name.starts_with(wrapper)) continue;
    name = first_template_argument(name);
    if (name.starts_with("&")) name.erase(0, 1);
    if (name.starts_with("(") && name.ends_with(")")) name = name.substr(1, name.size() - 2);
    return without_parameters(inner_name(name));
  }
  return name;
}

std::string find_name(const CallFrame& call) {
  if (CodeId{call.stub_image, call.stub_offset} == kCalledByName) return "a function by name";
  try {
    if (call.target_image >= kFirstImage) {
      return function_name(resolve_function({call.target_image, call.target_offset}));
    }
    const auto stub =
        reinterpret_cast<std::uintptr_t>(resolve_stub({call.stub_image, call.stub_offset}));
    const std::string symbol = symbol_of(stub);
    if (symbol.empty()) {
      return "a function (the program is stripped: give it a name with TaskOptions::name)";
    }
    return inner_name(first_template_argument(demangled(symbol.c_str())));
  } catch (const std::exception&) {
    return "a function of another program";
  }
}

// For static destructors.
const std::string& for_ever(std::string name) {
  static auto* const names = new std::pair<std::mutex, std::deque<std::string>>;
  const std::lock_guard lock(names->first);
  return names->second.emplace_back(std::move(name));
}

}  // namespace

const std::string& display_name(const CallFrame& call, const std::string& given) {
  struct Known {
    std::unordered_map<std::uint64_t, std::string> names;
  };
  if (!given.empty()) return given;
  Known* const own = base::ThreadOwn<Known>::get();
  if (own == nullptr) return for_ever(as_written(find_name(call)));
  auto& known = own->names;
  const std::uint64_t key = (call.stub_offset * 0x9e3779b97f4a7c15ULL) ^ call.target_offset ^
                            (call.stub_image + 3 * call.target_image);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known.emplace(key, as_written(find_name(call))).first->second;
}

}  // namespace manta::detail
