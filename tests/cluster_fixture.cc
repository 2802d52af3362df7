#include "cluster_fixture.h"

#include <atomic>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "../runtime/launch/ask_console.h"
#include "../runtime/process/process.h"
#include "node_records.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kStoreBytes = std::uint64_t{256} << 20;
constexpr double kCpus = 2;
constexpr pid_t kInit = 1;

// Of the open session: a process has one. Nothing: they are not checked.
std::optional<detail::NodeRecords> records_at_start;

template <class Visit>
void each_entry(const char* directory, Visit&& visit) {
  std::error_code error;
  for (auto it = fs::directory_iterator(directory, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    visit(*it);
  }
}

std::set<std::string> open_descriptors() {
  std::set<std::string> all;
  each_entry("/proc/self/fd", [&](const fs::directory_entry& entry) {
    std::error_code error;
    const auto target = fs::read_symlink(entry.path(), error).string();
    const bool is_this_listing = error || target.starts_with("/proc/");
    if (!is_this_listing) all.insert(entry.path().filename().string() + " -> " + target);
  });
  return all;
}

std::vector<std::string> shared_mappings() {
  std::vector<std::string> all;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const bool memory = line.find("memfd:manta") != std::string::npos;
    const bool file = line.find("/#") != std::string::npos;  // one without a name: an overflow
    if (memory || file) all.push_back(line);
  }
  return all;
}

std::string joined(const auto& lines) {
  std::string text;
  for (const auto& line : lines) text += "\n  " + line;
  return text;
}

std::string new_in(const std::set<std::string>& after, const std::set<std::string>& before) {
  std::set<std::string> added;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::inserter(added, added.end()));
  return joined(added);
}

// "pid (name) state ... session": the fields of /proc/PID/stat that matter here.
struct ProcessStat {
  std::string name;
  char state = '?';
  pid_t parent = 0;
  pid_t session = 0;
};
std::optional<ProcessStat> stat_of(const fs::path& process) {
  std::ifstream file(process / "stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  const auto open = text.find('('), close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  ProcessStat stat;
  stat.name = text.substr(open + 1, close - open - 1);
  pid_t group = 0;
  std::istringstream rest(text.substr(close + 1));
  rest >> stat.state >> stat.parent >> group >> stat.session;
  return stat;
}

// oneTBB makes its threads when they are first needed, and keeps them. So all of them are made before anything is
// counted.
void make_all_copy_threads() {
  static const bool made = [] {
    const int threads = tbb::info::default_concurrency();
    std::atomic<int> arrived{0};
    tbb::task_arena arena(threads);
    arena.execute([&] {
      tbb::parallel_for(
          0, threads,
          [&](int) {
            arrived.fetch_add(1);
            eventually([&] { return arrived.load() >= threads; }, std::chrono::seconds(10));
          },
          tbb::static_partitioner());
    });
    return true;
  }();
  (void)made;
}

}  // namespace

bool eventually(const std::function<bool()>& predicate, std::chrono::nanoseconds limit) {
  const auto end = Clock::now() + limit;
  while (!predicate()) {
    if (Clock::now() >= end) return predicate();
    std::this_thread::sleep_for(std::chrono::microseconds(200));  // only how often it looks
  }
  return true;
}

Footprint Footprint::now() {
  Footprint footprint;
  footprint.descriptors = open_descriptors();
  footprint.mappings = shared_mappings();
  each_entry("/proc/self/task", [&](const auto&) { ++footprint.threads; });
  each_entry("/dev/shm", [&](const fs::directory_entry& entry) {
    const auto name = entry.path().filename().string();
    if (name.find("manta") != std::string::npos) footprint.shared_files.insert(name);
  });
  return footprint;
}

std::vector<std::string> processes_of(pid_t node) {
  std::vector<std::string> all;
  each_entry("/proc", [&](const fs::directory_entry& entry) {
    const auto pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) return;
    const auto stat = stat_of(entry.path());
    if (!stat || stat->session != node) return;
    // The parent of the node is init, which may wait for it late.
    const bool waits_for_init = stat->state == 'Z' && stat->parent == kInit;
    if (!waits_for_init) all.push_back(pid + " (" + stat->name + ") " + stat->state);
  });
  return all;
}

void ClusterTest::SetUp() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // some tests crash on purpose
  make_all_copy_threads();
  before_ = Footprint::now();
}

Session& ClusterTest::open(InitOptions options) {
  if (!options.cpus) options.cpus = kCpus;
  if (!options.object_store_bytes) options.object_store_bytes = kStoreBytes;
  session_.emplace(init(std::move(options)));
  directory_ = session_->directory();
  node_ = detail::Process::current("ClusterTest").attachment().node_pid;
  used_at_start_ = store_bytes_used();
  records_at_start = node_records();
  return *session_;
}

std::uint64_t ClusterTest::store_bytes_used() {
  const StoreStats store = cluster().nodes.at(0).store;
  return store.used + store.spilled;
}

detail::NodeRecords node_records() {
  const auto& session = detail::Process::current("a test").attachment().directory;
  const auto report = detail::decode_memory_report(detail::ask_console(session, {.most = 0}));
  EXPECT_TRUE(report) << "what the node says of its records cannot be read";
  return report ? report->records : detail::NodeRecords();
}

void node_records_are_not_checked() { records_at_start.reset(); }

namespace {

std::size_t objects_known_here() {
  detail::Process& here = detail::Process::current("a test");
  const detail::TablesLock lock(here.tables());
  return here.ownership().objects().all().size();
}

void expect_no_more_records_than_at_start() {
  detail::NodeRecords kept;
  const auto at_start = [&] { return (kept = node_records()) == *records_at_start; };
  EXPECT_TRUE(eventually(at_start))
      << "the node keeps " << kept.objects << " published values, " << kept.blocks << " blocks and "
      << kept.actors << " actors, at the start these were " << records_at_start->objects << ", "
      << records_at_start->blocks << " and " << records_at_start->actors << "; this process knows "
      << objects_known_here() << " objects";
}

}  // namespace

void ClusterTest::expect_store_empty() {
  std::uint64_t used = 0;
  const bool empty = eventually([&] { return (used = store_bytes_used()) <= used_at_start_; });
  EXPECT_TRUE(empty) << "the store holds " << used << " bytes, at the start it was "
                     << used_at_start_;
  if (records_at_start) expect_no_more_records_than_at_start();
  const auto& arena = detail::Process::current("a test").store().arena();
  // The node may be committing memory ahead of its use just now.
  std::vector<std::string> faults;
  eventually([&] { return (faults = arena.faults()).empty(); });
  EXPECT_EQ(joined(faults), "") << "the store's accounts";
}

void ClusterTest::close() {
  if (!session_) return;
  if (check_store_ && !HasFatalFailure()) expect_store_empty();
  session_.reset();
  expect_nothing_left();
}

void ClusterTest::expect_nothing_left() {
  std::vector<std::string> processes;
  // The workers of a node that has died go by themselves, after it.
  const std::chrono::seconds patience = check_store_ ? std::chrono::seconds(0) : kPatience;
  eventually([&] { return (processes = processes_of(node_)).empty(); }, patience);
  EXPECT_TRUE(processes.empty()) << "processes left:" << joined(processes);
  EXPECT_FALSE(fs::exists(directory_)) << directory_;
  // A thread that was joined may still be listed for a moment.
  eventually([&] { return Footprint::now().threads <= before_.threads; }, std::chrono::seconds(10));
  const Footprint after = Footprint::now();
  EXPECT_LE(after.threads, before_.threads) << "threads of this process";
  EXPECT_EQ(new_in(after.shared_files, before_.shared_files), "");
  if (arrays_outlive_) return;  // they keep a descriptor and a mapping of the store
  EXPECT_LE(after.descriptors.size(), before_.descriptors.size())
      << "descriptors left:" << new_in(after.descriptors, before_.descriptors);
  EXPECT_LE(after.mappings.size(), before_.mappings.size())
      << "mappings left:" << joined(after.mappings);
}

void ClusterTest::TearDown() { close(); }

}  // namespace manta::testing
