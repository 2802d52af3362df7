// First what the files of the kernel say (number_in, own_path, mount_of), then where the cgroups of this process are
// (add_levels), then what the header declares.
#include "cgroups.h"

#include <charconv>
#include <fstream>
#include <limits>
#include <sstream>

namespace manta::base {
namespace {

namespace fs = std::filesystem;
using Version = Cgroup::Version;

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

// The number with which a file begins.
std::optional<std::uint64_t> number_in(const fs::path& path) {
  std::ifstream file(path);
  std::string text;
  return file >> text ? number(text) : std::nullopt;
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
std::optional<std::string> own_path(const fs::path& root, Version version,
                                    std::string_view controller) {
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers(line.data() + first + 1, second - first - 1);
    const bool right = version == Version::kTwo ? line.starts_with("0:") && controllers.empty()
                                                : lists(controllers, controller);
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
std::optional<Mount> mount_of(const fs::path& root, Version version, std::string_view controller) {
  std::ifstream lines(root / "proc/self/mountinfo");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string ignored, from, point, type, source, options;
    words >> ignored >> ignored >> ignored >> from >> point;
    while (words >> ignored && ignored != "-") continue;
    words >> type >> source >> options;
    const bool right = version == Version::kTwo ? type == "cgroup2"
                                                : type == "cgroup" && lists(options, controller);
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

void add_levels(std::vector<Cgroup>& groups, const fs::path& root, Version version,
                std::string_view controller) {
  const auto path = own_path(root, version, controller);
  const auto mount = mount_of(root, version, controller);
  if (!path || !mount) return;
  std::string name = *path;
  std::string rest = below(name, mount->root);
  for (int level = 0; level < kMostLevels; ++level) {
    const fs::path directory = root / fs::path(mount->point + rest).relative_path();
    groups.push_back({version, name, directory.lexically_normal()});
    if (rest.empty() || rest == "/") return;
    rest.erase(rest.rfind('/'));
    name.erase(name.rfind('/'));
    if (name.empty()) name = "/";
  }
}

}  // namespace

std::optional<std::uint64_t> kernel_figure(const fs::path& file, std::string_view name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first, value;
    if (words >> first >> value && first == name) return number(value);
  }
  return std::nullopt;
}

std::vector<Cgroup> cgroups(std::string_view controller, const fs::path& root) {
  std::vector<Cgroup> groups;
  add_levels(groups, root, Version::kTwo, controller);
  add_levels(groups, root, Version::kOne, controller);
  return groups;
}

std::vector<MemoryCgroup> memory_cgroups(const fs::path& root) {
  std::vector<MemoryCgroup> groups;
  for (Cgroup& group : cgroups("memory", root)) groups.push_back({std::move(group)});
  return groups;
}

std::optional<std::uint64_t> MemoryCgroup::kills() const {
  return kernel_figure(
      directory / (version == Version::kTwo ? "memory.events" : "memory.oom_control"), "oom_kill");
}

fs::path MemoryCgroup::limit_file() const {
  return directory / (version == Version::kTwo ? "memory.max" : "memory.limit_in_bytes");
}

std::optional<std::uint64_t> MemoryCgroup::limit() const {
  const auto bytes = number_in(limit_file());  // "max" is none
  return bytes && *bytes < kNoLimit ? bytes : std::nullopt;
}

std::optional<std::uint64_t> MemoryCgroup::used() const {
  return number_in(directory /
                   (version == Version::kTwo ? "memory.current" : "memory.usage_in_bytes"));
}

}  // namespace manta::base
