// Read from the end: the images are looked for in Images, which reads them with read_image().
#include "images.h"

#include <algorithm>
#include <cstring>
#include <link.h>
#include <mutex>
#include <vector>
#include <xxhash.h>

namespace manta::detail {
namespace {

std::uint64_t no_reserved(std::uint64_t id) { return id < kFirstImage ? id + kFirstImage : id; }

// The first 8 bytes of the build id, which are also the beginning of what `file` and `readelf -n` show; 0 if there is
// none.
std::uint64_t build_id(const dl_phdr_info& info, const ElfW(Phdr) & notes) {
  const auto* at = reinterpret_cast<const char*>(info.dlpi_addr + notes.p_vaddr);
  const auto* end = at + notes.p_memsz;
  while (at + sizeof(ElfW(Nhdr)) <= end) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof note);
    const char* name = at + sizeof note;
    const char* description = name + ((note.n_namesz + 3) & ~3U);
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
      std::uint64_t id = 0;
      for (std::size_t i = 0; i < 8 && i < note.n_descsz; ++i) {
        id = id << 8 | static_cast<unsigned char>(description[i]);
      }
      return no_reserved(id);
    }
    at = description + ((note.n_descsz + 3) & ~3U);
  }
  return 0;
}

Image read_image(const dl_phdr_info& info) {
  Image image;
  image.base = info.dlpi_addr;
  image.begin = UINTPTR_MAX;
  image.path = info.dlpi_name != nullptr ? info.dlpi_name : "";
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    const std::uintptr_t start = info.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD) {
      image.begin = std::min(image.begin, start);
      image.end = std::max(image.end, start + segment.p_memsz);
    } else if (segment.p_type == PT_GNU_EH_FRAME) {
      image.frame_table = start;
    } else if (segment.p_type == PT_NOTE && image.id == 0) {
      image.id = build_id(info, segment);
    }
  }
  if (image.id == 0) {  // linked without a build id: its name and size stand for one
    const auto slash = image.path.rfind('/');
    const auto name = slash == std::string::npos ? image.path : image.path.substr(slash + 1);
    image.id = no_reserved(XXH3_64bits_withSeed(name.data(), name.size(), image.end - image.begin));
  }
  return image;
}

std::vector<Image> read_images() {
  std::vector<Image> images;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        static_cast<std::vector<Image>*>(out)->push_back(read_image(*info));
        return 0;
      },
      &images);
  return images;
}

// The images of this process. They are read again when something is not found, since dlopen() adds some.
class Images {
 public:
  template <class Match>
  Image find(Match match) {
    const std::lock_guard lock(mutex_);
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (attempt == 1 || images_.empty()) images_ = read_images();
      const auto found = std::find_if(images_.begin(), images_.end(), match);
      if (found != images_.end()) return *found;
    }
    return {};
  }

 private:
  std::mutex mutex_;
  std::vector<Image> images_;
};

Images& images() {
  static Images* all = new Images;  // outlives static destructors
  return *all;
}

}  // namespace

Image image_of(std::uintptr_t address) {
  return images().find(
      [&](const Image& image) { return address >= image.begin && address < image.end; });
}

Image image_named(std::uint64_t id) {
  return images().find([&](const Image& image) { return image.id == id; });
}

Image image_of_program() {
  return images().find([](const Image& image) { return image.path.empty(); });
}

}  // namespace manta::detail
