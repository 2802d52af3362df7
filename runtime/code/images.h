// The images of this process: the program, and the libraries that it has loaded.
//
// Threads: any. Errors: none: what is not found is an Image with id 0.
#pragma once
#include <cstdint>
#include <string>

#include "../../base/build_settings.h"

namespace manta::detail {

// Ids below it have meanings of their own: code_id.h.
inline constexpr std::uint64_t kFirstImage = 16;

struct Image {
  std::uint64_t id = 0;  // the first 8 bytes of the build id
  std::uintptr_t base = 0;
  std::uintptr_t begin = 0, end = 0;  // of its mapped segments
  std::string path;                   // empty: the program itself
  std::uintptr_t frame_table = 0;     // its .eh_frame_hdr; 0: it has none
};

Image image_of(std::uintptr_t address);
Image image_named(std::uint64_t id);
Image image_of_program();

}  // namespace manta::detail
