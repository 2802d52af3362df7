// What a session needs and does not get: the error names the limit or the call, its value, and what to do.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "../base/file_tree_fixture.h"
#include "shell.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

const std::string kProgram = LAUNCH_PROGRAM;

ShellRun run_with(const std::string& setting, const std::string& mode = "add") {
  return in_shell(setting + "; exec " + kProgram + " " + mode);
}

#ifndef __SANITIZE_ADDRESS__
TEST(Shortages, AddressSpace) {
  for (const char* limit : {"1000000", "4000000", "20000000"}) {
    const ShellRun run = run_with(std::string("ulimit -v ") + limit);
    EXPECT_EQ(run.code(), 4) << run.said;
    EXPECT_THAT(run.said,
                AllOf(HasSubstr("failed: manta::init"), ContainsRegex("ulimit -v\\) is [0-9]+ MiB"),
                      ContainsRegex("maps [0-9]+ MiB")));
  }
}
#endif

TEST(Shortages, Descriptors) {
#ifdef __SANITIZE_ADDRESS__
  // The check of types opens a pipe to look at an object, so with none left it finds every object wrong.
  const std::vector<const char*> limits = {"10", "14"};
#else
  const std::vector<const char*> limits = {"8", "10", "14", "18", "20", "22"};
#endif
  for (const char* limit : limits) {
    const ShellRun run = run_with(std::string("ulimit -n ") + limit);
    EXPECT_EQ(run.code(), 4) << limit << run.said;
    EXPECT_THAT(run.said,
                AllOf(HasSubstr("failed: "), HasSubstr(std::string("(ulimit -n) is ") + limit)));
  }
}

// A file that is too large for the limit is a signal that ends a program: it is an error here.
TEST(Shortages, SizeOfFiles) {
  for (const char* blocks : {"0", "1", "100", "100000"}) {
    const ShellRun run = run_with(std::string("ulimit -f ") + blocks);
    EXPECT_EQ(run.code(), 4) << blocks << run.said;
    EXPECT_THAT(run.said,
                AllOf(HasSubstr("failed: manta::init"),
                      HasSubstr("(ulimit -f) is " + std::to_string(std::stol(blocks) << 9)),
                      HasSubstr("raise it")));
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Shortages, PrivateMemory) {
  for (const char* kib : {"3000", "5000"}) {
    const ShellRun run = run_with(std::string("ulimit -d ") + kib);
    EXPECT_EQ(run.code(), 4) << kib << run.said;
    EXPECT_THAT(run.said, AllOf(HasSubstr("failed: manta::init"),
                                HasSubstr("(ulimit -d) is " + std::to_string(std::stol(kib) >> 10) +
                                          " MiB")));
  }
}

TEST(Shortages, StacksThatDoNotFit) {
  const ShellRun run = run_with("ulimit -s 1000000000000");
  EXPECT_EQ(run.code(), 4) << run.said;
  EXPECT_THAT(run.said, AllOf(HasSubstr("failed: manta::init"), HasSubstr("(ulimit -s) is ")));
}
#endif

TEST(Shortages, LimitsThatAreNoneOfASessions) {
  for (const char* limit : {"ulimit -l 0", "ulimit -s 256", "ulimit -s unlimited", "ulimit -c 0",
                            "ulimit -q 0", "ulimit -i 0"}) {
    const ShellRun run = run_with(limit);
    EXPECT_EQ(run.code(), 0) << limit << run.said;
    EXPECT_THAT(run.said, HasSubstr("sum: 3"));
  }
}

TEST(Shortages, FewDescriptorsAreEnoughForFewWorkers) {
  for (const char* limit : {"40", "50"}) {
    const ShellRun run = run_with(std::string("ulimit -n ") + limit, "many 64");
    EXPECT_EQ(run.code(), 0) << run.said;
    EXPECT_THAT(run.said, HasSubstr("total: 124750"));
  }
}

TEST(Shortages, FewDescriptorsAreEnoughForSpilling) {
  const ShellRun run = run_with("ulimit -n 64", "spill");
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, HasSubstr("sum: 4950"));
}

// The node has none left then, and nobody else is there to clear up.
TEST(Shortages, FewDescriptorsAreEnoughToLeaveNothingAfterAnAbort) {
  const base::FileTree tree;
  for (const char* limit : {"30", "31", "32", "33", "34", "36", "40"}) {
    const ShellRun run = run_with(
        "export XDG_RUNTIME_DIR=" + tree.root().string() + "; ulimit -c 0; ulimit -n " + limit,
        "spill-abort");
    EXPECT_THAT(run.code(), AnyOf(-SIGABRT, 4)) << run.said;
    EXPECT_TRUE(eventually([&] { return fs::is_empty(tree.root() / "manta"); })) << limit;
  }
}

TEST(Shortages, Processes) {
  // The leak check of a sanitizer needs a process, too.
  const ShellRun run = run_with("export ASAN_OPTIONS=detect_leaks=0", "without-processes");
  EXPECT_EQ(run.code(), 4) << run.said;
  EXPECT_THAT(run.said,
              AllOf(HasSubstr("failed: manta::init"), HasSubstr("no more processes or threads")));
}

// At every number of processes: it works, or says what is too small; nothing is terminated.
TEST(Shortages, ProcessesOfAUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs another user";
  const fs::path copy = fs::temp_directory_path() / ("program." + std::to_string(::getpid()));
  fs::copy_file(kProgram, copy, fs::copy_options::overwrite_existing);
  fs::permissions(copy, fs::perms(0755));
  for (int limit = 1; limit <= 16; ++limit) {
    const std::string set = "ulimit -u " + std::to_string(limit) + "; exec ";
    const ShellRun run = in_shell(
        "setpriv --reuid 23456 --clear-groups env -u XDG_RUNTIME_DIR "
        "ASAN_OPTIONS=detect_leaks=0 bash -c " +
        quoted(set + copy.string() + " add"));
    if (run.code() == 0) continue;
    EXPECT_EQ(run.code(), 4) << run.said;
    EXPECT_THAT(run.said, HasSubstr("(ulimit -u) is " + std::to_string(limit)));
  }
  fs::remove(copy);
  fs::remove_all("/tmp/manta-23456");
}

// Root may have as many threads as it likes.
TEST(Shortages, ThreadsForLargeCopies) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs another user";
  const fs::path copy = fs::temp_directory_path() / ("copies." + std::to_string(::getpid()));
  fs::copy_file(kProgram, copy, fs::copy_options::overwrite_existing);
  fs::permissions(copy, fs::perms(0755));
  const ShellRun run = in_shell(
      "setpriv --reuid 23457 --clear-groups env -u XDG_RUNTIME_DIR ASAN_OPTIONS=detect_leaks=0 " +
      copy.string() + " put-without-threads");
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, HasSubstr("sum: 2"));
  fs::remove(copy);
  fs::remove_all("/tmp/manta-23457");
}

TEST(Shortages, TheEnvironmentInStaticConstructors) {
  const ShellRun run = run_with("export LAUNCH_PROGRAM_CLEARS=1");
  EXPECT_EQ(run.code(), 0) << run.said;
  EXPECT_THAT(run.said, HasSubstr("sum: 3"));
}

TEST(Shortages, RefusedPidfdIsDoneWithout) {
  for (const char* mode : {"without-pidfd", "without-pidfd-enosys"}) {
    const ShellRun run = run_with("true", mode);
    EXPECT_EQ(run.code(), 0) << run.said;
    EXPECT_THAT(run.said, HasSubstr("sum: 3"));
  }
}

class WorkerPath : public ::testing::Test {
 protected:
  std::string file(const std::string& content, mode_t mode) {
    std::ofstream(path_) << content;
    ::chmod(path_.c_str(), mode);
    return path_;
  }
  void expect_refused(const std::string& path, const std::string& why) {
    const ShellRun run = in_shell(kProgram + " worker-path " + path);
    EXPECT_EQ(run.code(), 4) << run.said;
    EXPECT_THAT(run.said, AllOf(HasSubstr("InitOptions::worker.path names " + path), HasSubstr(why),
                                HasSubstr("linked with manta::manta")));
  }
  void TearDown() override { fs::remove(path_); }

 private:
  fs::path path_ = fs::temp_directory_path() / ("worker." + std::to_string(::getpid()));
};

TEST_F(WorkerPath, WhatCannotBeRunIsNamed) {
  expect_refused("/no/such/program", "No such file");
  expect_refused("/tmp", "it is a directory");
  expect_refused("/dev/null", "it is not a file");
  expect_refused(file("#!/bin/sh -e\nexec app\n", 0755), "it is a script (#!/bin/sh -e)");
  expect_refused(file("#! /usr/bin/env python3", 0755), "it is a script (#! /usr/bin/env python3)");
  expect_refused(file("hello", 0755), "it is not an ELF executable");
  expect_refused(file("hello", 0644), "it cannot be executed");
}

TEST_F(WorkerPath, AProgramForAnotherMachineIsNamed) {
  std::ifstream own(kProgram, std::ios::binary);
  std::string head(4096, '\0');
  own.read(head.data(), 4096);
  head[18] = static_cast<char>(0xf3);  // e_machine: RISC-V
  head[19] = 0;
  expect_refused(file(head, 0755), "it is for another machine (ELF machine 243");
}

}  // namespace
}  // namespace manta::testing
