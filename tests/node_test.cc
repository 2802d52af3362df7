// A node of its own, which several programs join (node_program.cc), started and ended by the tool as a user would. At
// the end of each test the node has nothing any more of what they did, and after `manta stop` nothing of it is left.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <manta/manta.h>

#include "../base/version.h"
#include "../runtime/launch/ask_console.h"
#include "../runtime/launch/join_node.h"
#include "../runtime/wire/memory_report.h"
#include "../runtime/wire/node_status.h"
#include "cluster_fixture.h"
#include "error_of.h"
#include "running_program.h"
#include "sanitized.h"
#include "shell.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

int twice(int x) { return 2 * x; }

class NodeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/manta-node-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    place_ = name;
  }
  void TearDown() override {
    if (node_ != 0 && alive(node_)) {
      expect_node_empty();
      stop();
    }
    std::error_code ignored;
    fs::remove_all(place_, ignored);
  }

  ShellRun tool(const std::string& arguments) {
    return in_shell("XDG_RUNTIME_DIR=" + place_.string() + " " MANTA_TOOL " " + arguments);
  }
  void start(const std::string& options = "--cpus 2 --object-store-bytes 134217728") {
    const ShellRun run = tool("start --json " + options);
    ASSERT_EQ(run.status, 0) << run.said;
    const auto json = nlohmann::json::parse(run.said);
    address_ = json["address"];
    node_ = json["pid"];
  }
  void stop() {
    const ShellRun run = tool("stop");
    EXPECT_EQ(run.status, 0) << run.said;
    EXPECT_FALSE(alive(node_));
    EXPECT_THAT(processes_of(node_), ::testing::IsEmpty());
    EXPECT_FALSE(fs::exists(address_));
  }

  std::unique_ptr<RunningProgram> program(const std::string& mode,
                                          std::map<std::string, std::string> env = {},
                                          const std::string& file = NODE_PROGRAM) {
    env.try_emplace("MANTA_ADDRESS", "auto");
    env["XDG_RUNTIME_DIR"] = place_;
    return std::make_unique<RunningProgram>(mode,
                                            RunningProgram::Setting{.env = env, .program = file});
  }

  detail::NodeStatus status() {
    const auto answer = detail::decode_node_status(
        detail::ask_console(address_, {.question = detail::ConsoleQuestion::kStatus}));
    EXPECT_TRUE(answer);
    return answer.value_or(detail::NodeStatus());
  }
  // What is left of jobs that have ended; empty: nothing.
  std::string kept() {
    const detail::NodeStatus now = status();
    const auto report = detail::decode_memory_report(detail::ask_console(address_, {.most = 0}));
    std::string text;
    if (!now.jobs.empty()) text += std::to_string(now.jobs.size()) + " jobs ";
    if (now.actors != 0) text += std::to_string(now.actors) + " actors ";
    if (now.store.used != 0) text += std::to_string(now.store.used) + " bytes ";
    if (now.resources.available != now.resources.total) text += "resources ";
    if (!report || report->records != detail::NodeRecords()) text += "records ";
    if (processes_of(node_).size() != 1) text += "processes ";
    return text;
  }
  void expect_node_empty() {
    EXPECT_TRUE(eventually([&] { return kept().empty(); })) << "it keeps: " << kept();
  }

  fs::path place_;
  std::string address_;
  pid_t node_ = 0;
};

pid_t number(RunningProgram& run, const std::string& what) {
  return std::atoi(run.line_with(what + ": ").c_str());
}
std::string program_of(pid_t pid) {
  std::error_code ignored;
  return fs::read_symlink("/proc/" + std::to_string(pid) + "/exe", ignored).string();
}
bool succeeded(RunningProgram& run) {
  const int status = run.wait();
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// What a program with mode "hold" has.
struct Held {
  pid_t stray, actor;

  explicit Held(RunningProgram& run) : stray(number(run, "stray")), actor(number(run, "actor")) {
    EXPECT_EQ(run.line_with("ready: "), "1") << run.all();
  }
  bool lives() const { return alive(stray) && alive(actor); }
  bool gone() const { return !alive(stray) && !alive(actor); }
};

TEST_F(NodeTest, ProgramsOfDifferentBuildsHaveTheirOwnWorkersThere) {
  start("--cpus 4 --object-store-bytes 134217728 --resources a=1,b=2 --labels zone=x");
  const auto first = program("hold"), second = program("hold", {}, SQUARE_PROGRAM);
  const Held one(*first), other(*second);
  EXPECT_EQ(program_of(one.actor), fs::canonical(NODE_PROGRAM));
  EXPECT_EQ(program_of(other.actor), fs::canonical(SQUARE_PROGRAM));
  EXPECT_NE(first->line_with("job: "), second->line_with("job: "));
  const detail::NodeStatus now = status();
  EXPECT_EQ(now.jobs.size(), 2U);
  EXPECT_EQ(now.resources.total.at("b"), 2);
  EXPECT_THAT(tool("status").said,
              AllOf(HasSubstr(address_), HasSubstr("label zone=x"), HasSubstr("jobs: 2"),
                    HasSubstr("driver pid " + std::to_string(first->pid()))));
}

TEST_F(NodeTest, WorkersRunInTheEnvironmentAndTheDirectoryOfTheirDriver) {
  start();
  const auto run = program("square", {{"COLOR", "red"}});
  EXPECT_EQ(run->line_with("sum: "), "285");
  EXPECT_EQ(run->line_with("place: "), fs::current_path().string() + " red");
  EXPECT_TRUE(succeeded(*run)) << run->all();
}

TEST_F(NodeTest, AKilledDriverTakesItsOwnJobOnly) {
  start();
  const auto killed = program("hold"), other = program("hold");
  const Held lost(*killed), kept(*other);
  ::kill(killed->pid(), SIGKILL);
  EXPECT_TRUE(eventually([&] { return lost.gone() && status().jobs.size() == 1; }));
  EXPECT_TRUE(kept.lives());
  ::kill(other->pid(), SIGUSR1);
  EXPECT_EQ(other->line_with("left: "), "yes");
  EXPECT_TRUE(succeeded(*other));
}

TEST_F(NodeTest, ADriverThatLeavesHasEndedItsJobThen) {
  start();
  const auto run = program("hold");
  const Held held(*run);
  EXPECT_TRUE(held.lives());
  ::kill(run->pid(), SIGUSR1);
  EXPECT_EQ(run->line_with("left: "), "yes");
  EXPECT_TRUE(held.gone());
}

TEST_F(NodeTest, ABacklogStarvesNoOtherJob) {
  start();
  const auto hog = program("hog");
  EXPECT_EQ(hog->line_with("ready: "), "yes");
  const auto with_actor = program("hold");  // which is idle, while its tasks wait for their turns
  const Held held(*with_actor);
  const auto other = program("hog");
  EXPECT_EQ(other->line_with("ready: "), "yes");
  for (const auto& run : {hog.get(), other.get(), with_actor.get()}) ::kill(run->pid(), SIGUSR1);
  EXPECT_EQ(with_actor->line_with("left: "), "yes");
}

TEST_F(NodeTest, ADriverOfAnotherVersionIsRefused) {
  start();
  detail::JoinAsk other = detail::JoinAsk::ours();
  other.version = {'9', '.', '8', '.', '7'};
  ++other.layout;
  const std::string said =
      error_of<BuildMismatch>([&] { (void)detail::join_node({.address = address_}, other); });
  EXPECT_THAT(said, AllOf(HasSubstr("Manta 9.8.7"), HasSubstr(other.text()),
                          HasSubstr(std::string("Manta ") + base::version()),
                          HasSubstr(detail::JoinAsk::ours().text())));
}

TEST_F(NodeTest, WithoutANodeTheErrorSaysHowToStartOne) {
  const auto run = program("square");
  EXPECT_THAT(run->line_with("error: "), AllOf(HasSubstr("\"auto\""), HasSubstr("manta start")));
  EXPECT_THAT(
      error_of<InvalidArgument>([] { (void)init({.address = "/tmp/manta-node-that-is-none"}); }),
      AllOf(HasSubstr("/tmp/manta-node-that-is-none"), HasSubstr("manta start")));
  EXPECT_THAT(error_of<InvalidArgument>([] { (void)init({.address = "far:6379"}); }),
              HasSubstr("far:6379"));
  EXPECT_THAT(tool("stop").said, HasSubstr("manta start"));
}

TEST_F(NodeTest, WhatANodeHasIsNotADriversToSay) {
  EXPECT_THAT(error_of<InvalidArgument>([] { (void)init({.address = "auto", .cpus = 2}); }),
              AllOf(HasSubstr("cpus"), HasSubstr("manta start")));
  const auto run = program("square", {{"MANTA_OBJECT_STORE_BYTES", "100MiB"}});
  EXPECT_THAT(run->line_with("error: "), HasSubstr("MANTA_OBJECT_STORE_BYTES"));
}

TEST_F(NodeTest, WhenTheNodeDiesItsDriversAreToldSo) {
  for (const bool killed : {true, false}) {
    start();
    const auto run = program("node dies");
    const pid_t worker = number(*run, "worker");
    if (killed) {
      ::kill(node_, SIGKILL);
      EXPECT_TRUE(eventually([&] { return !alive(node_) && !alive(worker); }));
    } else {
      stop();
    }
    ::kill(run->pid(), SIGUSR1);
    EXPECT_EQ(run->line_with("error: "), "NodeDied");
    EXPECT_EQ(run->line_with("left: "), "yes");
  }
}

TEST_F(NodeTest, StopEndsAllThatItStarted) {
  start();
  const auto run = program("hold");
  const Held held(*run);
  stop();
  EXPECT_TRUE(held.gone());
}

TEST_F(NodeTest, StopEndsDetachedActorsWhoseDriverHasLeft) {
  start();
  const auto maker = program("make keeper");
  const pid_t keeper = number(*maker, "actor");
  EXPECT_EQ(maker->line_with("ready: "), "1") << maker->all();
  ::kill(maker->pid(), SIGKILL);
  (void)maker->wait();
  EXPECT_TRUE(eventually([&] { return status().jobs.at(0).left; }));
  stop();
  EXPECT_FALSE(alive(keeper));
}

TEST_F(NodeTest, AStoppedNodeIsEndedToo) {
  start();
  ::kill(node_, SIGSTOP);
  stop();
}

TEST_F(NodeTest, AnArrayOutlivesTheSessionOfItsDriver) {
  start();
  const auto run = program("kept array");
  EXPECT_EQ(run->line_with("left: "), "yes");
  EXPECT_EQ(status().jobs.size(), 1U) << "its memory is not used again";
  const auto other = program("hold");
  const Held held(*other);
  ::kill(other->pid(), SIGUSR1);
  EXPECT_EQ(other->line_with("left: "), "yes");
  ::kill(run->pid(), SIGUSR1);
  EXPECT_EQ(run->line_with("last: "), "262143");
}

TEST_F(NodeTest, ADetachedActorOutlivesItsDriverAndIsFoundByOthers) {
  start("--cpus 4 --object-store-bytes 134217728");
  for (const bool killed : {false, true}) {
    const auto maker = program("make keeper");
    const pid_t keeper = number(*maker, "actor"), stray = number(*maker, "stray");
    const pid_t counted = number(*maker, "counted");
    EXPECT_EQ(maker->line_with("ready: "), "1") << maker->all();
    const auto during = program("use keeper");
    EXPECT_EQ(during->line_with("sum: "), "9") << during->all();
    EXPECT_TRUE(succeeded(*during));
    ::kill(maker->pid(), killed ? SIGKILL : SIGUSR1);
    EXPECT_EQ(maker->line_with("left: "), killed ? "" : "yes");
    (void)maker->wait();
    EXPECT_TRUE(eventually([&] { return !alive(counted) && status().jobs.at(0).left; }));
    EXPECT_THAT(tool("status").said, HasSubstr("detached actors live"));
    const auto afterwards = program("use keeper");
    EXPECT_EQ(number(*afterwards, "actor"), keeper);
    EXPECT_EQ(afterwards->line_with("sum: "), "18") << afterwards->all();
    EXPECT_TRUE(succeeded(*afterwards));
    const auto end = program("end keeper");
    EXPECT_TRUE(succeeded(*end)) << end->all();
    EXPECT_TRUE(
        eventually([&] { return !alive(keeper) && !alive(stray) && status().jobs.empty(); }));
    const auto missed = program("use keeper");
    EXPECT_THAT(missed->line_with("error: "), HasSubstr("\"keeper\""));
  }
}

TEST_F(NodeTest, ARefInAFileIsReadByOtherJobs) {
  start();
  const std::string file = (place_ / "shared").string();
  const auto owner = program("share", {{"SHARED", file}});
  EXPECT_EQ(owner->line_with("ready: "), "1") << owner->all();
  const auto reader = program("read shared", {{"SHARED", file}});
  EXPECT_EQ(reader->line_with("size: "), "262144") << reader->all();
  EXPECT_EQ(reader->line_with("last: "), "262143");
  ::kill(owner->pid(), SIGUSR1);
  EXPECT_EQ(owner->line_with("left: "), "yes");
  ::kill(reader->pid(), SIGUSR1);
  EXPECT_EQ(reader->line_with("still: "), "7") << "it has a ref: " << reader->all();
  EXPECT_TRUE(succeeded(*reader));
  const auto late = program("read shared", {{"SHARED", file}});
  EXPECT_THAT(late->line_with("error: "), HasSubstr("not known to its node"));
}

// Of the node's process: what must not grow with the programs that come and go.
struct NodeFootprint {
  std::multiset<std::string> descriptors;  // what they are: "anon_inode:[eventfd]", "socket"
  std::uint64_t private_kib = 0;

  explicit NodeFootprint(pid_t node) {
    const fs::path proc = "/proc/" + std::to_string(node);
    for (const auto& entry : fs::directory_iterator(proc / "fd")) {
      std::error_code gone;
      const std::string what = fs::read_symlink(entry, gone).string();
      descriptors.insert(what.starts_with("socket:") ? "socket" : what);
    }
    std::ifstream status(proc / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("RssAnon:")) private_kib = std::stoull(line.substr(8));
    }
  }
};

// Four in each round. MANTA_NODE_ROUNDS: how many rounds; ctest has a run of fifty, labelled full.
TEST_F(NodeTest, DriversThatComeAndGoLeaveTheNodeAsItWas) {
  start();
  const char* const given = std::getenv("MANTA_NODE_ROUNDS");
  const int rounds = given == nullptr ? 5 : std::atoi(given);
  std::optional<NodeFootprint> before;
  for (int round = 0; round < rounds; ++round) {
    const auto killed = program("hold"), leaves = program("hold"), dies = program("hog"),
               ends = program("square", {}, SQUARE_PROGRAM);
    const Held first(*killed), second(*leaves);
    EXPECT_EQ(dies->line_with("ready: "), "yes");
    ::kill(killed->pid(), SIGKILL);
    ::kill(leaves->pid(), SIGUSR1);
    ::kill(dies->pid(), SIGUSR1);
    EXPECT_EQ(ends->line_with("sum: "), "285");
    EXPECT_EQ(leaves->line_with("left: "), "yes");
    EXPECT_TRUE(succeeded(*ends)) << ends->all();
    EXPECT_TRUE(eventually([&] { return first.gone() && second.gone(); }));
    if (round == 1) {
      expect_node_empty();
      before.emplace(node_);
    }
  }
  expect_node_empty();
  const auto grown = [&] {
    std::vector<std::string> more;
    std::ranges::set_difference(NodeFootprint(node_).descriptors, before->descriptors,
                                std::back_inserter(more));
    return more;
  };
  EXPECT_TRUE(eventually([&] { return grown().empty(); })) << ::testing::PrintToString(grown());
  if (kSanitized) return;  // which keeps what was given back
  EXPECT_LE(NodeFootprint(node_).private_kib, before->private_kib + 1024);
}

TEST_F(NodeTest, OneProcessMayJoinAgainAndAgain) {
  start();
  const Footprint before = Footprint::now();
  for (int i = 0; i < 10; ++i) {
    auto session = init({.address = address_});
    EXPECT_EQ(get(remote(twice)(i)), 2 * i);
    EXPECT_EQ(session.directory(), address_);
  }
  EXPECT_TRUE(eventually([&] { return Footprint::now().threads <= before.threads; }));
  EXPECT_EQ(Footprint::now().descriptors.size(), before.descriptors.size());
  EXPECT_EQ(Footprint::now().mappings.size(), before.mappings.size());
}

}  // namespace
}  // namespace manta::testing
