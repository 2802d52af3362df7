// ClusterTest: the fixture of every test that starts processes. It opens a session, and at the end of the test checks
// that nothing of it is left.
//
//   SetUp: count --> [open(options)] --> the test --> TearDown: expect_store_empty, shutdown, expect_nothing_left
//
//   TEST_F(ClusterTest, AddsInAWorker) {
//     open({.cpus = 1});
//     EXPECT_EQ(manta::get(manta::remote(add)(1, 2)), 3);
//   }
//
// When the values and refs of the test are gone, as its local variables are in TearDown, these must be as before: bytes
// in the store, and what the node keeps for processes (node_records.h); and after the shutdown the session's processes
// (zombies count), descriptors and threads of this one, mappings, the session's directory, and shared memory files.
// Threads: GoogleTest's. A test always waits for a state; the time limit kPatience only makes a test fail.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

#include <gtest/gtest.h>

#include <manta/manta.h>

namespace manta::testing {

inline constexpr std::chrono::seconds kPatience{60};

// Gives true as soon as `predicate` does; false, which should fail the test, if that does not happen within the limit.
bool eventually(const std::function<bool()>& predicate, std::chrono::nanoseconds limit = kPatience);

// What this process has that a session might leave behind.
struct Footprint {
  std::set<std::string> descriptors;  // "7 -> /memfd:manta-control (deleted)"
  std::size_t threads = 0;
  // Those of memory that processes of a session share, as /proc/self/maps shows them.
  std::vector<std::string> mappings;
  std::set<std::string> shared_files;  // in /dev/shm, with "manta" in the name

  static Footprint now();
};

// The processes of the session that a node leads: "4711 (manta-node) S"; also zombies, unless they are init's to bury.
std::vector<std::string> processes_of(pid_t node);

class ClusterTest : public ::testing::Test {
 protected:
  // Unless the options say otherwise, with 2 CPUs and a store of 256 MiB, whatever the machine has.
  Session& open(InitOptions options = {});
  bool is_open() const { return session_.has_value(); }
  Session& session() { return *session_; }
  pid_t node_pid() const { return node_; }

  // Ends the session, with all checks. TearDown calls it if the test has not.
  void close();
  // Expects that the store and the node hold as much as when the session was opened, at the latest after kPatience.
  void expect_store_empty();
  std::uint64_t store_bytes_used();

  // For tests that keep arrays longer than the session: the mapping lives as long as they do.
  void arrays_outlive_the_session() { arrays_outlive_ = true; }
  // For tests that break their node, or fill their store on purpose.
  void store_is_not_checked() { check_store_ = false; }

  void SetUp() override;
  void TearDown() override;

 private:
  void expect_nothing_left();

  std::optional<Session> session_;
  Footprint before_;
  std::filesystem::path directory_;
  pid_t node_ = 0;
  std::uint64_t used_at_start_ = 0;
  bool check_store_ = true;
  bool arrays_outlive_ = false;
};

}  // namespace manta::testing
