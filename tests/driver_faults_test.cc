// Faults that a driver meets from outside: Ctrl-C, a terminal that is closed, a reader that has gone, a clock that
// jumps, a program of the workers that cannot be executed any more. See faults_program.cc.
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>

#include "../base/fd.h"
#include "../base/sanitizers.h"
#include "cluster_fixture.h"
#include "running_program.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kProgram = FAULTS_PROGRAM;

// As a terminal sends it: to the whole process group.
void interrupt(const RunningProgram& run) { ::kill(-run.pid(), SIGINT); }

TEST(DriverFaults, CtrlCTwiceAtOnceLeavesNothing) {
  RunningProgram run("wait", {.program = kProgram});
  const Traces traces(run);
  ASSERT_EQ(run.line_with("ready: "), "yes");
  interrupt(run);
  interrupt(run);
  const int status = run.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}

TEST(DriverFaults, CtrlCThatTheProgramTakesIsItsOwnAndASecondOneEndsEverything) {
  RunningProgram run("interrupts", {.program = kProgram});
  const Traces traces(run);
  ASSERT_EQ(run.line_with("ready: "), "yes");
  interrupt(run);
  EXPECT_EQ(run.line_with("asked to end: "), "5050") << "the workers go on";
  interrupt(run);
  const int status = run.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 130) << status;
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}

// The program's end of a pseudo terminal; closing `ours` is what a closed window is.
struct Terminal {
  Terminal() : ours(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (!ours || ::grantpt(ours.get()) != 0 || ::unlockpt(ours.get()) != 0) {
      throw std::runtime_error("posix_openpt");
    }
    char name[64];
    ::ptsname_r(ours.get(), name, sizeof name);
    theirs.reset(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  }
  base::Fd ours, theirs;
};

TEST(DriverFaults, AClosedTerminalEndsTheDriverAndLeavesNothing) {
  Terminal terminal;
  RunningProgram run("wait", {.program = kProgram, .terminal = terminal.theirs.get()});
  terminal.theirs.reset();
  const Traces traces(run);
  ASSERT_EQ(run.line_with("ready: "), "yes");
  terminal.ours.reset();
  const int status = run.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP) << status;
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}

TEST(DriverFaults, WithoutItsTerminalADriverThatIgnoresThatGoesOn) {
  Terminal terminal;
  RunningProgram run("terminal", {.program = kProgram, .terminal = terminal.theirs.get()});
  terminal.theirs.reset();
  const Traces traces(run);
  ASSERT_EQ(run.line_with("ready: "), "yes");
  terminal.ours.reset();
  EXPECT_THAT(run.all(), AllOf(HasSubstr("printed: 10000"), HasSubstr("sum: 5050")));
  EXPECT_EQ(run.wait(), 0);
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}

// As if it had printed itself what its tasks print: `program | head` ends it, unless it ignores SIGPIPE.
TEST(DriverFaults, WhenNobodyReadsWhatTasksPrintTheDriverHasItsSigpipe) {
  for (const bool ignores : {false, true}) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    RunningProgram run(ignores ? "reader-ignored" : "reader",
                       {.program = kProgram, .output = ends[1]});
    ::close(ends[0]);
    ::close(ends[1]);
    const Traces traces(run);
    const std::string said = run.all();
    const int status = run.wait();
    if (ignores) {
      EXPECT_THAT(said, AllOf(HasSubstr("printed: 10000"), HasSubstr("sum: 5050")));
      EXPECT_EQ(status, 0);
    } else {
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE) << status;
    }
    EXPECT_TRUE(eventually([&] { return traces.gone(); }));
  }
}

#ifndef MANTA_SANITIZED
TEST(DriverFaults, AClockThatJumpsChangesNothing) {
  RunningProgram run("clock", {.env = {{"FAULTS_PROGRAM_CLOCK", "1"}}, .program = kProgram});
  const Traces traces(run);
  const std::string said = run.all();
  EXPECT_THAT(said, AllOf(HasSubstr("sum: 5050"), HasSubstr("timeout: in time"),
                          HasSubstr("deadline: in time"), HasSubstr("kept: 100")));
  EXPECT_THAT(said, ::testing::Not(HasSubstr("jumps: 0"))) << "the test itself";
  EXPECT_EQ(run.wait(), 0);
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}
#endif

TEST(DriverFaults, AProgramThatCannotBeExecutedAnyMoreIsNamedAndUsedAgainLater) {
  const fs::path copy = fs::temp_directory_path() / ("faults." + std::to_string(::getpid()));
  fs::copy_file(kProgram, copy, fs::copy_options::overwrite_existing);
  fs::permissions(copy, fs::perms::owner_all);
  RunningProgram run("no-permission", {.program = copy, .argument = copy});
  const std::string said = run.all();
  EXPECT_EQ(run.wait(), 0) << said;
  EXPECT_THAT(said, AllOf(HasSubstr("before: 3"), HasSubstr("Permission denied"),
                          HasSubstr("the program " + copy.string() + " cannot be executed"),
                          HasSubstr("chmod +x"), HasSubstr("failed: 10"), HasSubstr("after: 7")));
  fs::remove(copy);
}

TEST(DriverFaults, ADriverThatClosesAllDescriptorsHasLostItsNode) {
  RunningProgram run("close-all", {.program = kProgram, .output = 1});
  const Traces traces(run);
  EXPECT_EQ(run.line_with("sum: "), "in time");
  run.wait();
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}

}  // namespace
}  // namespace manta::testing
