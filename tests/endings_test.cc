// How sessions end when something is in the way: killed at any moment, stopped, inherited, or without workers.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "shell.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kProgram = LAUNCH_PROGRAM;

// A place of its own for the sessions of one test.
class Endings : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(place_);
    fs::create_directory(place_);
  }
  void TearDown() override { fs::remove_all(place_); }

  std::string place() const { return place_; }
  // Processes that were told of it: also those that have made no directory yet.
  bool anyone_lives() const {
    for (const auto& process : fs::directory_iterator("/proc")) {
      std::ifstream file(process.path() / "environ", std::ios::binary);
      const std::string environment(std::istreambuf_iterator<char>(file), {});
      if (environment.find("XDG_RUNTIME_DIR=" + place()) != std::string::npos) return true;
    }
    return false;
  }
  std::set<std::string> sessions() const {
    std::set<std::string> all;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(place_ / "manta", error)) {
      all.insert(entry.path().filename());
    }
    return all;
  }

 private:
  fs::path place_ = fs::temp_directory_path() / ("endings." + std::to_string(::getpid()));
};

TEST_F(Endings, ADriverKilledAtAnyMomentOfInitLeavesNothing) {
  std::mt19937 random(7);
  for (int i = 0; i < 150; ++i) {
    const pid_t driver = ::fork();
    if (driver == 0) {
      ::setenv("XDG_RUNTIME_DIR", place().c_str(), 1);
      ::close(1);
      ::execl(LAUNCH_PROGRAM, "launch_program", "add", nullptr);
      ::_exit(127);
    }
    ::usleep(std::uniform_int_distribution<useconds_t>(0, 30'000)(random));
    ::kill(driver, SIGKILL);
    ::waitpid(driver, nullptr, 0);
  }
  EXPECT_TRUE(eventually([&] { return !anyone_lives(); }));
  EXPECT_TRUE(sessions().empty()) << *sessions().begin();
}

TEST_F(Endings, AStoppedNodeIsNamedAndDoesNotHoldUpTheEnd) {
  const ShellRun run = in_shell("XDG_RUNTIME_DIR=" + place() + " " + kProgram + " stopped-node");
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, AllOf(HasSubstr("cluster: manta::cluster(): the node process"),
                              HasSubstr("kill -CONT"), HasSubstr("shutdown: in time")));
  EXPECT_TRUE(sessions().empty());
}

TEST_F(Endings, AProcessThatInheritsOrphansBuriesItsNodes) {
  const std::string in = "unshare -pf --mount-proc ";
  if (in_shell(in + "true").code() != 0) GTEST_SKIP() << "no PID namespaces here";
  const ShellRun run = in_shell(in + kProgram + " sessions");
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, AllOf(HasSubstr("node: died"), HasSubstr("children: none")));
}

TEST_F(Endings, CallsWaitForTheWorkersThatAreThereAndFailWhenNoneIsLeft) {
  const std::string file = place() + "/no-start";
  const ShellRun run = in_shell("LAUNCH_PROGRAM_NO_START=" + file + " " + kProgram + " no-start");
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, AllOf(HasSubstr("total: 125250"), HasSubstr("none left: "),
                              HasSubstr("exited with code 9"), HasSubstr("again: 3")));
}

}  // namespace
}  // namespace manta::testing
