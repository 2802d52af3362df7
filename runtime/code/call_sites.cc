#include "call_sites.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <execinfo.h>
#include <map>
#include <mutex>
#include <vector>

#include "stack_text.h"

namespace manta::detail {
namespace {

constexpr int kMostFrames = 24;

std::string name_of(const std::vector<void*>& stack) {
  std::vector<CodePlace> places;
  for (const void* address : stack) {
    places.push_back(place_of(reinterpret_cast<std::uintptr_t>(address)));
  }
  std::string text = stack_text(places);
  text.resize(std::min(text.find('\n'), text.size()));
  text.erase(0, text.find_first_not_of(' '));
  return text.substr(0, text.find(" (in "));  // what of Manta it calls there
}

}  // namespace

bool call_sites_wanted() {
  static const bool wanted = [] {
    const char* const value = std::getenv("MANTA_CALL_SITES");
    return value != nullptr && std::strcmp(value, "1") == 0;
  }();
  return wanted;
}

std::string call_site() {
  if (!call_sites_wanted()) return {};
  std::vector<void*> stack(kMostFrames);
  stack.resize(static_cast<std::size_t>(::backtrace(stack.data(), kMostFrames)));
  static std::mutex mutex;
  static auto* const known = new std::map<std::vector<void*>, std::string>;
  const std::lock_guard lock(mutex);
  const auto [place, is_new] = known->try_emplace(stack);
  if (is_new) place->second = name_of(stack);
  return place->second;
}

}  // namespace manta::detail
