#include <charconv>
#include <cstring>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <manta/runtime/role.h>

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
  o.log_to_driver = in.value<bool>();
  o.keep_logs = in.value<bool>();
  o.env = in.texts();
  o.working_dir = in.text();
  o.program = in.text();
  o.program_args = in.list();
  o.libraries = in.list();
  o.prestart = in.value<int>();
}

std::optional<std::string> read_sealed(int fd) {
  struct stat status;
  if (fcntl(fd, F_GET_SEALS) != kSeals || fstat(fd, &status) != 0) return std::nullopt;
  if (status.st_size > kMaxRole) return std::nullopt;
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  if (pread(fd, bytes.data(), bytes.size(), 0) != status.st_size) return std::nullopt;
  return bytes;
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
  if (role.kind == RoleKind::node) write_options(out, role.options);
  base::Fd file(memfd_create("manta-role", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const std::string& bytes = out.bytes();
  if (!file ||
      write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) {
    throw std::system_error(errno, std::generic_category(), "manta: a role for a new process");
  }
  return file;
}

std::optional<Role> take_role() {
  const char* text = getenv(kRoleVariable);
  if (text == nullptr) return std::nullopt;
  int number = -1;
  const bool valid = std::from_chars(text, text + std::strlen(text), number).ec == std::errc();
  unsetenv(kRoleVariable);
  if (!valid || number < 0) return std::nullopt;
  std::optional<std::string> bytes = read_sealed(number);
  if (!bytes) return std::nullopt;
  Reader in(std::move(*bytes));
  if (in.value<std::uint64_t>() != kMagic) return std::nullopt;
  Role role;
  role.kind = in.value<RoleKind>();
  read_attachment(in, role.attachment);
  if (role.kind == RoleKind::node) read_options(in, role.options);
  if (!in.complete()) return std::nullopt;
  close(number);
  if (role.kind == RoleKind::worker) {
    role.attachment.control = own(kWorkerControl);
    role.attachment.arena_rw = own(kWorkerArenaRw);
    role.attachment.arena_ro = own(kWorkerArenaRo);
    role.attachment.node_bell = own(kWorkerBell);
  }
  return role;
}

}  // namespace manta::detail
