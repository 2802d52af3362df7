#include "version.h"

namespace manta::base {

const char* version() {
  return MANTA_VERSION;
}  // of the project, see CMakeLists.txt of this folder

}  // namespace manta::base
