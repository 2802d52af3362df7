#include "own_library.h"

#include <dlfcn.h>
#include <link.h>

#include "entry.h"

namespace manta::detail {

std::string own_library() {
  static const char here = 0;
  Dl_info info;
  void* map = nullptr;
  if (::dladdr1(&here, &info, &map, RTLD_DL_LINKMAP) == 0 || map == nullptr) return {};
  const char* const name = static_cast<const link_map*>(map)->l_name;
  return name != nullptr ? name : "";
}

void keep_own_library() {
  const std::string path = own_library();
  if (!path.empty()) ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

std::string worker_program_needed() {
  const std::string library = own_library();
  if (library.empty()) {
    return "this program was not linked with the wrapped main (-Wl,--wrap=main), without which its "
           "workers would run main() again: link the CMake target manta::manta, or use the flags "
           "of `pkg-config --libs manta`";
  }
  return "Manta is in the shared library " + library +
         " here, and the program that has loaded it has a main() of its own, so that it cannot "
         "become a worker by itself: InitOptions::worker.path must name the program of the "
         "workers. That is a program linked with manta::manta, with this library in "
         "InitOptions::worker.libraries; or the program that runs now, with "
         "InitOptions::worker.args that make it load the library and call manta::run_if_worker() "
         "(for Python: \"-c\", \"import module; module.run_if_worker()\")";
}

}  // namespace manta::detail
