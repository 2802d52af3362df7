// A process that was told to be a node or worker, and cannot be one: it never runs the program's main. Its
// role and each descriptor are missing, of another kind, or damaged in every way that we could think of.
#include <cstring>
#include <fcntl.h>
#include <map>
#include <string>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "../base/fd.h"
#include "../base/memory_file.h"
#include "../base/spawn.h"
#include "../objectstore/arena/arena.h"
#include "../objectstore/arena/arena_files.h"
#include "../rpc/control.h"
#include "../runtime/launch/role.h"
#include "shell.h"

namespace manta::testing {
namespace {

using base::Fd;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kProgram = LAUNCH_PROGRAM;
constexpr std::uint64_t kStoreBytes = 4 << 20;

Fd memory_with(const std::string& bytes, int seals) {
  Fd file = base::create_memory_file("manta-role");
  EXPECT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(::fcntl(file.get(), F_ADD_SEALS, seals), 0);
  return file;
}

constexpr int kAllSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

std::string bytes_of(const detail::Role& role) {
  const Fd file = detail::make_role_file(role);
  struct stat status;
  ::fstat(file.get(), &status);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  EXPECT_EQ(::pread(file.get(), bytes.data(), bytes.size(), 0), status.st_size);
  return bytes;
}

// What a right process gets: its descriptors by number. A test takes one away or exchanges it.
class Forged : public ::testing::TestWithParam<detail::RoleKind> {
 protected:
  void SetUp() override {
    role_.kind = GetParam();
    role_.attachment.directory = "/nonexistent/session";
    role_.attachment.node_pid = ::getpid();
    role_.attachment.object_store_bytes = kStoreBytes;
    role_.options.object_store_bytes = kStoreBytes;
    role_.attachment.slot = 3;
    given_[0] = Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    given_[detail::kRoleFile] = detail::make_role_file(role_);
    GetParam() == detail::RoleKind::kNode ? give_to_node() : give_to_worker();
  }

  void give_to_node() {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    given_[detail::kNodeSocket] = Fd(ends[0]);
    driver_ = Fd(ends[1]);
    given_[detail::kNodeProgram] = Fd(::open(LAUNCH_PROGRAM, O_PATH | O_CLOEXEC));
  }

  void give_to_worker() {
    auto arena = objectstore::create_arena_files(kStoreBytes);
    given_[detail::kWorkerControl] = rpc::Control::create({.arena_bytes = kStoreBytes});
    given_[detail::kWorkerArenaRw] = std::move(arena.writable);
    given_[detail::kWorkerArenaRo] = std::move(arena.read_only);
    given_[detail::kWorkerBell] = Fd(::eventfd(0, EFD_CLOEXEC));
  }

  // Runs launch_program, whose main would print "main: ran".
  void run(const std::string& variable = "3") {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd output(ends[0]);
    Fd theirs(ends[1]);
    const Fd program(::open(LAUNCH_PROGRAM, O_PATH | O_CLOEXEC));
    const char* argv[] = {"launch_program", "main", nullptr};
    const std::string entry = std::string(detail::kRoleVariable) + "=" + variable;
    const char* envp[] = {entry.c_str(), "ASAN_OPTIONS=detect_leaks=0", nullptr};
    std::vector<base::InheritedFd> descriptors{{theirs.get(), 1}, {theirs.get(), 2}};
    for (const auto& [number, fd] : given_) {
      if (fd) descriptors.push_back({fd.get(), number});
    }
    const auto pid = base::spawn({.program = program.get(),
                                  .argv = argv,
                                  .envp = envp,
                                  .descriptors = descriptors,
                                  .new_session = true});
    ASSERT_TRUE(pid.ok());
    theirs.reset();
    said_.clear();
    char buffer[4096];
    for (ssize_t n; (n = ::read(output.get(), buffer, sizeof buffer)) > 0;) {
      said_.append(buffer, static_cast<std::size_t>(n));
    }
    ::waitpid(pid.value(), &status_, 0);
  }

  void expect_refused(const std::string& reason) {
    EXPECT_TRUE(WIFEXITED(status_) && WEXITSTATUS(status_) == detail::kNoRoleExit) << status_;
    EXPECT_THAT(said_, AllOf(StartsWith("manta: "), HasSubstr(reason), HasSubstr("MANTA_ROLE_FD"),
                             Not(HasSubstr("main: ran"))));
    EXPECT_EQ(std::ranges::count(said_, '\n'), 1) << said_;
  }
  const std::string& said() const { return said_; }

  detail::Role role_;
  std::map<int, Fd> given_;
  Fd driver_;

 private:
  std::string said_;
  int status_ = 0;
};

INSTANTIATE_TEST_SUITE_P(As, Forged,
                         ::testing::Values(detail::RoleKind::kNode, detail::RoleKind::kWorker),
                         [](const auto& kind) {
                           return kind.param == detail::RoleKind::kNode ? "Node" : "Worker";
                         });

std::string name_of(int fd) { return "descriptor " + std::to_string(fd); }

TEST_P(Forged, EachDescriptorMissing) {
  for (auto& [number, fd] : given_) {
    if (number == 0) continue;  // standard input may be missing
    Fd kept = std::move(fd);
    run();
    expect_refused(name_of(number) + ", ");
    EXPECT_THAT(said(), HasSubstr("is not open"));
    fd = std::move(kept);
  }
}

TEST_P(Forged, EachDescriptorOfAnotherKind) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd pipe_end(ends[0]), other_end(ends[1]);
  std::vector<Fd> others;
  others.push_back(pipe_end.duplicate());
  others.emplace_back(::open("/dev/null", O_RDWR | O_CLOEXEC));
  others.emplace_back(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  others.push_back(base::create_memory_file("other"));
  others.emplace_back(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (const int number : {3, 4, 5, 6, 7}) {
    if (!given_.contains(number)) continue;
    Fd kept = std::move(given_[number]);
    for (const Fd& other : others) {
      given_[number] = other.duplicate();
      run();
      expect_refused(name_of(number) + ", ");
    }
    given_[number] = std::move(kept);
  }
}

TEST_P(Forged, DescriptorsExchanged) {
  const int last = GetParam() == detail::RoleKind::kNode ? 5 : 7;
  for (int number = 3; number < last; ++number) {
    std::swap(given_[number], given_[number + 1]);
    run();
    expect_refused("descriptor ");
    std::swap(given_[number], given_[number + 1]);
  }
}

TEST_P(Forged, AVariableThatNamesNothing) {
  const std::vector<std::string> wrong = {"", "x", "3x", " 3", "-1", "0", "2", "99999999999", "3 "};
  for (const std::string& text : wrong) {
    run(text);
    expect_refused("\"" + text + "\" is no number of a descriptor");
  }
  run("1000000");
  expect_refused("descriptor 1000000, which says its part, is not open");
}

TEST_P(Forged, ARoleCutOffAnywhere) {
  const std::string whole = bytes_of(role_);
  for (std::size_t size = 0; size < whole.size(); size += 5) {
    given_[detail::kRoleFile] = memory_with(whole.substr(0, size), kAllSeals);
    run();
    expect_refused("another version of Manta");
  }
  given_[detail::kRoleFile] = memory_with(whole + "x", kAllSeals);
  run();
  expect_refused("another version of Manta");
}

TEST_P(Forged, ARoleOfAnotherVersionOrKind) {
  std::string other = bytes_of(role_);
  other[7] = '9';
  given_[detail::kRoleFile] = memory_with(other, kAllSeals);
  run();
  expect_refused("another version of Manta");
  other = bytes_of(role_);
  other[8] = 7;  // the kind
  given_[detail::kRoleFile] = memory_with(other, kAllSeals);
  run();
  expect_refused("another version of Manta");
}

TEST_P(Forged, ARoleThatIsNotSealed) {
  const std::string whole = bytes_of(role_);
  for (const int missing : {F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE}) {
    given_[detail::kRoleFile] = memory_with(whole, kAllSeals & ~missing);
    run();
    expect_refused("is not sealed");
  }
}

TEST_P(Forged, ARoleWithoutEnd) {
  Fd file = base::create_memory_file("manta-role");
  ASSERT_EQ(::ftruncate(file.get(), off_t{1} << 40), 0);
  ASSERT_EQ(::fcntl(file.get(), F_ADD_SEALS, kAllSeals), 0);
  given_[detail::kRoleFile] = std::move(file);
  run();
  expect_refused("is too long");
}

class ForgedWorker : public Forged {};
INSTANTIATE_TEST_SUITE_P(As, ForgedWorker, ::testing::Values(detail::RoleKind::kWorker));

TEST_P(ForgedWorker, ItsParentIsNotItsNode) {
  role_.attachment.node_pid = 1;
  given_[detail::kRoleFile] = detail::make_role_file(role_);
  run();
  expect_refused("its node is not its parent");
}

TEST_P(ForgedWorker, MemoryThatIsCutOffOrOfAnotherSession) {
  const Fd whole = given_[detail::kWorkerControl].duplicate();
  ASSERT_EQ(::ftruncate(given_[detail::kWorkerControl].get(), 100), 0);
  run();
  expect_refused("cut off");
  given_[detail::kWorkerControl] = rpc::Control::create({.arena_bytes = kStoreBytes});
  auto other = objectstore::create_arena_files(kStoreBytes);
  const Fd own = std::move(given_[detail::kWorkerArenaRo]);
  given_[detail::kWorkerArenaRo] = std::move(other.read_only);
  run();
  expect_refused("belongs to another session");
  given_[detail::kWorkerArenaRo] = given_[detail::kWorkerArenaRw].duplicate();
  run();
  expect_refused("is opened in another mode");
  role_.attachment.object_store_bytes = kStoreBytes * 2;
  given_[detail::kRoleFile] = detail::make_role_file(role_);
  given_[detail::kWorkerArenaRo] = own.duplicate();
  run();
  expect_refused("is cut off");
}

// ---------------------------------------------------------------- whole programs

TEST(Roles, AVariableSetByHandIsNamedAndMainDoesNotRun) {
  const ShellRun run = in_shell("MANTA_ROLE_FD=3 " + kProgram + " main");
  EXPECT_EQ(run.code(), detail::kNoRoleExit);
  EXPECT_THAT(run.said, AllOf(HasSubstr("MANTA_ROLE_FD"), HasSubstr("unset it"),
                              Not(HasSubstr("main: ran"))));
}

// Somewhere between a program that cannot even be loaded and one that is never short.
TEST_P(ForgedWorker, ThereIsNoMemoryToReadTheRole) {
  role_.attachment.libraries = {std::string(15 << 20, 'x')};
  const Fd file = detail::make_role_file(role_);
  const Fd inherited(::fcntl(file.get(), F_DUPFD, 50));
  const std::string variable = "MANTA_ROLE_FD=" + std::to_string(inherited.get()) + " ";
  std::string all;
  for (int limit = 8; limit <= 128; limit += 4) {
    std::string line = "ulimit -v " + std::to_string(limit * 1024) + "; ";
    line.append(variable).append(kProgram).append(" main");
    all += in_shell(line).said;
  }
  EXPECT_THAT(all, Not(HasSubstr("main: ran")));
#ifndef __SANITIZE_ADDRESS__  // which cannot start at all under such a limit
  EXPECT_THAT(all, HasSubstr("there is no memory"));
#endif
}

TEST(Roles, AProcessWithinTooManySessionsStartsNone) {
  EXPECT_THAT(in_shell("MANTA_GENERATION=15 " + kProgram + " add").said, HasSubstr("sum: 3"));
  for (const char* deep : {"16", "17", "99999999999999999999"}) {
    const ShellRun run =
        in_shell(std::string("MANTA_GENERATION=") + deep + " " + kProgram + " add");
    EXPECT_THAT(run.said, AllOf(HasSubstr("failed: "), HasSubstr("does the program start itself")))
        << deep;
  }
}

TEST(Roles, AStaticConstructorInAWorkerGetsNoSession) {
  const ShellRun run = in_shell("LAUNCH_PROGRAM_EARLY=1 " + kProgram + " add");
  EXPECT_THAT(run.said, AllOf(HasSubstr("refused early: manta::init() was called before main()"),
                              Not(HasSubstr("a session before main")), HasSubstr("sum: 3")));
}

TEST(Roles, AWorkerProgramWhoseMainIsNotWrappedIsRefused) {
  const ShellRun run = in_shell(kProgram + " worker-path " UNWRAPPED_PROGRAM);
  EXPECT_EQ(run.code(), 4);
  EXPECT_THAT(run.said, AllOf(HasSubstr("failed: "), HasSubstr("wrapped main")));
}

// Hardened systems: in a PID namespace of its own, which the setting belongs to.
class HardenedMemory : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Noexec, HardenedMemory, ::testing::Values(0, 1, 2));

TEST_P(HardenedMemory, SessionsWork) {
  const std::string set = "echo " + std::to_string(GetParam()) + " > /proc/sys/vm/memfd_noexec";
  const auto in_namespace = [](const std::string& script) {
    return in_shell("unshare -pf --mount-proc sh -c " + quoted(script));
  };
  if (in_namespace(set).code() != 0) GTEST_SKIP() << "no PID namespace, or an old kernel";
  for (const char* mode : {"add", "close-after 1 9>&1"}) {
    std::string script = set;
    script.append("; ").append(kProgram).append(" ").append(mode);
    const ShellRun run = in_namespace(script);
    EXPECT_EQ(run.code(), 0) << run.said;
    EXPECT_THAT(run.said, AnyOf(HasSubstr("sum: 3"), HasSubstr("actor: 101"))) << mode;
  }
}

}  // namespace
}  // namespace manta::testing
