// A session's directory: whom it belongs to, and who removes it.
#include "session_directory.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

namespace fs = std::filesystem;

// With an XDG_RUNTIME_DIR of its own.
class SessionDirectories : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/manta-test-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern), nullptr);
    runtime_ = pattern;
    if (const char* before = std::getenv("XDG_RUNTIME_DIR")) before_ = before;
    ::setenv("XDG_RUNTIME_DIR", pattern, 1);
  }
  void TearDown() override {
    if (before_.empty()) {
      ::unsetenv("XDG_RUNTIME_DIR");
    } else {
      ::setenv("XDG_RUNTIME_DIR", before_.c_str(), 1);
    }
    fs::remove_all(runtime_);
  }

  // One that somebody has begun to make, so long ago.
  fs::path half_made(std::chrono::minutes ago) const {
    fs::path path = runtime_ / "manta" / "01234567";
    fs::create_directories(path);
    ::chmod((runtime_ / "manta").c_str(), 0700);
    fs::last_write_time(path, fs::file_time_type::clock::now() - ago);
    return path;
  }
  static bool runs(const fs::path& path) {
    const auto running = running_sessions();
    return std::find(running.begin(), running.end(), path) != running.end();
  }

  fs::path runtime_;
  std::string before_;
};

TEST_F(SessionDirectories, OneIsItsUsersAloneAndRunsWhileItIsLocked) {
  SessionDirectory made = make_session_directory(false);
  EXPECT_EQ(made.path.parent_path(), runtime_ / "manta");
  for (const fs::path& path : {made.path, made.path.parent_path()}) {
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all) << path;
  }
  EXPECT_TRUE(runs(made.path));
  made.lock.reset();
  EXPECT_FALSE(runs(made.path));
}

TEST_F(SessionDirectories, WhatIsLockedStays) {
  const SessionDirectory made = make_session_directory(false);
  remove_abandoned(made.path);
  remove_all_abandoned();
  const SessionDirectory other = make_session_directory(false);
  EXPECT_TRUE(fs::exists(made.path));
  EXPECT_NE(made.path, other.path);
}

TEST_F(SessionDirectories, WhatIsAbandonedGoesWithTheNextSession) {
  SessionDirectory killed = make_session_directory(false);
  std::ofstream(killed.path / "node.log") << "a line\n";
  killed.lock.reset();
  const SessionDirectory next = make_session_directory(false);
  EXPECT_FALSE(fs::exists(killed.path));
  EXPECT_TRUE(fs::exists(next.path));
}

TEST_F(SessionDirectories, WhatIsKeptStaysWithoutALock) {
  SessionDirectory kept = make_session_directory(true);
  kept.lock.reset();
  remove_abandoned(kept.path);
  remove_all_abandoned();
  EXPECT_TRUE(fs::exists(kept.path));
  EXPECT_FALSE(runs(kept.path));
}

TEST_F(SessionDirectories, WithoutALockFileItIsBeingMadeOrHalfRemoved) {
  const fs::path fresh = half_made(std::chrono::minutes(0));
  remove_abandoned(fresh);
  EXPECT_TRUE(fs::exists(fresh));
  EXPECT_EQ(half_made(std::chrono::minutes(2)), fresh);
  remove_abandoned(fresh);
  EXPECT_FALSE(fs::exists(fresh));
}

TEST_F(SessionDirectories, WhereOthersMayEnterNoneIsMade) {
  fs::create_directories(runtime_ / "manta");
  ::chmod((runtime_ / "manta").c_str(), 0755);
  const SessionDirectory made = make_session_directory(false);
  EXPECT_NE(made.path.parent_path(), runtime_ / "manta");
  EXPECT_TRUE(fs::is_empty(runtime_ / "manta"));
  fs::remove_all(made.path);
}

}  // namespace
}  // namespace manta::detail
