#include "memory_text.h"

#include <cstdint>

#include "notices.h"

namespace manta::detail {

std::string text_of(const MemoryObject& object) {
  constexpr std::size_t kMost = 200;
  std::string text = std::to_string(object.size) + " bytes";
  if (!object.object.empty()) text += ", object " + object.object;
  if (!object.name.empty()) text += ", \"" + one_line(object.name, kMost) + "\"";
  if (!object.site.empty()) text += ", made at " + one_line(object.site, kMost);
  return text + ": " + one_line(holders_text(object), SIZE_MAX);
}

}  // namespace manta::detail
