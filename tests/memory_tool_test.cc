// `manta memory` at a session of this process, and at programs that ask for call sites and leak reports.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <manta/manta.h>

#include "../base/fd.h"
#include "../runtime/launch/ask_console.h"
#include "../runtime/process/process.h"
#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"
#include "shell.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Json = nlohmann::json;

constexpr std::size_t kMiB = std::size_t{1} << 20;
const std::string kTool = MANTA_TOOL;
const std::string kProgram = MEMORY_PROGRAM;
// Where no other session of this user is; the directory goes with the shell.
const std::string kAlone =
    "XDG_RUNTIME_DIR=$(mktemp -d /tmp/manta-XXXXXX) && export XDG_RUNTIME_DIR && trap 'rm -r "
    "$XDG_RUNTIME_DIR' "
    "EXIT; ";

struct Keeper {
  void keep(ObjectRef<Array<char>> ref) { ref_ = std::move(ref); }
  void view() { array_ = get(ref_); }
  pid_t pid() const { return ::getpid(); }
  void stop() const { ::kill(::getpid(), SIGSTOP); }
  ObjectRef<Array<char>> ref_;
  Array<char> array_;
};

std::size_t size_at(const ActorHandle<Gate>& gate, const Array<char>& array) {
  wait_at(gate);
  return array.size();
}

class MemoryTool : public ClusterTest {
 protected:
  static std::string directory() { return detail::Process::current("test").attachment().directory; }
  static base::Fd connected() {
    base::Fd socket;
    socket.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path = directory() + "/" + detail::kConsoleSocket;
    std::copy(path.begin(), path.end(), address.sun_path);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    return socket;
  }
  static ShellRun tool(const std::string& arguments) {
    return in_shell("MANTA_ADDRESS=" + directory() + " " + kTool + " memory " + arguments);
  }
  static Json report() {
    const ShellRun run = tool("--json");
    EXPECT_EQ(run.code(), 0) << run.said;
    return Json::parse(run.said, nullptr, false);
  }
  // The kinds of reference of a process: "driver: ref"; to an object, and to those of that name.
  static std::vector<std::string> kinds_of(const Json& object) {
    std::vector<std::string> all;
    for (const Json& holder : object.at("holders")) {
      const std::string process = holder.at("process");
      for (const std::string kind : holder.at("kinds")) {
        all.push_back(process.substr(0, process.find(" (")) + ": " + kind);
      }
    }
    return all;
  }
  static std::vector<std::string> held(const Json& report, const std::string& name) {
    std::vector<std::string> all;
    for (const Json& object : report.at("objects")) {
      if (object.at("name") != name) continue;
      for (std::string& kind : kinds_of(object)) all.push_back(std::move(kind));
    }
    return all;
  }
  static std::vector<std::string> held(const std::string& name) { return held(report(), name); }
};

TEST_F(MemoryTool, SaysWhatHoldsAnObject) {
  open({.cpus = 3});
  auto ref = put(full<char>(4 * kMiB, 'x'), {.name = "weights"});
  EXPECT_THAT(held("weights"), UnorderedElementsAre("driver: ref"));
  auto array = get(ref);
  EXPECT_THAT(held("weights"), UnorderedElementsAre("driver: ref", "driver: array"));

  auto keeper = actor<Keeper>();
  get(keeper.call(&Keeper::keep, ref));
  EXPECT_THAT(held("weights"), ::testing::Contains(::testing::EndsWith("Keeper: borrowed ref")))
      << "which it never got";
  EXPECT_TRUE(eventually([&] {
    const Json now = report();
    return now.at("shared_objects") == 1 && now.at("shared_blocks") == 1 && now.at("actors") == 1;
  }));
  EXPECT_TRUE(eventually([&] {
    const auto all = held("weights");
    return std::ranges::any_of(
        all, [](const auto& text) { return text.ends_with(": inside an object"); });
  }));
  get(keeper.call(&Keeper::view));
  const Json now = report();
  const auto all = held(now, "weights");
  EXPECT_THAT(all, ::testing::Contains(::testing::EndsWith("Keeper: borrowed ref")));
  EXPECT_THAT(all, ::testing::Contains(::testing::EndsWith("Keeper: array")));

  auto gate = manta::actor<Gate>();
  const auto waiting = remote(size_at)(gate, ref);
  EXPECT_TRUE(eventually([&] {
    const auto kinds = held("weights");
    return std::ranges::count(kinds, "driver: pending task") == 1;
  }));
  gate.post(&Gate::open);
  EXPECT_EQ(get(waiting), 4 * kMiB);

  array = {};
  EXPECT_TRUE(eventually([&] {
    const auto kinds = held("weights");
    return std::ranges::count(kinds, "driver: array") +
               std::ranges::count(kinds, "driver: pending task") ==
           0;
  }));
  keeper.kill();
  ref = {};
  EXPECT_TRUE(eventually([&] { return report().at("objects").empty(); }));
}

std::size_t size_after(int, const Array<char>& array) { return array.size(); }

struct Reader {
  std::size_t read(int, const Array<char>& array) const { return array.size(); }
};

// For another argument, for such a call before it, and for none.
TEST_F(MemoryTool, AnArgumentOfACallThatWaitsIsOne) {
  open({.cpus = 1});
  const auto gate = actor<Gate>();
  const auto reader = actor<Reader>();
  const auto passed = remote(pass)(gate, 1);
  const auto task = remote(size_after)(passed, full<char>(4 * kMiB, 'x'));
  const auto method = reader.call(&Reader::read, passed, full<char>(5 * kMiB, 'x'));
  const auto behind = reader.call(&Reader::read, 1, full<char>(6 * kMiB, 'x'));
  const Json now = report();
  ASSERT_EQ(now.at("objects").size(), 3U) << now;
  for (const Json& object : now.at("objects")) {
    EXPECT_THAT(kinds_of(object), UnorderedElementsAre("driver: pending task")) << object;
  }
  gate.post(&Gate::open);
  EXPECT_EQ(get(task) + get(method) + get(behind), 15 * kMiB);
}

TEST_F(MemoryTool, SortsGroupsAndLimits) {
  open({.cpus = 1});
  const auto a = put(full<char>(2 * kMiB, 'a'), {.name = "aa"});
  const auto b = put(full<char>(5 * kMiB, 'b'), {.name = "bb"});
  const auto more = put(full<char>(1 * kMiB, 'a'), {.name = "aa"});
  const std::string by_size = tool("").said;
  EXPECT_THAT(by_size, AllOf(HasSubstr("8.0 MiB of 256.0 MiB of memory in use; 3 blocks"),
                             HasSubstr("driver (pid " + std::to_string(::getpid()) + "): ref")));
  EXPECT_LT(by_size.find("bb"), by_size.find("aa"));
  const std::string by_name = tool("--sort=name").said;
  EXPECT_LT(by_name.find("aa"), by_name.find("bb"));
  EXPECT_THAT(tool("--most=1").said, AllOf(HasSubstr("bb"), Not(HasSubstr("aa")),
                                           HasSubstr("the largest 1 of them here")));
  const Json groups = Json::parse(tool("--json --group=name").said).at("groups");
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].at("group"), "bb");
  EXPECT_EQ(groups[1].at("size"), 3 * kMiB);
  EXPECT_EQ(groups[1].at("objects"), 2);
  EXPECT_THAT(tool("--group=holder").said, HasSubstr(": ref"));
  EXPECT_THAT(tool("--group=state").said, HasSubstr("memory"));
}

TEST_F(MemoryTool, SortsByWhoHoldsThem) {
  open({.cpus = 1});
  const auto array = get(put(full<char>(1 * kMiB, 'a')));
  const auto ref = put(full<char>(2 * kMiB, 'b'));
  const auto both = put(full<char>(5 * kMiB, 'c'));
  const auto view = get(both);
  const auto in_order = [](const std::string& text, std::vector<std::string> sizes) {
    std::vector<std::size_t> places;
    for (const auto& size : sizes) places.push_back(text.find("\n" + size));
    EXPECT_EQ(std::ranges::count(places, std::string::npos), 0) << text;
    return std::ranges::is_sorted(places);
  };
  EXPECT_TRUE(in_order(tool("--sort=holder").said, {"1.0 MiB", "2.0 MiB", "5.0 MiB"}))
      << "array; ref; ref, array";
  EXPECT_TRUE(in_order(tool("--sort=size").said, {"5.0 MiB", "2.0 MiB", "1.0 MiB"}));
}

TEST_F(MemoryTool, SaysWhatIsOnDisk) {
  open({.cpus = 1, .object_store_bytes = 64 * kMiB, .overflow = false});
  std::vector<ObjectRef<Array<char>>> refs;
  for (int i = 0; i < 12; ++i) refs.push_back(put(full<char>(10 * kMiB, 'x'), {.name = "part"}));
  const Json all = report();
  EXPECT_GE(all.at("on_disk").get<std::size_t>(), 50 * kMiB);
  std::size_t on_disk = 0;
  for (const Json& object : all.at("objects")) {
    EXPECT_EQ(object.at("name"), "part") << object;
    if (object.at("state") == "disk") on_disk += object.at("size").get<std::size_t>();
  }
  EXPECT_GE(on_disk, 50 * kMiB);
  const std::string groups = tool("--group=state").said;
  EXPECT_THAT(groups, AllOf(HasSubstr("disk"), HasSubstr("memory"), HasSubstr("on disk;")));
}

TEST_F(MemoryTool, NamesAProcessThatDoesNotAnswer) {
  open({.cpus = 2});
  auto keeper = actor<Keeper>();
  const auto ref = put(full<char>(kMiB, 'x'), {.name = "kept"});
  get(keeper.call(&Keeper::keep, ref));
  get(keeper.call(&Keeper::view));
  const pid_t pid = get(keeper.call(&Keeper::pid));
  const auto stopped = keeper.call(&Keeper::stop);
  EXPECT_TRUE(eventually([&] { return report().at("silent").size() == 1; }));
  const std::string text = tool("").said;
  EXPECT_THAT(text, AllOf(HasSubstr("(pid " + std::to_string(pid) + ") did not say in time"),
                          HasSubstr("kept")));
  ::kill(pid, SIGCONT);
  get(stopped);
}

TEST_F(MemoryTool, OfManyObjectsAndManyAsking) {
  open({.cpus = 1});
  std::vector<ObjectRef<Array<char>>> refs;
  for (int i = 0; i < 3000; ++i) {
    refs.push_back(put(full<char>(5000, 'x'), {.name = std::string(500, 'n') + std::to_string(i)}));
  }
  std::vector<std::thread> threads;
  std::atomic<int> complete{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      complete += eventually([&] {  // the driver may be slower than a second
        const Json report = Json::parse(tool("--json --most=5000").said, nullptr, false);
        return !report.is_discarded() && report.at("objects").size() == 3000 &&
               held(report, std::string(500, 'n') + "77").size() == 1;
      });
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(complete, 8);
  // All of one size: whom the node shows is whom the driver tells of.
  EXPECT_TRUE(eventually([&] {
    const Json some = Json::parse(tool("--json --most=100").said).at("objects");
    return some.size() == 100 && std::ranges::all_of(some, [](const Json& object) {
             return !object.at("holders").empty() && !object.at("name").get<std::string>().empty();
           });
  }));
}

// Nothing that a tool does, or does not do, ends the session or makes it wait.
TEST_F(MemoryTool, StrangersAtTheSocket) {
  open({.cpus = 1});
  std::vector<base::Fd> silent;
  for (int i = 0; i < 16; ++i) silent.push_back(connected());
  const ShellRun turned_away = tool("");
  EXPECT_EQ(turned_away.code(), 1);
  EXPECT_THAT(turned_away.said, HasSubstr("too many tools ask"));
  silent.clear();
  EXPECT_TRUE(eventually([&] { return tool("").code() == 0; }));

  detail::ConsoleAsk ask;
  ask.version = 77;
  EXPECT_THAT(error_of<RuntimeError>([&] { detail::ask_console(directory(), ask); }),
              AllOf(HasSubstr("version 77"), HasSubstr("tool of the same version")));
  ask = {.question = detail::ConsoleQuestion(99)};
  EXPECT_THAT(error_of<RuntimeError>([&] { detail::ask_console(directory(), ask); }),
              HasSubstr("does not know this question"));
  ask = {};
  ask.magic[0] = 'x';
  EXPECT_THAT(error_of<RuntimeError>([&] { detail::ask_console(directory(), ask); }),
              HasSubstr("no question of manta"));
  {
    const base::Fd leaves = connected();
    const detail::ConsoleAsk whole = {.most = UINT64_MAX};
    EXPECT_EQ(::send(leaves.get(), &whole, sizeof whole, 0), ssize_t{sizeof whole});
  }
  EXPECT_EQ(get(remote([] { return 5; })()), 5);
  EXPECT_EQ(tool("").code(), 0);
}

// Small blocks come and go meanwhile.
TEST_F(MemoryTool, WhileOthersAllocate) {
  open({.cpus = 1});
  std::atomic<bool> done{false};
  std::thread allocates([&] {
    while (!done) (void)zeros<char>(66'000);
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(detail::ask_console(directory(), {.most = 100}).empty());
  }
  done = true;
  allocates.join();
}

TEST_F(MemoryTool, NamesAreOneLineEach) {
  open({.cpus = 1});
  const auto ref = put(full<char>(kMiB, 'x'), {.name = "two\nlines \x1b[2J"});
  const std::string text = tool("").said;
  EXPECT_THAT(text, AllOf(HasSubstr("two\\nlines"), Not(HasSubstr("\x1b"))));
}

TEST_F(MemoryTool, InALocalSession) {
  const ShellRun run =
      in_shell(kAlone + "MANTA_LOCAL=1 " + kProgram + " asks '" + kTool + " memory'");
  EXPECT_THAT(run.said, AllOf(HasSubstr("numbers"), HasSubstr("driver (pid")));
}

TEST_F(MemoryTool, SaysWhichSessionsThereAre) {
  const ShellRun none = in_shell(kAlone + kTool + " memory");
  EXPECT_EQ(none.code(), 1);
  EXPECT_THAT(none.said, HasSubstr("no session of this user is running on this machine"));
  const ShellRun wrong = in_shell(kTool + " memory --address=/nowhere");
  EXPECT_EQ(wrong.code(), 1);
  EXPECT_THAT(wrong.said, HasSubstr("the session in /nowhere: no session is there"));
  const ShellRun option = in_shell(kTool + " memory --sort=colour");
  EXPECT_EQ(option.code(), 2);
  EXPECT_EQ(in_shell(kTool).code(), 2);
  EXPECT_THAT(in_shell(kTool + " --help").said, HasSubstr("memory"));

  const ShellRun both = in_shell(kAlone + kProgram + " asks-beside '" + kTool + " memory'");
  EXPECT_THAT(both.said, AllOf(HasSubstr("2 sessions of this user are running"),
                               HasSubstr("--address or MANTA_ADDRESS")));
  const ShellRun one = in_shell(kAlone + kProgram + " asks '" + kTool + " memory'");
  EXPECT_THAT(one.said, HasSubstr("numbers"));
  const ShellRun automatic =
      in_shell(kAlone + kProgram + " asks 'MANTA_ADDRESS=auto " + kTool + " memory'");
  EXPECT_EQ(automatic.code(), 0);
  EXPECT_THAT(automatic.said, HasSubstr("numbers"));
}

TEST_F(MemoryTool, SaysWhereObjectsWereMade) {
  const ShellRun run =
      in_shell(kAlone + "MANTA_CALL_SITES=1 " + kProgram + " asks '" + kTool + " memory'");
  EXPECT_THAT(run.said, AllOf(HasSubstr("made at"), HasSubstr("make_numbers at "),
                              HasSubstr("memory_program.cc:"), HasSubstr("result of make_result")));
  const std::string asks_groups = kProgram + " asks '" + kTool + " memory --group=site'";
  EXPECT_THAT(in_shell(kAlone + "MANTA_CALL_SITES=1 " + asks_groups).said,
              AllOf(HasSubstr("group"), HasSubstr("make_numbers at ")));
  EXPECT_THAT(in_shell(kAlone + asks_groups).said, HasSubstr("(unknown: see MANTA_CALL_SITES=1)"));
}

TEST_F(MemoryTool, TheErrorOfAFullStoreSaysWhereObjectsWereMade) {
  const std::string numbers = "  1003520 bytes, object [0-9a-f]+, \"numbers\"";
  const ShellRun run = in_shell("MANTA_CALL_SITES=1 " + kProgram + " full");
  EXPECT_EQ(run.code(), 0);
  EXPECT_THAT(run.said, AllOf(HasSubstr("no room for 10485760 bytes"),
                              ContainsRegex(numbers + ", made at make_numbers at .*"
                                                      "memory_program.cc:[0-9]+: driver"),
                              ContainsRegex("  62914560 bytes.*, made at fill at .*: driver")));
  const ShellRun without = in_shell(kProgram + " full");
  EXPECT_THAT(without.said, AllOf(ContainsRegex(numbers + ": driver"), Not(HasSubstr("made at"))));
}

TEST_F(MemoryTool, ALeakReportSaysWhatIsHeldAtTheEnd) {
  const ShellRun leaks = in_shell("MANTA_LEAK_REPORT=1 " + kProgram + " leaks");
  EXPECT_EQ(leaks.code(), 0);
  EXPECT_THAT(leaks.said, AllOf(HasSubstr("manta: at the end of the session 1 object is held"),
                                HasSubstr("\"numbers\""), HasSubstr("): ref, array")));
  EXPECT_THAT(in_shell(kProgram + " leaks").said, IsEmpty());
  const ShellRun in_actor = in_shell("MANTA_LEAK_REPORT=1 " + kProgram + " leaks-in-actor");
  EXPECT_EQ(in_actor.code(), 0);
  constexpr std::string_view kPid = "the actor is process ";
  const std::size_t pid = in_actor.said.find(kPid);
  ASSERT_NE(pid, std::string::npos) << in_actor.said;
  EXPECT_THAT(
      in_actor.said,
      AllOf(HasSubstr("manta: at the end of the session 1 object is held, of 1003520 bytes"),
            HasSubstr("::Keeper (pid " +
                      std::to_string(std::stoi(in_actor.said.substr(pid + kPid.size()))) +
                      "): borrowed ref, array")));
  EXPECT_THAT(in_shell("MANTA_LEAK_REPORT=1 " + kProgram + " clean").said, IsEmpty());
}

}  // namespace
}  // namespace manta::testing
