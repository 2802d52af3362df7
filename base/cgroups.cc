// In this order: files of the kernel as values, which cgroup this process is in (own_path), where it is seen (Mount,
// mounts_of, place_of), and what one cgroup and all of them together allow.
#include "cgroups.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <limits>
#include <sstream>
#include <system_error>
#include <unistd.h>

#include "fd.h"

namespace manta::base {
namespace {

namespace fs = std::filesystem;
using Version = Cgroup::Version;

// Version 1 says that there is no limit with 2^63 less a page.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;
constexpr std::size_t kMostBytes = 16 << 20;  // of a file
constexpr int kMostLevels = 64;
constexpr int kMostLooks = 4096;  // into directories, to find a cgroup whose name is hidden

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
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
std::optional<std::string> own_path(const std::string& cgroup, Version version,
                                    std::string_view controller) {
  std::istringstream lines(cgroup);
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers(line.data() + first + 1, second - first - 1);
    const bool right = version == Version::kTwo ? line.starts_with("0:") && controllers.empty()
                                                : lists(controllers, controller);
    if (right && line.size() > second + 1) return line.substr(second + 1);
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
std::vector<Mount> mounts_of(const std::string& mountinfo, Version version,
                             std::string_view controller) {
  std::vector<Mount> mounts;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string ignored, from, point, type, source, options;
    words >> ignored >> ignored >> ignored >> from >> point;
    while (words >> ignored && ignored != "-") continue;
    words >> type >> source >> options;
    const bool right = version == Version::kTwo ? type == "cgroup2"
                                                : type == "cgroup" && lists(options, controller);
    if (right) mounts.push_back({unescaped(from), unescaped(point)});
  }
  return mounts;
}

// Whether this process is in the cgroup of that directory itself.
bool has_this_process(const fs::path& root, const fs::path& directory) {
  const std::string self = read_small_file(root / "proc/self/stat");
  std::istringstream members(read_small_file(directory / "cgroup.procs"));
  for (std::string member; members >> member;) {
    if (!self.empty() && member == self.substr(0, self.find(' '))) return true;
  }
  return false;
}

// Where this process is, `levels` below `at` and then at `path`: the names between are found by looking. "" if nowhere.
std::string look_for(const fs::path& root, const fs::path& top, const std::string& at, int levels,
                     const std::string& path, int& looks) {
  if (levels == 0) {
    const std::string place = path == "/" ? at : at + path;
    return has_this_process(root, top / fs::path(place).relative_path()) ? place : "";
  }
  std::error_code error;
  for (fs::directory_iterator entry(top / fs::path(at).relative_path(), error), end;
       !error && entry != end && ++looks < kMostLooks; entry.increment(error)) {
    if (std::error_code ignored; !entry->is_directory(ignored)) continue;
    const std::string name = at + "/" + entry->path().filename().string();
    if (auto place = look_for(root, top, name, levels - 1, path, looks); !place.empty()) {
      return place;
    }
  }
  return "";
}

// The part of a cgroup's path that is below a mount; nothing if the mount shows another part of the tree. Seen from a
// namespace whose root is below the mount, the mount's root is "/..", or "/../..": the path from there has names that
// are hidden.
std::optional<std::string> place_of(const fs::path& root, const std::string& path,
                                    const Mount& mount) {
  if (mount.root == "/") return path.starts_with("/..") ? std::nullopt : std::optional(path);
  if (path == mount.root) return "/";
  if (path.starts_with(mount.root + "/")) return path.substr(mount.root.size());
  int levels = 0;
  std::string_view rest = mount.root;
  for (; rest.starts_with("/.."); rest.remove_prefix(3)) ++levels;
  if (levels == 0 || !rest.empty() || path.starts_with("/..")) return std::nullopt;
  int looks = 0;
  const fs::path top = root / fs::path(mount.point).relative_path();
  const std::string place = look_for(root, top, "", levels, path, looks);
  return place.empty() ? std::nullopt : std::optional(place);
}

// What the kernel tells of this process.
struct Told {
  std::string cgroup, mountinfo;
};

void add_levels(std::vector<Cgroup>& cgroups, const fs::path& root, const Told& told,
                Version version, std::string_view controller) {
  const auto path = own_path(told.cgroup, version, controller);
  const auto mounts = mounts_of(told.mountinfo, version, controller);
  if (!path || mounts.empty()) return;
  // Where no mount shows it, the limits of what is mounted are the best guess.
  const Mount* seen = &mounts.front();
  std::string rest = "/";
  for (const Mount& mount : mounts) {
    const auto place = place_of(root, *path, mount);
    if (!place) continue;
    seen = &mount;
    rest = *place;
    break;
  }
  std::string name = *path;
  for (int level = 0; level < kMostLevels; ++level) {
    const bool top = rest.empty() || rest == "/";
    const fs::path directory = root / fs::path(seen->point + (top ? "" : rest)).relative_path();
    cgroups.push_back({version, name, directory.lexically_normal()});
    if (top) return;
    rest.erase(rest.rfind('/'));
    name.erase(name.rfind('/'));
    if (name.empty()) name = "/";
  }
}

std::optional<std::uint64_t> limit_in(std::optional<std::uint64_t> bytes) {  // "max" is none
  return bytes && *bytes < kNoLimit ? bytes : std::nullopt;
}

struct MemoryLimit {
  std::optional<std::uint64_t> bytes;
  const char* file;  // which says so
};

// Version 1 tells also what the cgroups above allow, those too that a container does not see.
MemoryLimit memory_limit_of(const Cgroup& cgroup) {
  const bool two = cgroup.version == Version::kTwo;
  const char* const file = two ? "memory.max" : "memory.limit_in_bytes";
  const MemoryLimit own{limit_in(leading_number(read_small_file(cgroup.directory / file))), file};
  if (two) return own;
  const MemoryLimit above{
      limit_in(figure_in(cgroup.directory / "memory.stat", "hierarchical_memory_limit")),
      "memory.stat"};
  return above.bytes && *above.bytes < own.bytes.value_or(kNoLimit) ? above : own;
}

}  // namespace

std::string read_small_file(const fs::path& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char part[4096];
  for (ssize_t n;
       file && text.size() < kMostBytes && (n = ::read(file.get(), part, sizeof part)) > 0;) {
    text.append(part, static_cast<std::size_t>(n));
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::optional<std::uint64_t> leading_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return std::numeric_limits<std::uint64_t>::max();
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> figure_of(std::string_view text, std::string_view name) {
  constexpr std::string_view kBlanks = " \t";
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with(name)) continue;
    const std::string_view rest = line.substr(name.size());
    const std::size_t value = rest.find_first_not_of(kBlanks);
    if (value != 0 && value != std::string_view::npos) return leading_number(rest.substr(value));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> figure_in(const fs::path& file, std::string_view name) {
  return figure_of(read_small_file(file), name);
}

fs::path Cgroup::memory_limit_file() const { return directory / memory_limit_of(*this).file; }

std::optional<std::uint64_t> Cgroup::memory_limit() const { return memory_limit_of(*this).bytes; }

std::optional<std::uint64_t> Cgroup::memory_used() const {
  return leading_number(read_small_file(
      directory / (version == Version::kTwo ? "memory.current" : "memory.usage_in_bytes")));
}

// In version 1 the figures with "total_" are those of the cgroups below, too, as memory.usage_in_bytes is.
std::optional<std::uint64_t> Cgroup::memory_unreclaimable() const {
  const auto used = memory_used();
  if (!used) return std::nullopt;
  const std::string prefix = version == Version::kTwo ? "" : "total_";
  const std::string stat = read_small_file(directory / "memory.stat");
  std::uint64_t cache = 0;
  for (const char* const list : {"inactive_file", "active_file"}) {
    cache += figure_of(stat, prefix + list).value_or(0);
  }
  return *used - std::min(*used, cache);
}

std::optional<std::uint64_t> Cgroup::memory_kills() const {
  return figure_in(directory / (version == Version::kTwo ? "memory.events" : "memory.oom_control"),
                   "oom_kill");
}

// Version 2: cpu.max is "150000 100000" or "max 100000". Version 1: the quota is -1 where there is none.
std::optional<double> Cgroup::cpu_limit() const {
  std::string quota, period;
  if (version == Version::kTwo) {
    std::istringstream(read_small_file(directory / "cpu.max")) >> quota >> period;
  } else {
    quota = read_small_file(directory / "cpu.cfs_quota_us");
    period = read_small_file(directory / "cpu.cfs_period_us");
  }
  const auto time = whole_number(quota), every = whole_number(period);
  if (!time || !every || *time <= 0 || *every <= 0) return std::nullopt;
  return static_cast<double>(*time) / static_cast<double>(*every);
}

std::vector<Cgroup> cgroups_of(std::string_view controller, const fs::path& root) {
  const Told told{.cgroup = read_small_file(root / "proc/self/cgroup"),
                  .mountinfo = read_small_file(root / "proc/self/mountinfo")};
  std::vector<Cgroup> cgroups;
  add_levels(cgroups, root, told, Version::kTwo, controller);
  add_levels(cgroups, root, told, Version::kOne, controller);
  return cgroups;
}

std::optional<double> cpu_limit(const fs::path& root) {
  std::optional<double> least;
  for (const Cgroup& cgroup : cgroups_of("cpu", root)) {
    const auto limit = cgroup.cpu_limit();
    if (limit && *limit < least.value_or(*limit + 1)) least = limit;
  }
  return least;
}

std::uint64_t usable_memory(const fs::path& root) {
  std::uint64_t least = 1024 * figure_in(root / "proc/meminfo", "MemTotal:").value_or(0);
  if (least == 0) {
    least = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
            static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  for (const Cgroup& cgroup : cgroups_of("memory", root)) {
    least = std::min(least, cgroup.memory_limit().value_or(least));
  }
  return least;
}

}  // namespace manta::base
