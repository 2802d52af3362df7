// What tasks and actors print, in whichever way, is shown when they end: whole lines, none of two calls, none lost.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "program_run.h"

namespace manta::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  std::string way;
  bool unsynced = false;
};

bool to_stderr(const std::string& way) { return way == "cerr" || way == "clog" || way == "stderr"; }

// The lines of workers, without their tags.
std::vector<std::string> printed(const std::string& text) {
  static const std::regex tagged(R"(\([^]+ pid=[0-9]+\) ([^]*))");
  std::vector<std::string> lines;
  std::smatch match;
  for (const std::string& line : lines_of(text)) {
    if (std::regex_match(line, match, tagged)) lines.push_back(match[1]);
  }
  return lines;
}

std::vector<std::string> calls(int count) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) lines.push_back("call " + std::to_string(i));
  return lines;
}

class Output : public ::testing::TestWithParam<Case> {
 protected:
  ProgramRun run(const std::string& mode, std::map<std::string, std::string> env = {}) {
    if (GetParam().unsynced) env["OUTPUT_PROGRAM_UNSYNCED"] = "1";
    return ProgramRun({OUTPUT_PROGRAM, mode, GetParam().way}, env);
  }
  std::vector<std::string> printed_in(const std::string& mode) {
    const ProgramRun program = run(mode);
    EXPECT_EQ(program.status, 0) << program.err;
    const bool error = to_stderr(GetParam().way);
    EXPECT_TRUE(printed(error ? program.out : program.err).empty()) << program.out << program.err;
    return printed(error ? program.err : program.out);
  }
};

TEST_P(Output, OfEachCallIsALineOfItsOwn) { EXPECT_EQ(printed_in("one_by_one"), calls(20)); }

TEST_P(Output, OfCallsThatFollowAtOnceIsNeverGlued) { EXPECT_EQ(printed_in("burst"), calls(20)); }

TEST_P(Output, OfAnActorIsShownFromItsConstructorToItsDestructor) {
  auto expected = calls(20);
  expected.insert(expected.begin(), "made");
  expected.emplace_back("gone");
  EXPECT_EQ(printed_in("actor"), expected);
}

TEST_P(Output, OfAnActorThatTheEndOfTheSessionKillsIsShown) {
  EXPECT_THAT(printed_in("killed_actor"), ElementsAre("made", "call 0"));
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const char* way : {"printf", "fflush", "dots", "cout", "cout_flush", "clog", "cerr",
                          "stderr", "write", "thread", "child"}) {
    cases.push_back({way});
  }
  for (const char* way : {"cout", "cout_flush", "clog", "cerr"}) cases.push_back({way, true});
  return cases;
}
std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  return info.param.way + (info.param.unsynced ? "_unsynced" : "");
}
INSTANTIATE_TEST_SUITE_P(Ways, Output, ::testing::ValuesIn(all_cases()), name_of);

TEST(OutputOf, ATaskThatTheEndOfTheSessionStopsIsShown) {
  for (const char* way : {"fflush", "cout_flush", "write", "stderr", "cerr"}) {
    const ProgramRun program({OUTPUT_PROGRAM, "stay", way});
    EXPECT_THAT(printed(program.out + program.err), ElementsAre("unfinished")) << way;
  }
}

TEST(OutputOf, ATaskThatDiesIsShown) {
  for (const char* way : {"fflush", "cout_flush", "write", "stderr", "cerr", "child"}) {
    const ProgramRun program({OUTPUT_PROGRAM, "die", way});
    EXPECT_THAT(printed(program.out + program.err), ElementsAre("last words")) << way;
  }
}

TEST(OutputOf, AProcessThatAWorkerLeftBehindIsShown) {
  const ProgramRun program({OUTPUT_PROGRAM, "child_stays"});
  EXPECT_THAT(printed(program.out), ElementsAre("from the child"));
}

TEST(OutputOf, ATaskThatPrintsMoreThanADriverTakesIsNotLost) {
  const ProgramRun program({OUTPUT_PROGRAM, "lines"});
  const auto lines = printed(program.out);
  ASSERT_EQ(lines.size(), 50'000u);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ASSERT_TRUE(lines[i].starts_with("line " + std::to_string(i) + " 000")) << lines[i];
  }
}

TEST(OutputOf, AProgressBarIsOneLine) {
  const ProgramRun program({OUTPUT_PROGRAM, "progress"});
  EXPECT_THAT(printed(program.out), ElementsAre("\r0 %\r50 %\r100 %"));
}

TEST(OutputOf, WorkersIsColouredOnATerminalOnly) {
  using enum ProgramRun::Output;
  const std::vector<std::string> command{OUTPUT_PROGRAM, "progress"};
  const std::string tag = "\x1b\\[36m\\(worker pid=[0-9]+\\) \x1b\\[0m";
  EXPECT_THAT(ProgramRun(command, {{"NO_COLOR", ""}}, kTerminal).out,
              ContainsRegex(tag + "\r" + tag + "0 %\r" + tag + "50 %\r" + tag + "100 %"));
  EXPECT_THAT(ProgramRun(command, {{"NO_COLOR", "1"}}, kTerminal).out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(ProgramRun(command).out, Not(HasSubstr("\x1b")));
}

std::string text_of_logs(const std::string& directory) {
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.path().filename().string().starts_with("worker-")) continue;
    std::ifstream file(entry.path());
    text.append(std::istreambuf_iterator<char>(file), {});
  }
  return text;
}

// The directory of a session that was kept, as the program has been told.
std::string kept_directory(const ProgramRun& program) {
  const std::size_t begin = program.err.find("stay in ") + 8;
  return program.err.substr(begin, program.err.find(" (", begin) - begin);
}

TEST(OutputOf, WorkersIsInTheirFilesTheSame) {
  for (const char* way : {"printf", "write", "cerr", "dots"}) {
    const ProgramRun program({OUTPUT_PROGRAM, "burst", way},
                             {{"MANTA_KEEP_LOGS", "1"}, {"MANTA_LOG_TO_DRIVER", "0"}});
    EXPECT_TRUE(printed(program.out + program.err).empty());
    const std::string directory = kept_directory(program);
    EXPECT_EQ(lines_of(text_of_logs(directory)), calls(20)) << way;
    std::filesystem::remove_all(directory);
  }
}

TEST(OutputOf, WorkersThatIsKeptStaysWhenOtherSessionsBegin) {
  const ProgramRun program({OUTPUT_PROGRAM, "burst", "printf"}, {{"MANTA_KEEP_LOGS", "true"}});
  const std::string directory = kept_directory(program);
  const ProgramRun other({OUTPUT_PROGRAM, "burst", "printf"}, {});
  EXPECT_EQ(lines_of(text_of_logs(directory)), calls(20));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace manta::testing
