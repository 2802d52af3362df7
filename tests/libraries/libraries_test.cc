// Manta in a shared library: a plugin or a module of a program that is not linked with it, and a library of one that
// is.
#include <string>

#include <gmock/gmock.h>

#include "../shell.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kHost = HOST;

// Once with all symbols of the library to be seen, and once with none (-fvisibility=hidden, --exclude-libs).
class InALibrary : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Symbols, InALibrary, ::testing::Values(LIBRARY, HIDDEN_LIBRARY));

const auto kAllUsed = AllOf(HasSubstr("square: 49"), HasSubstr("nested: 10"),
                            HasSubstr("sum: 50000"), HasSubstr("actor: 15"), HasSubstr("thrown: "),
                            HasSubstr("too large"), Not(HasSubstr("refused")));

TEST_P(InALibrary, InitAsksForAWorkerProgram) {
  const ShellRun run = in_shell(kHost + " bare " + GetParam());
  EXPECT_EQ(run.code(), 1);
  EXPECT_THAT(run.said, AllOf(HasSubstr("refused: "), HasSubstr("InitOptions::worker.path"),
                              HasSubstr(GetParam()), HasSubstr("run_if_worker"),
                              Not(HasSubstr("before main"))));
}

TEST_P(InALibrary, ItsFunctionsRunInWorkersThatLoadIt) {
  for (const char* const worker : {WORKER_PROGRAM, EXPORTING_PROGRAM}) {
    const ShellRun run = in_shell(kHost + " use " + worker + " " + GetParam());
    EXPECT_EQ(run.code(), 0) << run.said;
    EXPECT_THAT(run.said, kAllUsed) << worker;
    EXPECT_THAT(run.said, HasSubstr("throws_in_library")) << "the stack of what was thrown";
  }
}

TEST_P(InALibrary, FunctionsOfTheWorkersProgramAreCalledByName) {
  const ShellRun run = in_shell(kHost + " names " WORKER_PROGRAM " " + GetParam());
  EXPECT_THAT(run.said, AllOf(HasSubstr("added: 3"), HasSubstr("nested: 8")));
  // Its own are not there.
  EXPECT_THAT(run.said, AllOf(HasSubstr("refused: "), HasSubstr("InitOptions::worker.libraries")));
}

TEST_P(InALibrary, TheHostItselfIsTheWorkerWhenItAsks) {
  const ShellRun run = in_shell(kHost + " itself " + GetParam());
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, kAllUsed);
}

TEST_P(InALibrary, AProgramThatNeverBecomesAWorkerIsNamed) {
  const ShellRun run = in_shell(kHost + " use /bin/true " + GetParam());
  EXPECT_NE(run.code(), 0);
  EXPECT_THAT(run.said,
              AllOf(HasSubstr("refused: "), HasSubstr("/bin/true"), HasSubstr("run_if_worker")));
}

TEST_P(InALibrary, ItStaysWhereItIsWhenItWasUsed) {
  const ShellRun run = in_shell(kHost + " unload " WORKER_PROGRAM " " + GetParam());
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, kAllUsed);
}

TEST(Libraries, TwoOfThemInOneProcessHaveASessionEach) {
  const ShellRun run = in_shell(kHost + " use " WORKER_PROGRAM " " LIBRARY " " HIDDEN_LIBRARY);
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, kAllUsed);
  const auto first = run.said.find("square: 49");
  EXPECT_NE(run.said.find("square: 49", first + 1), std::string::npos) << run.said;
}

TEST(Libraries, OfALinkedOneTheSessionIsTheProgramsAndTheOtherWayRound) {
  for (const char* const opens : {"program", "library"}) {
    const ShellRun run = in_shell(PROGRAM_WITH_LIBRARY " " + std::string(opens));
    EXPECT_EQ(run.code(), 0);
    EXPECT_THAT(run.said, AllOf(HasSubstr("twice: 42"), HasSubstr("squared: 25"))) << opens;
  }
}

// ---- thread-local data: the static kind is scarce, and lies beside that of all libraries that were loaded before

TEST_P(InALibrary, NoThreadLocalDataIsStatic) {
  const ShellRun run = in_shell("readelf -dW " + GetParam());
  EXPECT_EQ(run.code(), 0);
  EXPECT_THAT(run.said, AllOf(HasSubstr("Dynamic section"), Not(HasSubstr("STATIC_TLS"))));
}

TEST_P(InALibrary, ManyAreLoadedBehindAnOpenMpRuntime) {
  const ShellRun run = in_shell("set -e; d=$(mktemp -d); trap 'rm -rf $d' EXIT; strip -o $d/0 " +
                                GetParam() + "; for i in $(seq 24); do cp $d/0 $d/$i; done; " +
                                kHost + " load libgomp.so.1 $d/*");
  EXPECT_EQ(run.code(), 0) << run.said;
}

}  // namespace
}  // namespace manta::testing
