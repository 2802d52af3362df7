// In this order: the bytes of a role, the checks of the descriptors that a process was given, then make_role_file() for
// the one that starts it and take_role() for the process itself.
#include "role.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <errno.h>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "../../base/memory_file.h"
#include "../../rpc/control.h"
#include "../wire/payload.h"

namespace manta::detail {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr off_t kMaxRole = 16 << 20;

// A Role as it travels: without descriptors.
struct WrittenRole {
  RoleKind kind = {};
  SessionPart part = {};
  NodeOptions options = {};
};

Role role_of(std::span<const std::byte> bytes) {
  auto written = unpack<WrittenRole>(bytes);
  if (!written || written->kind > RoleKind::kJob || written->part.slot >= rpc::kMaxSlots) {
    throw RoleError(
        "what it was told is cut off, or comes from another version of Manta: build the program "
        "that calls init() and InitOptions::worker.path against one and the same");
  }
  Role role;
  role.kind = written->kind;
  role.options = std::move(written->options);
  static_cast<SessionPart&>(role.attachment) = std::move(written->part);
  return role;
}

// ---------------------------------------------------------------- what a process was given

// What the kernel calls the file: "/dev/null", "anon_inode:[eventfd]", "/memfd:manta-store (deleted)"; empty if the
// descriptor is not open.
std::string what_is(int fd) {
  if (fcntl(fd, F_GETFD) < 0) return {};
  char text[256];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t n = readlink(link.c_str(), text, sizeof text);
  return n < 0 ? "unknown (is /proc mounted?)" : std::string(text, static_cast<std::size_t>(n));
}

[[noreturn]] void refuse(int fd, const char* name, const std::string& why) {
  throw RoleError("descriptor " + std::to_string(fd) + ", " + name + ", " + why);
}

[[noreturn]] void refuse_other(int fd, const char* name) {
  const std::string found = what_is(fd);
  refuse(fd, name, found.empty() ? "is not open" : "is another file: " + found);
}

struct stat require_open(int fd, const char* name) {
  struct stat status;
  if (fstat(fd, &status) != 0) refuse_other(fd, name);
  return status;
}

// `link` is what what_is() must give, if it is not null.
struct stat require(int fd, const char* name, const char* link, int access) {
  const struct stat status = require_open(fd, name);
  if (link != nullptr && what_is(fd) != link) refuse_other(fd, name);
  if ((fcntl(fd, F_GETFL) & O_ACCMODE) != access) refuse(fd, name, "is opened in another mode");
  return status;
}

// A file of at least `bytes`, opened twice.
void require_pair(RoleFd writable_fd, RoleFd read_only_fd, const char* name, const char* link,
                  std::uint64_t bytes) {
  const std::string to_be_read = std::string(name) + " to be read";
  const struct stat writable = require(writable_fd, name, link, O_RDWR);
  const struct stat read_only = require(read_only_fd, to_be_read.c_str(), link, O_RDONLY);
  if (writable.st_ino != read_only.st_ino || writable.st_dev != read_only.st_dev) {
    refuse(read_only_fd, to_be_read.c_str(), "belongs to another session");
  }
  if (static_cast<std::uint64_t>(writable.st_size) < bytes) {
    refuse(writable_fd, name, "is cut off");
  }
}

void require_node_descriptors() {
  int type = 0;
  socklen_t size = sizeof type;
  const bool is_stream =
      getsockopt(kNodeSocket, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
  if (!is_stream) refuse_other(kNodeSocket, "the socket to the driver");
  const struct stat program = require_open(kNodeProgram, "the program of the workers");
  // Opened with O_PATH; valgrind, which opens /proc/self/exe in the driver's stead, opens it to be read.
  const bool writable = (fcntl(kNodeProgram, F_GETFL) & O_ACCMODE) != O_RDONLY;
  if (!S_ISREG(program.st_mode) || writable) {
    refuse_other(kNodeProgram, "the program of the workers");
  }
}

void require_worker_descriptors(const Attachment& attachment) {
  require(kWorkerControl, "the control memory", "/memfd:manta-control (deleted)", O_RDWR);
  require_pair(kWorkerArenaRw, kWorkerArenaRo, "the store's memory", "/memfd:manta-store (deleted)",
               attachment.object_store_bytes);
  require(kWorkerBell, "the node's bell", "anon_inode:[eventfd]", O_RDWR);
  if (attachment.overflow_bytes != 0) {
    require_pair(kWorkerOverflowRw, kWorkerOverflowRo, "the store's file on disk", nullptr,
                 attachment.overflow_bytes);
  }
}

// A variable of the environment that this process was started with: a static constructor of the program may have
// cleared it since.
std::optional<std::string> started_with(const std::string& name) {
  if (const char* now = getenv(name.c_str())) return now;
  std::ifstream file("/proc/self/environ", std::ios::binary);
  for (std::string entry; std::getline(file, entry, '\0');) {
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  }
  return std::nullopt;
}

int role_descriptor() {
  const std::string text = started_with(kRoleVariable).value_or("");
  unsetenv(kRoleVariable);
  int number = -1;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < 3) {
    throw RoleError("\"" + text + "\" is no number of a descriptor");
  }
  return number;
}

// The kernel may add seals of its own: see base/memory_file.h.
std::vector<std::byte> read_sealed(int fd) {
  constexpr const char* kName = "which says its part";
  const struct stat status = require_open(fd, kName);
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0) refuse_other(fd, kName);
  if ((seals & kSeals) != kSeals) {
    refuse(fd, kName, "is not sealed (F_GET_SEALS gives " + std::to_string(seals) + ")");
  }
  if (status.st_size > kMaxRole) refuse(fd, kName, "is too long");
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  if (pread(fd, bytes.data(), bytes.size(), 0) != status.st_size) {
    refuse(fd, kName, std::string("cannot be read: ") + std::strerror(errno));
  }
  return bytes;
}

base::Fd own(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return base::Fd(fd);
}

}  // namespace

base::Fd make_role_file(const Role& role) {
  const auto bytes = pack(WrittenRole{role.kind, role.attachment, role.options});
  base::Fd file = base::create_memory_file("manta-role");
  int error = file ? base::append(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()})
                   : errno;
  if (error == 0 && fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) error = errno;
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "manta: a role for a new process");
  }
  return file;
}

Role read_role_file(const base::Fd& file) { return role_of(read_sealed(file.get())); }

bool has_role_variable() { return getenv(kRoleVariable) != nullptr; }
bool was_started_with_role() { return started_with(kRoleVariable).has_value(); }

int generation() {
  const auto text = started_with(kGenerationVariable);
  if (!text) return 0;
  return static_cast<int>(
      std::clamp<long>(std::strtol(text->c_str(), nullptr, 10), 0, kMaxGeneration));
}

Role take_role() {
  const int number = role_descriptor();
  Role role = role_of(read_sealed(number));
  if (role.kind == RoleKind::kJob) throw RoleError("it was told a job, which is no process");
  if (role.kind == RoleKind::kNode) {
    require_node_descriptors();
    close(number);
    return role;
  }
  require_worker_descriptors(role.attachment);
  close(number);
  role.attachment.control = own(kWorkerControl);
  role.attachment.arena.writable = own(kWorkerArenaRw);
  role.attachment.arena.read_only = own(kWorkerArenaRo);
  role.attachment.node_bell = own(kWorkerBell);
  if (role.attachment.overflow_bytes != 0) {
    role.attachment.arena.overflow_writable = own(kWorkerOverflowRw);
    role.attachment.arena.overflow_read_only = own(kWorkerOverflowRo);
  }
  return role;
}

}  // namespace manta::detail
