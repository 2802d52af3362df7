// How drivers begin and end: a program of its own (session_program.cc), run as a user would run it.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "../base/cgroups.h"
#include "../runtime/ownership/unseen_errors.h"
#include "cluster_fixture.h"
#include "running_program.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class Program : public RunningProgram {
 public:
  explicit Program(const std::string& mode, Setting setting = {.program = SESSION_PROGRAM})
      : RunningProgram(mode, setting.program.empty() ? with_default(setting) : setting) {}

 private:
  static Setting with_default(Setting setting) {
    setting.program = SESSION_PROGRAM;
    return setting;
  }
};

TEST(Sessions, AKilledDriverLeavesNothing) {
  Program run("wait");
  const Traces traces(run);
  ASSERT_EQ(run.line_with("ready: "), "yes");
  ::kill(run.pid(), SIGKILL);
  run.wait();
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}

TEST(Sessions, CtrlCLeavesNothing) {
  Program run("wait");
  const Traces traces(run);
  ASSERT_EQ(run.line_with("ready: "), "yes");
  ::kill(-run.pid(), SIGINT);  // as a terminal does: to the whole process group
  const int status = run.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}

TEST(Sessions, ExitWithAnOpenSessionKeepsTheCodeAndLeavesNothing) {
  Program run("exit");
  const Traces traces(run);
  const int status = run.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << run.all();
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}

TEST(Sessions, AnUncaughtExceptionLeavesNothing) {
  Program run("throw");
  const Traces traces(run);
  EXPECT_TRUE(WIFSIGNALED(run.wait()));
  EXPECT_THAT(run.all(), HasSubstr("thrown by main"));
  EXPECT_TRUE(eventually([&] { return traces.gone(); }));
}

TEST(Sessions, AForkedChildIsRefusedAndHarmsNothing) {
  // A child of fork inherits the locks of GCC 12's leak check as they are: it may wait for ever.
  Program run("fork", {.env = {{"ASAN_OPTIONS", "detect_leaks=0"}}});
  const std::string said = run.all();
  EXPECT_EQ(run.wait(), 0) << said;
  EXPECT_THAT(said, AllOf(ContainsRegex("child: a remote call[^\n]*forked"),
                          ContainsRegex("child: manta::init[^\n]*forked"),
                          HasSubstr("child ended with: 0"), HasSubstr("parent: 3")));
}

TEST(Sessions, ADeadNodeFailsWhatWaitsAndWhatComesAfterAndInitWorksAgain) {
  Program run("kill-node");
  const std::string said = run.all();
  EXPECT_EQ(run.wait(), 0) << said;
  EXPECT_THAT(said,
              AllOf(ContainsRegex("caught: the node process of this session.*caught: the node"),
                    HasSubstr("again: 42")));
}

TEST(Sessions, OfManyErrorsThatNobodyLookedAtTheRestIsCounted) {
  Program run("ignore");
  const std::string said = run.all();
  EXPECT_EQ(run.wait(), 0) << said;
  EXPECT_EQ(std::ranges::count(said, '\n'), detail::kMostUnseenErrors + 1) << said;
  EXPECT_THAT(said, HasSubstr("manta: nobody looked at 30 more errors\n"));
}

TEST(Sessions, OutputOfWorkersIsStreamedInWholeTaggedLines) {
  Program run("talk");
  const std::string said = run.all();
  EXPECT_EQ(run.wait(), 0) << said;
  EXPECT_THAT(said, ContainsRegex("pid=[0-9]+\\) to stdout\n"));
  EXPECT_THAT(said, ContainsRegex("pid=[0-9]+\\) to stderr\n"));
  EXPECT_THAT(said, ContainsRegex("pid=[0-9]+\\) a line in two parts\n"));
  EXPECT_THAT(said, ContainsRegex("\\[talk pid=[0-9]+\\] by the logger\n"));
}

TEST(Sessions, OnStartRunsOnceInEachProcess) {
  Program run("starts");
  const std::string said = run.all();
  EXPECT_EQ(run.wait(), 0) << said;
  EXPECT_THAT(said, AllOf(HasSubstr("in the driver: 1"), HasSubstr("in a worker: 1")));
}

TEST(Sessions, ARefThatOutlivesMainIsRefusedNotFatal) {
  Program run("late");
  const std::string said = run.all();
  EXPECT_EQ(run.wait(), 0) << said;
  EXPECT_THAT(said, HasSubstr("late: refused"));
}

TEST(Sessions, InitBeforeMainIsRefused) {
  Program run("add", {.env = {{"SESSION_PROGRAM_EARLY", "1"}}});
  EXPECT_THAT(run.all(), HasSubstr("before main: manta::init() was called before main()"));
}

// Since Linux 6.15 also of a process that is no child and was buried by its parent.
bool kernel_tells_how_processes_end() {
  utsname system;
  int major = 0, minor = 0;
  return ::uname(&system) == 0 && std::sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
         (major > 6 || (major == 6 && minor >= 15));
}

TEST(Sessions, HowTheNodeEndedBeforeItWasReadyIsSaid) {
  const std::map<std::string, std::string> ways = {{"exit", "with code 9"},
                                                   {"kill", "by signal 9"}};
  for (const auto& [way, said] : ways) {
    Program run("add", {.env = {{"SESSION_PROGRAM_NODE", way}}});
    const std::string how = kernel_tells_how_processes_end() ? " " + said : "";
    EXPECT_THAT(run.all(),
                ContainsRegex("the node process ended" + how + ".* before it was ready"));
  }
}

TEST(Sessions, WorkersReadNothingFromStandardInput) {
  Program run("stdin");
  EXPECT_THAT(run.all(), HasSubstr("input: 0"));
}

TEST(Sessions, ItWorksWithClosedInputAndInADirectoryThatCannotBeWritten) {
  Program run("add", {.close_stdin = true, .directory = "/proc"});
  EXPECT_THAT(run.all(), HasSubstr("sum: 3"));
}

TEST(Sessions, ItWorksWhenFoundThroughPath) {
  const fs::path program = SESSION_PROGRAM;
  const std::string path = program.parent_path().string() + ":" + std::getenv("PATH");
  // execlp searches our PATH, not the child's: both are set.
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", path.c_str(), 1);
  Program run("add", {.program = program.filename().string(), .directory = "/"});
  ::setenv("PATH", before.c_str(), 1);
  EXPECT_THAT(run.all(), HasSubstr("sum: 3"));
}

TEST(Sessions, ItWorksWhenItsFileIsDeletedOrReplacedMeanwhile) {
  for (const char* mode : {"deleted", "replaced"}) {
    const fs::path copy = fs::temp_directory_path() / ("program." + std::to_string(::getpid()));
    fs::copy_file(SESSION_PROGRAM, copy, fs::copy_options::overwrite_existing);
    Program run(mode, {.program = copy});
    EXPECT_THAT(run.all(), HasSubstr("sum: 4")) << mode;
    fs::remove(copy);
  }
}

TEST(Sessions, WrongVariablesAreNamed) {
  const std::map<std::string, std::string> wrong = {
      {"MANTA_CPUS", "many"},           {"MANTA_OBJECT_STORE_BYTES", "1"},
      {"MANTA_RESOURCES", "gpu"},       {"MANTA_LOG_TO_DRIVER", "yes"},
      {"MANTA_ADDRESS", "127.0.0.1:1"}, {"MANTA_GPUS", "0.5"},
      {"MANTA_MEMORY", "lots"},         {"MANTA_LABELS", "zone"},
      {"MANTA_SERIALIZE_VERBOSE", "3"}, {"MANTA_PUT_TIMEOUT", "-1"}};
  for (const auto& [name, value] : wrong) {
    Program run("defaults", {.env = {{name, value}}});
    EXPECT_THAT(run.line_with("refused: "), HasSubstr(name)) << name << "=" << value;
  }
}

TEST(Sessions, WrongEnvironmentsOfWorkersAreRefused) {
  using Variables = std::map<std::string, std::string>;
  const std::string nul(1, '\0');
  for (const Variables& wrong : {Variables{{"A=B", "c"}}, Variables{{"", "c"}},
                                 Variables{{"A" + nul, "c"}}, Variables{{"A", "c" + nul + "d"}}}) {
    EXPECT_THROW((void)init({.env = wrong}), InvalidArgument);
  }
}

TEST(Sessions, ASizeMayHaveAUnit) {
  const std::map<std::string, std::string> sizes = {{"300M", "314572800"},
                                                    {"320MB", "320864256"},  // in whole MiB
                                                    {"64 MiB", "67108864"},
                                                    {"67108864", "67108864"}};
  for (const auto& [text, bytes] : sizes) {
    Program run("store", {.env = {{"MANTA_OBJECT_STORE_BYTES", text}}});
    EXPECT_EQ(run.line_with("store: "), bytes) << text;
  }
}

TEST(Sessions, AWrongSizeIsShownWithWhatIsAllowed) {
  for (const std::string name : {"MANTA_OBJECT_STORE_BYTES", "MANTA_MEMORY"}) {
    Program run("store", {.env = {{name, "300X"}}});
    EXPECT_THAT(run.line_with("refused: "),
                AllOf(HasSubstr(name + "=300X"), HasSubstr("K, M, G, T"), HasSubstr("300M")));
  }
  Program run("store", {.env = {{"MANTA_OBJECT_STORE_BYTES", "300K"}}});
  EXPECT_THAT(run.line_with("refused: "),
              AllOf(HasSubstr("MANTA_OBJECT_STORE_BYTES=300K"), HasSubstr("16 MiB to 32 TiB")));
}

TEST(Sessions, ATaskToBeDebuggedStopsBeforeItBegins) {
  Program run("add", {.env = {{"MANTA_DEBUG_TASK", "add"}}});
  std::string command = run.line_with("gdb -p ");
  ASSERT_FALSE(command.empty());
  const pid_t worker = std::stoi(command);
  EXPECT_TRUE(eventually([&] { return state_of(worker) == 'T'; }));
  ::kill(worker, SIGCONT);
  EXPECT_EQ(run.line_with("sum: "), "3");
}

using SessionsInside = ClusterTest;

TEST_F(SessionsInside, ASecondOpenSessionIsRefused) {
  open();
  EXPECT_THROW((void)init(), InvalidArgument);
  EXPECT_NO_THROW(get(put(1)));
}

TEST_F(SessionsInside, InitInATaskSaysThatAWorkerHasItsSession) {
  open();
  try {
    get(remote([] { (void)init(); })());
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_THAT(error.what(), HasSubstr("a worker is in its driver's session already"));
  }
}

TEST_F(SessionsInside, CallsWithoutASessionAreRefused) {
  EXPECT_THROW(put(1), InvalidArgument);
  EXPECT_THROW(remote([](int x) { return x; })(1), InvalidArgument);
  EXPECT_THROW(cluster(), InvalidArgument);
  EXPECT_THROW(this_task(), InvalidArgument);
}

TEST_F(SessionsInside, OptionsThatAreNotSupportedAreRefusedNotIgnored) {
  EXPECT_THROW((void)init({.address = "auto"}), InvalidArgument);
  EXPECT_THROW((void)init({.name_space = std::string(1025, 'n')}), InvalidArgument);
  EXPECT_THROW((void)init({.cpus = -1}), InvalidArgument);
  open();
  const auto f = [](int x) { return x; };
  EXPECT_THROW(remote(f, {.cpus = -1})(1), InvalidArgument);
  EXPECT_THROW(remote(f, {.name = std::string(2000, 'x')})(1), InvalidArgument);
  EXPECT_THROW(remote(f, {.max_retries = -2})(1), InvalidArgument);
  EXPECT_THROW(put(1, {.name = std::string(2000, 'x')}), InvalidArgument);
  EXPECT_EQ(get(put(1, {.name = std::string(1024, 'x')})), 1);
  const RemoteFunction<int(int)> wrong = remote(f, {.max_retries = -2});
  const auto apply = remote([](const RemoteFunction<int(int)>& g) { return get(g(1)); });
  EXPECT_THROW(apply(wrong), InvalidArgument);
}

TEST_F(SessionsInside, AStoreThatCannotBeIsRefusedWithTheBound) {
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{1} << 62, UINT64_MAX}) {
    try {
      (void)init({.object_store_bytes = bytes});
      FAIL() << bytes;
    } catch (const InvalidArgument& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("object_store_bytes"), HasSubstr("32 TiB")));
    }
  }
}

TEST_F(SessionsInside, AStoreLargerThanTheMemoryIsSpokenOfOnce) {
  ::testing::internal::CaptureStderr();
  const Session session = init({.cpus = 1, .object_store_bytes = 2 * base::usable_memory()});
  const int sum = get(remote([](int x) { return x + 1; })(1));
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(sum, 2);
  EXPECT_THAT(said, HasSubstr("is larger than the"));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(SessionsInside, ALimitOnFilesIsNamedWhenTheNodeDoesNotFitIntoIt) {
  rlimit before;
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1 << 20, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string said;
  try {
    (void)init({.cpus = 1, .object_store_bytes = 64 << 20});
  } catch (const RuntimeError& error) {
    said = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(said, HasSubstr("ulimit -f"));
}

int make_file(const std::string& path, int before) {
  std::ofstream(path) << before;
  return before + 1;
}

TEST_F(SessionsInside, ADriverThatComputesIsServed) {
  open();
  const std::string path = (session().directory() / "made").string();
  auto first = remote([](int x) { return x + 1; })(1);
  for (int i = 0; i < 1000; ++i) first = remote([](int x) { return x; })(first);
  // Each is sent when the reply before it arrives: nobody calls manta meanwhile.
  auto last = remote(make_file)(path, first);
  volatile double sum = 0;
  EXPECT_TRUE(eventually([&] {
    for (int i = 1; i < 10'000'000; ++i) sum = sum + 1.0 / i;
    return fs::exists(path);
  }));
  EXPECT_EQ(get(last), 3);
}

}  // namespace
}  // namespace manta::testing
