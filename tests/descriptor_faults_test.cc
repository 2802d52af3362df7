// Tasks and methods that close descriptors which are not theirs, those of their worker: it says who did so, and another
// worker takes its place; nobody waits for ever, and no file of the user's gets what was meant for the worker's.
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <linux/close_range.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "work.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

int pid() { return ::getpid(); }

// By one call or in a loop, as programs do that become daemons.
void close_all(unsigned first, bool in_a_loop) {
  if (!in_a_loop) {
    ::syscall(SYS_close_range, first, ~0U, 0);
    return;
  }
  const long most = ::sysconf(_SC_OPEN_MAX);
  for (long fd = first; fd < most && fd < 65536; ++fd) ::close(static_cast<int>(fd));
}

int close_and_give_pid(unsigned first, bool in_a_loop) {
  close_all(first, in_a_loop);
  return ::getpid();
}

class DescriptorFaults : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 1, .log_to_driver = false});
  }
};

TEST_F(DescriptorFaults, TheTaskHasItsValueAndAnotherWorkerRunsWhatFollows) {
  for (const unsigned first : {0U, 3U}) {
    for (const bool in_a_loop : {false, true}) {
      const int closed = get(remote(close_and_give_pid)(first, in_a_loop));
      EXPECT_TRUE(eventually([&] { return ::kill(closed, 0) != 0; })) << "it gives up";
      EXPECT_NE(get(remote(pid)()), closed);
      expect_all_works();
    }
  }
}

// Some follow so closely that they meet the worker without its descriptors: they are tried again if it gives up.
TEST_F(DescriptorFaults, CallsThatFollowCloselyHaveTheirValues) {
  std::vector<ObjectRef<double>> refs;
  std::vector<ObjectRef<int>> closed;
  for (int i = 0; i < 20; ++i) {
    closed.push_back(remote(close_and_give_pid)(3U, false));
    for (int k = 0; k < 5; ++k) refs.push_back(remote(calls_others, {.max_retries = -1})(i));
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(get(refs[static_cast<std::size_t>(i)]), 2 * 9'999 + i / 5 + 1);
  }
  for (const auto& ref : closed) EXPECT_GT(get(ref), 0);
}

double close_and_call() {
  close_all(3, false);
  double sum = 0;
  for (int i = 0; i < 100; ++i) sum += get(remote(calls_others, {.cpus = 0.5})(i));
  return sum;
}

TEST_F(DescriptorFaults, ATaskThatNeedsThemFailsAndTheErrorSaysWhy) {
  const auto ref = remote(close_and_call, {.max_retries = 0})();
  EXPECT_THAT(error_of<WorkerCrashed>([&] { get(ref); }),
              AllOf(HasSubstr("close_and_call"), HasSubstr("closed descriptors of the worker")));
  expect_all_works();
}

// Opens files until one has each low number, and some more, while the worker works.
bool files_stay_as_they_are(const std::string& directory) {
  close_all(3, false);
  std::vector<std::string> names;
  for (int i = 0; i < 32; ++i) {
    names.push_back(directory + "/file" + std::to_string(i));
    const int fd = ::open(names.back().c_str(), O_CREAT | O_RDWR, 0600);
    if (::write(fd, "written", 7) != 7) return false;
    ::lseek(fd, 0, SEEK_SET);
  }
  for (int i = 0; i < 10; ++i) (void)put(arange<double>(100'000));
  for (const std::string& name : names) {
    std::ifstream file(name);
    if (std::string(std::istreambuf_iterator<char>(file), {}) != "written") return false;
  }
  return true;
}

TEST_F(DescriptorFaults, FilesThatAreOpenedInTheirPlaceStayAsTheyAre) {
  const std::string directory = session().directory().string();
  const auto ref = remote(files_stay_as_they_are, {.max_retries = 0})(directory);
  const std::string said = error_of<WorkerCrashed>([&] { EXPECT_TRUE(get(ref)); });
  EXPECT_THAT(said, AnyOf(HasSubstr("no error"), HasSubstr("closed descriptors")));
  expect_all_works();
  for (int i = 0; i < 32; ++i) {
    std::ifstream file(directory + "/file" + std::to_string(i));
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "written") << i;
  }
}

struct Closer {
  int close() { return close_and_give_pid(3, false); }
  int add(int a, int b) { return a + b; }
};

TEST_F(DescriptorFaults, AnActorThatClosesThemDiesAndSaysWhy) {
  const auto closer = actor<Closer>();
  EXPECT_GT(get(closer.call(&Closer::close)), 0);
  EXPECT_THAT(error_of<ActorDied>([&] { get(closer.ended()); }),
              AllOf(HasSubstr("actor"), HasSubstr("Closer"),
                    HasSubstr("closed descriptors of the worker")));
  EXPECT_THROW(get(closer.call(&Closer::add, 1, 2)), ActorDied);
  expect_all_works();
}

TEST_F(DescriptorFaults, StandardStreamsAreTheTasksToClose) {
  const auto close_streams = [] {
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    return ::getpid();
  };
  const int worker = get(remote(close_streams)());
  for (int i = 0; i < 100; ++i) (void)get(remote(pid)());
  EXPECT_EQ(::kill(worker, 0), 0) << "it stays";
  expect_all_works();
}

}  // namespace
}  // namespace manta::testing
