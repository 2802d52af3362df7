#include "spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace manta::base {
namespace {

// What the shell script prints; "/bin/sh" gets a pipe as its output and nothing else.
std::string run_shell(const char* script, SpawnOptions options, int& status,
                      int* extra_fd = nullptr) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const Fd program(open("/bin/sh", O_PATH | O_CLOEXEC));
  const char* argv[] = {"sh", "-c", script, nullptr};
  const char* envp[] = {"PATH=/usr/bin:/bin", nullptr};
  options.program = program.get();
  options.argv = argv;
  options.envp = envp;
  options.descriptors.push_back({.ours = ends[1], .theirs = 1});
  if (extra_fd != nullptr) options.descriptors.push_back({.ours = *extra_fd, .theirs = 5});
  const auto child = spawn(options);
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  close(ends[0]);
  status = -1;
  if (child.ok() && options.parenthood == Parenthood::kChild) waitpid(child.value(), &status, 0);
  return text;
}

TEST(Spawn, ChildHasOnlyTheDescriptorsListed) {
  const Fd leaked(open("/dev/null", O_RDONLY));  // without close-on-exec, as user code does it
  int given = leaked.get();
  int status = 0;
  const std::string text = run_shell("ls /proc/$$/fd", {}, status, &given);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(text, "1\n5\n");
}

TEST(Spawn, OrphanIsNotSeenByWaitpid) {
  int status = 0;
  const std::string parent =
      run_shell("grep PPid /proc/$$/status", {.parenthood = Parenthood::kOrphan}, status);
  EXPECT_FALSE(parent.empty());
  EXPECT_NE(parent, "PPid:\t" + std::to_string(getpid()) + "\n");
  EXPECT_EQ(waitpid(-1, &status, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Spawn, ChildHasAnEmptyMaskAndIgnoresInterruptOnDemand) {
  int status = 0;
  const std::string text =
      run_shell("kill -INT $$; echo alive", {.ignore_interrupt = true}, status);
  EXPECT_EQ(text, "alive\n");
  EXPECT_EQ(run_shell("kill -INT $$; echo alive", {}, status), "");
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(Spawn, SaysWhyTheProgramDoesNotRun) {
  const Fd program(open("/etc/passwd", O_PATH | O_CLOEXEC));
  const char* argv[] = {"passwd", nullptr};
  const auto child = spawn({.program = program.get(), .argv = argv, .envp = argv + 1});
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.error().code, EACCES);
  const auto orphan = spawn({.program = program.get(),
                             .argv = argv,
                             .envp = argv + 1,
                             .parenthood = Parenthood::kOrphan});
  ASSERT_FALSE(orphan.ok());
  EXPECT_EQ(orphan.error().code, EACCES);
}

}  // namespace
}  // namespace manta::base
