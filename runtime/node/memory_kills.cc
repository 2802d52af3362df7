// First what the files of the kernel say (figure, own_path, mount_of), then where the cgroups of this process are
// (add_levels), then the members: limits and use of one cgroup, and the explanation of a kill.
#include "memory_kills.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>

namespace manta::detail::node {
namespace {

namespace fs = std::filesystem;
using Version = MemoryCgroup::Version;

// Version 1 says that there is no limit with 2^63 less a page.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;
constexpr int kMostLevels = 64;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return std::numeric_limits<std::uint64_t>::max();
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

// The value of `name` in a file of lines "name value" or "name: value kB".
std::optional<std::uint64_t> figure(const fs::path& file, std::string_view name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first, value;
    if (words >> first >> value && first == name) return number(value);
  }
  return std::nullopt;
}

bool lists(std::string_view items, std::string_view item) {
  while (!items.empty()) {
    const std::size_t comma = items.find(',');
    if (items.substr(0, comma) == item) return true;
    items.remove_prefix(comma == std::string_view::npos ? items.size() : comma + 1);
  }
  return false;
}

// The path of our cgroup: of lines such as "4:memory,hugetlb:/a/b", in version 2 "0::/a/b".
std::optional<std::string> own_path(const fs::path& root, Version version) {
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers(line.data() + first + 1, second - first - 1);
    const bool right = version == Version::kTwo ? line.starts_with("0:") && controllers.empty()
                                                : lists(controllers, "memory");
    if (right) return line.substr(second + 1);
  }
  return std::nullopt;
}

// mountinfo writes a space as \040.
std::string unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      result += text[i];
      continue;
    }
    int code = 0;
    std::from_chars(&text[i + 1], &text[i + 4], code, 8);
    result += static_cast<char>(code);
    i += 3;
  }
  return result;
}

struct Mount {
  std::string root;   // the cgroup that is at ...
  std::string point;  // ... this place
};

// "36 25 0:32 /root /point rw,relatime shared:9 - cgroup cgroup rw,memory"
std::optional<Mount> mount_of(const fs::path& root, Version version) {
  std::ifstream lines(root / "proc/self/mountinfo");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string ignored, from, point, type, source, options;
    words >> ignored >> ignored >> ignored >> from >> point;
    while (words >> ignored && ignored != "-") continue;
    words >> type >> source >> options;
    const bool right =
        version == Version::kTwo ? type == "cgroup2" : type == "cgroup" && lists(options, "memory");
    if (right) return Mount{unescaped(from), unescaped(point)};
  }
  return std::nullopt;
}

// The part of a cgroup's path that is below the mount. "/" if the mount shows another part of the tree.
std::string below(const std::string& path, const std::string& mount_root) {
  if (mount_root == "/" || path == "/") return path;
  if (path == mount_root) return "/";
  return path.starts_with(mount_root + "/") ? path.substr(mount_root.size()) : "/";
}

void add_levels(std::vector<MemoryCgroup>& cgroups, const fs::path& root, Version version) {
  const auto path = own_path(root, version);
  const auto mount = mount_of(root, version);
  if (!path || !mount) return;
  std::string name = *path;
  std::string rest = below(name, mount->root);
  for (int level = 0; level < kMostLevels; ++level) {
    const fs::path directory = root / fs::path(mount->point + rest).relative_path();
    cgroups.push_back({version, name, directory.lexically_normal()});
    if (rest.empty() || rest == "/") return;
    rest.erase(rest.rfind('/'));
    name.erase(name.rfind('/'));
    if (name.empty()) name = "/";
  }
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1 << 20;
  std::string text = std::to_string(bytes) + " bytes";
  if (bytes >= kMiB) text += " (" + std::to_string(bytes / kMiB) + " MiB)";
  return text;
}

}  // namespace

std::optional<std::uint64_t> MemoryCgroup::kills() const {
  return figure(directory / (version == Version::kTwo ? "memory.events" : "memory.oom_control"),
                "oom_kill");
}

fs::path MemoryCgroup::limit_file() const {
  return directory / (version == Version::kTwo ? "memory.max" : "memory.limit_in_bytes");
}

std::optional<std::uint64_t> MemoryCgroup::limit() const {
  std::ifstream file(limit_file());
  std::string text;
  if (!(file >> text)) return std::nullopt;
  const auto bytes = number(text);  // "max" is none
  return bytes && *bytes < kNoLimit ? bytes : std::nullopt;
}

std::optional<std::uint64_t> MemoryCgroup::used() const {
  std::ifstream file(directory /
                     (version == Version::kTwo ? "memory.current" : "memory.usage_in_bytes"));
  std::string text;
  return file >> text ? number(text) : std::nullopt;
}

bool memory_is_plenty(std::uint64_t more, const std::vector<MemoryCgroup>& cgroups,
                      const fs::path& root) {
  const auto machine = figure(root / "proc/meminfo", "MemTotal:");
  const auto available = figure(root / "proc/meminfo", "MemAvailable:");
  if (machine && available && *available < *machine / 2 + more / 1024) return false;
  return std::all_of(cgroups.begin(), cgroups.end(), [&](const MemoryCgroup& cgroup) {
    const auto limit = cgroup.limit();
    return !limit || cgroup.used().value_or(0) + more <= *limit / 2;
  });
}

std::vector<MemoryCgroup> memory_cgroups(const fs::path& root) {
  std::vector<MemoryCgroup> cgroups;
  add_levels(cgroups, root, Version::kTwo);
  add_levels(cgroups, root, Version::kOne);
  return cgroups;
}

MemoryKills::MemoryKills(fs::path root) : root_(std::move(root)), cgroups_(memory_cgroups(root_)) {
  for (const auto& cgroup : cgroups_) explained_.push_back(cgroup.kills().value_or(0));
  explained_of_machine_ = figure(root_ / "proc/vmstat", "oom_kill").value_or(0);
}

std::string MemoryKills::explain_kill() {
  const std::uint64_t of_machine = figure(root_ / "proc/vmstat", "oom_kill").value_or(0);
  const bool machine_grew = of_machine > explained_of_machine_;
  if (machine_grew) ++explained_of_machine_;
  bool grew = false;
  for (std::size_t i = 0; i < cgroups_.size(); ++i) {
    if (cgroups_[i].kills().value_or(0) <= explained_[i]) continue;
    ++explained_[i];
    grew = true;
  }
  if (!grew && !machine_grew) return {};
  // A worker may have gone to a cgroup that is not ours.
  const std::string who = grew ? "the kernel killed it because memory ran out: "
                               : "most likely the kernel killed it because memory ran out (it "
                                 "killed a process of this machine for that reason): ";
  return who + limits() +
         "; let fewer tasks run at a time (TaskOptions::cpus, InitOptions::cpus), give them less "
         "to hold, make the object store smaller (InitOptions::object_store_bytes), or allow more";
}

std::string MemoryKills::limits() const {
  const MemoryCgroup* tightest = nullptr;
  std::uint64_t least = kNoLimit;
  for (const auto& cgroup : cgroups_) {
    const std::uint64_t limit = cgroup.limit().value_or(kNoLimit);
    if (limit >= least) continue;
    least = limit;
    tightest = &cgroup;
  }
  const std::uint64_t machine = 1024 * figure(root_ / "proc/meminfo", "MemTotal:").value_or(0);
  if (tightest != nullptr && (machine == 0 || least < machine)) {
    return "its cgroup " + tightest->name + " allows " + bytes_text(least) +
           " for all that is in it (" + tightest->limit_file().string() + ")";
  }
  return "the machine has " + bytes_text(machine) + ", and no cgroup allows less";
}

}  // namespace manta::detail::node
