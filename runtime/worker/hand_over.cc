#include "hand_over.h"

#include <array>
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

// Those that a worker is given, some of which may be empty.
std::array<base::Fd*, 6> descriptors_of(Attachment& attachment) {
  objectstore::ArenaFiles& arena = attachment.arena;
  return {&attachment.control, &attachment.node_bell,    &arena.writable,
          &arena.read_only,    &arena.overflow_writable, &arena.overflow_read_only};
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
  for (base::Fd* fd : descriptors_of(role.attachment)) {
    (void)fd->release();  // the other copy finds them at their numbers
  }
  ::setenv(kRoleVariable, std::to_string(file).c_str(), 1);
  reinterpret_cast<void (*)()>(entry)();
}

void move_apart(Attachment& attachment) {
  for (base::Fd* fd : descriptors_of(attachment)) {
    if (base::Fd moved = *fd ? fd->apart() : base::Fd()) *fd = std::move(moved);
  }
}

}  // namespace manta::detail
