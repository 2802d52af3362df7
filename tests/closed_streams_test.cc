// Programs without some of their standard streams: none of what Manta opens takes their place.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "shell.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kProgram = LAUNCH_PROGRAM;
const std::vector<std::string> kSubsets = {"0", "1", "2", "01", "02", "12", "012"};

// Reports on descriptor 9.
ShellRun run(const std::string& mode, const std::string& redirections) {
  return in_shell("exec 9>&1; exec " + kProgram + " " + mode + " " + redirections);
}

void expect_unharmed(const ShellRun& run, const std::string& closed) {
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, AllOf(HasSubstr("here: right"), HasSubstr("there: right"),
                              HasSubstr("actor: 101"), HasSubstr("files: right")));
  // Of node and workers: /dev/null, the log, pipes. Never memory, an eventfd or a socket.
  EXPECT_THAT(run.said, Not(ContainsRegex("[012]=(/memfd|anon_inode|socket|/proc)")));
  for (const char fd : closed) {
    const std::string stays_closed = std::string(1, fd) + "=";
    EXPECT_THAT(run.said, Not(ContainsRegex("driver: [^\n]*" + stays_closed)));
    EXPECT_THAT(run.said, Not(ContainsRegex("driver while[^\n]*: [^\n]*" + stays_closed)));
  }
}

TEST(ClosedStreams, FromTheBeginning) {
  for (const std::string& closed : kSubsets) {
    std::string redirections;
    for (const char fd : closed) redirections += std::string(1, fd) + ">&- ";
    expect_unharmed(run("close-never", redirections), closed);
  }
}

TEST(ClosedStreams, BeforeInit) {
  for (const std::string& closed : kSubsets) {
    expect_unharmed(run("close-before " + closed, ""), closed);
  }
}

TEST(ClosedStreams, DuringTheSession) {
  for (const std::string& closed : kSubsets) {
    expect_unharmed(run("close-after " + closed, ""), closed);
  }
}

}  // namespace
}  // namespace manta::testing
