// In this order: the bytes of a role (Writer, Reader, and write_ and read_ of each part), the checks of the descriptors
// that a process was given, then make_role_file() for the one that starts it and take_role() for the process itself.
#include "role.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "../../base/memory_file.h"
#include "../../rpc/control.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kMagic = 0x314c4f52544e414d;  // "MANTROL1"
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr off_t kMaxRole = 16 << 20;

class Writer {
 public:
  template <class T>
  void value(const T& v) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&v), sizeof v);
  }
  void text(const std::string& s) {
    value<std::uint64_t>(s.size());
    bytes_ += s;
  }
  void texts(const std::map<std::string, std::string>& map) {
    value<std::uint64_t>(map.size());
    for (const auto& [name, content] : map) text(name), text(content);
  }
  void list(const std::vector<std::string>& texts) {
    value<std::uint64_t>(texts.size());
    for (const std::string& each : texts) text(each);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
  template <class T>
  T value() {
    T v{};
    if (bytes_.size() - at_ < sizeof v) return ok_ = false, v;
    std::memcpy(&v, bytes_.data() + at_, sizeof v);
    at_ += sizeof v;
    return v;
  }
  std::string text() {
    const auto size = value<std::uint64_t>();
    if (bytes_.size() - at_ < size) return ok_ = false, std::string();
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  std::map<std::string, std::string> texts() {
    std::map<std::string, std::string> map;
    for (auto n = value<std::uint64_t>(); ok_ && n > 0; --n) {
      std::string name = text();
      map[std::move(name)] = text();
    }
    return map;
  }
  std::vector<std::string> list() {
    std::vector<std::string> texts;
    for (auto n = value<std::uint64_t>(); ok_ && n > 0; --n) texts.push_back(text());
    return texts;
  }
  bool complete() const { return ok_ && at_ == bytes_.size(); }
  bool ok() const { return ok_; }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

void write_attachment(Writer& out, const Attachment& a) {
  out.value(a.slot);
  out.text(a.directory.string());
  out.value(a.job);
  out.value(a.node);
  out.value(a.node_pid);
  out.value(a.cpus);
  out.value(a.object_store_bytes);
  out.texts(a.env);
  out.list(a.libraries);
}

void read_attachment(Reader& in, Attachment& a) {
  a.slot = in.value<rpc::Slot>();
  a.directory = in.text();
  a.job = in.value<JobId>();
  a.node = in.value<NodeId>();
  a.node_pid = in.value<pid_t>();
  a.cpus = in.value<double>();
  a.object_store_bytes = in.value<std::uint64_t>();
  a.env = in.texts();
  a.libraries = in.list();
}

void write_options(Writer& out, const NodeOptions& o) {
  out.value(o.cpus);
  out.value<std::uint64_t>(o.resources.size());
  for (const auto& [name, amount] : o.resources) out.text(name), out.value(amount);
  out.value(o.object_store_bytes);
  out.value(o.log_to_driver);
  out.value(o.keep_logs);
  out.texts(o.env);
  out.text(o.working_dir);
  out.text(o.program);
  out.list(o.program_args);
  out.list(o.libraries);
  out.value(o.prestart);
}

void read_options(Reader& in, NodeOptions& o) {
  o.cpus = in.value<double>();
  for (auto n = in.value<std::uint64_t>(); in.ok() && n > 0; --n) {
    std::string name = in.text();
    o.resources[std::move(name)] = in.value<double>();
  }
  o.object_store_bytes = in.value<std::uint64_t>();
  o.log_to_driver = in.value<std::uint8_t>() != 0;
  o.keep_logs = in.value<std::uint8_t>() != 0;
  o.env = in.texts();
  o.working_dir = in.text();
  o.program = in.text();
  o.program_args = in.list();
  o.libraries = in.list();
  o.prestart = in.value<int>();
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

// `link` is what what_is() must give.
struct stat require(int fd, const char* name, const char* link, int access) {
  const struct stat status = require_open(fd, name);
  if (what_is(fd) != link) refuse_other(fd, name);
  if ((fcntl(fd, F_GETFL) & O_ACCMODE) != access) refuse(fd, name, "is opened in another mode");
  return status;
}

void require_node_descriptors() {
  int type = 0;
  socklen_t size = sizeof type;
  const bool is_stream =
      getsockopt(kNodeSocket, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
  if (!is_stream) refuse_other(kNodeSocket, "the socket to the driver");
  const struct stat program = require_open(kNodeProgram, "the program of the workers");
  const bool is_path = (fcntl(kNodeProgram, F_GETFL) & O_PATH) != 0;
  if (!S_ISREG(program.st_mode) || !is_path) {
    refuse_other(kNodeProgram, "the program of the workers");
  }
}

void require_worker_descriptors(const Attachment& attachment) {
  require(kWorkerControl, "the control memory", "/memfd:manta-control (deleted)", O_RDWR);
  constexpr const char* kStore = "/memfd:manta-store (deleted)";
  const struct stat writable = require(kWorkerArenaRw, "the store's memory", kStore, O_RDWR);
  const struct stat read_only =
      require(kWorkerArenaRo, "the store's memory to be read", kStore, O_RDONLY);
  require(kWorkerBell, "the node's bell", "anon_inode:[eventfd]", O_RDWR);
  if (writable.st_ino != read_only.st_ino) {
    refuse(kWorkerArenaRo, "the store's memory to be read", "belongs to another session");
  }
  if (static_cast<std::uint64_t>(writable.st_size) < attachment.object_store_bytes) {
    refuse(kWorkerArenaRw, "the store's memory", "is cut off");
  }
}

int role_descriptor() {
  const std::string text = getenv(kRoleVariable);
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
std::string read_sealed(int fd) {
  constexpr const char* kName = "which says its part";
  const struct stat status = require_open(fd, kName);
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0) refuse_other(fd, kName);
  if ((seals & kSeals) != kSeals) {
    refuse(fd, kName, "is not sealed (F_GET_SEALS gives " + std::to_string(seals) + ")");
  }
  if (status.st_size > kMaxRole) refuse(fd, kName, "is too long");
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  if (pread(fd, bytes.data(), bytes.size(), 0) != status.st_size) {
    refuse(fd, kName, std::string("cannot be read: ") + std::strerror(errno));
  }
  return bytes;
}

Role parse_role(std::string bytes) {
  Reader in(std::move(bytes));
  if (in.value<std::uint64_t>() != kMagic) {
    throw RoleError(
        "what it was told comes from another version of Manta: build the program that "
        "calls init() and InitOptions::worker.path against one and the same");
  }
  Role role;
  role.kind = in.value<RoleKind>();
  read_attachment(in, role.attachment);
  if (role.kind == RoleKind::kNode) read_options(in, role.options);
  const bool known = role.kind == RoleKind::kNode || role.kind == RoleKind::kWorker;
  if (!in.complete() || !known || role.attachment.slot >= rpc::kMaxSlots) {
    throw RoleError("what it was told is cut off, or comes from another version of Manta");
  }
  return role;
}

base::Fd own(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return base::Fd(fd);
}

}  // namespace

base::Fd make_role_file(const Role& role) {
  Writer out;
  out.value(kMagic);
  out.value(role.kind);
  write_attachment(out, role.attachment);
  if (role.kind == RoleKind::kNode) write_options(out, role.options);
  base::Fd file = base::create_memory_file("manta-role");
  int error = file ? base::append(file, out.bytes()) : errno;
  if (error == 0 && fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) error = errno;
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "manta: a role for a new process");
  }
  return file;
}

bool has_role_variable() { return getenv(kRoleVariable) != nullptr; }

int generation() {
  const char* text = getenv(kGenerationVariable);
  if (text == nullptr) return 0;
  return static_cast<int>(std::clamp<long>(std::strtol(text, nullptr, 10), 0, kMaxGeneration));
}

Role take_role() {
  const int number = role_descriptor();
  Role role = parse_role(read_sealed(number));
  if (role.kind == RoleKind::kNode) {
    require_node_descriptors();
    close(number);
    return role;
  }
  require_worker_descriptors(role.attachment);
  close(number);
  role.attachment.control = own(kWorkerControl);
  role.attachment.arena_rw = own(kWorkerArenaRw);
  role.attachment.arena_ro = own(kWorkerArenaRo);
  role.attachment.node_bell = own(kWorkerBell);
  return role;
}

}  // namespace manta::detail
