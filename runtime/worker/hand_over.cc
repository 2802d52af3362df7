#include "hand_over.h"

#include <cstdlib>
#include <dlfcn.h>
#include <string>
#include <utility>

#include "../code/code_id.h"
#include "../launch/role.h"
#include "../launch/run_if_worker.h"

namespace manta::detail {
namespace {

std::uintptr_t entry_of(const LibraryEntry& library) {
  return resolve_data({library.image, library.offset});
}

}  // namespace

void hand_over(Attachment& attachment) {
  const LibraryEntry library = std::exchange(attachment.library_entry, {});
  if (library.image == 0) return;
  if (entry_of(library) == 0) {
    for (const std::string& path : attachment.libraries) {
      ::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);  // why it fails is told by worker_main()
    }
  }
  const std::uintptr_t entry = entry_of(library);
  if (entry == 0 || entry == reinterpret_cast<std::uintptr_t>(&run_if_worker)) return;
  Role role{.kind = RoleKind::kWorker, .attachment = std::move(attachment), .options = {}};
  const int file = make_role_file(role).release();
  objectstore::ArenaFiles& arena = role.attachment.arena;
  for (base::Fd* fd : {&role.attachment.control, &role.attachment.node_bell, &arena.writable,
                       &arena.read_only, &arena.overflow_writable, &arena.overflow_read_only}) {
    (void)fd->release();  // the other copy finds them at their numbers
  }
  ::setenv(kRoleVariable, std::to_string(file).c_str(), 1);
  reinterpret_cast<void (*)()>(entry)();
}

}  // namespace manta::detail
