#include "read_only_fault.h"

#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "arena_fixture.h"
#include "array.h"

namespace manta::objectstore {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kMessage[] =
    "assignment destination is read-only: array of object 00000000000000010000000000000002 in "
    "scale; make a copy first: a.copy()";

struct Outcome {
  int status = 0;
  std::string error_output = {};
  std::string recorded = {};
  bool chained = false;
};

struct Seen {
  char recorded[512];
  bool chained;
};
Seen* seen = nullptr;

void previous_handler(int, siginfo_t*, void*) {
  seen->chained = true;
  ::_exit(4);
}
void record_and_exit(const ReadOnlyFault& fault) {
  std::memcpy(seen->recorded, fault.message, fault.length);
  ::_exit(3);
}
void go_on(const ReadOnlyFault&) {}

void use_previous_handler() {
  struct sigaction action = {};
  action.sa_sigaction = previous_handler;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &action, nullptr);
}

std::string read_all(int fd) {
  std::string text;
  char piece[1024];
  for (ssize_t n = 0; (n = ::read(fd, piece, sizeof(piece))) > 0;) {
    text.append(piece, static_cast<std::size_t>(n));
  }
  return text;
}

// Runs `body` with a store in a process of its own, and says how it ended.
template <class Body>
Outcome in_a_process(const Body& body) {
  const SharedMemory memory(sizeof(Seen));
  seen = memory.make<Seen>();
  int pipe[2] = {};
  base::check(::pipe2(pipe, O_CLOEXEC) == 0, "a pipe for a test");
  const pid_t pid = in_process([&] {
    ::dup2(pipe[1], STDERR_FILENO);
    ::signal(SIGSEGV, SIG_DFL);
    ArenaFixture fixture(16 * kMiB);
    const auto store = fixture.store(1);
    set_current(store);
    body(*store);
    set_current(nullptr);
  });
  ::close(pipe[1]);
  Outcome outcome;
  outcome.error_output = read_all(pipe[0]);
  ::close(pipe[0]);
  outcome.status = ended(pid);
  outcome.recorded = seen->recorded;
  outcome.chained = seen->chained;
  return outcome;
}

void write_through(const void* address) {
  *static_cast<volatile char*>(const_cast<void*>(address)) = 1;
}

Array<char> named_array(std::size_t size, Store& store) {
  Array<char> array = zeros<char>(size);
  const std::uint64_t offset = store.arena().offset_of(array.data());
  store.blocks().find(offset)->set_object(ObjectId(1, 2));
  return array;
}

TEST(ReadOnlyFault, NamesTheObjectTheFunctionAndTheAdvice) {
  const Outcome outcome = in_a_process([](Store& store) {
    install_read_only_fault(store, record_and_exit);
    set_running_function("scale");
    write_through(named_array(100'000, store).data() + 99'999);
  });
  EXPECT_EQ(WEXITSTATUS(outcome.status), 3);
  EXPECT_THAT(outcome.error_output, AllOf(StartsWith(kMessage), EndsWith("a.copy()\n")));
  EXPECT_EQ(outcome.recorded, kMessage);
}

TEST(ReadOnlyFault, NamesTheFunctionOfTheThreadThatWrites) {
  const auto with_two_threads = [](Store& store, bool second_writes) {
    install_read_only_fault(store, record_and_exit);
    const Array<char> array = named_array(100'000, store);
    set_running_function("outer");
    std::thread([&] {
      set_running_function("inner");
      set_running_function({});
      if (second_writes) write_through(array.data());
    }).join();
    write_through(array.data());
  };
  const Outcome first = in_a_process([&](Store& store) { with_two_threads(store, false); });
  EXPECT_THAT(first.recorded, HasSubstr(" in outer; make"));
  const Outcome second = in_a_process([&](Store& store) { with_two_threads(store, true); });
  EXPECT_THAT(second.recorded, HasSubstr(" in outer (in a thread that it started); make"));
}

TEST(ReadOnlyFault, PointerKeptBeyondTheFreezeFaultsToo) {
  const Outcome outcome = in_a_process([](Store& store) {
    install_read_only_fault(store, record_and_exit);
    MutableArray<char> array(3 * kMiB);
    char* const kept = array.data() + 2 * kMiB;
    const Array<char> frozen = std::move(array);
    write_through(kept);
  });
  EXPECT_EQ(WEXITSTATUS(outcome.status), 3);
  EXPECT_THAT(outcome.recorded, HasSubstr("array of object (unnamed) in main"));
}

TEST(ReadOnlyFault, GoesOnToTheHandlerThatWasThere) {
  const Outcome outcome = in_a_process([](Store& store) {
    use_previous_handler();
    install_read_only_fault(store, go_on);
    set_running_function("scale");
    write_through(named_array(100'000, store).data());
  });
  EXPECT_EQ(WEXITSTATUS(outcome.status), 4);
  EXPECT_TRUE(outcome.chained);
  EXPECT_THAT(outcome.error_output, AllOf(StartsWith(kMessage), EndsWith("a.copy()\n")));
}

TEST(ReadOnlyFault, WithoutAHandlerBeforeTheProcessEndsBySigsegv) {
  const Outcome outcome = in_a_process([](Store& store) {
    install_read_only_fault(store, go_on);
    write_through(named_array(100'000, store).data());
  });
  EXPECT_EQ(WTERMSIG(outcome.status), SIGSEGV);
  EXPECT_THAT(outcome.error_output, HasSubstr("assignment destination is read-only"));
}

TEST(ReadOnlyFault, OtherFaultsAreNotItsBusiness) {
  const Outcome chained = in_a_process([](Store& store) {
    use_previous_handler();
    install_read_only_fault(store, record_and_exit);
    volatile std::uintptr_t nowhere = 16;
    write_through(reinterpret_cast<const void*>(nowhere));
  });
  EXPECT_TRUE(chained.chained);
  EXPECT_EQ(chained.error_output, "");
  const Outcome sent = in_a_process([](Store& store) {
    install_read_only_fault(store, record_and_exit);
    ::raise(SIGSEGV);
  });
  EXPECT_EQ(WTERMSIG(sent.status), SIGSEGV);
}

TEST(ReadOnlyFault, ReadingInAForkedChildIsNotAWrite) {
  const Outcome outcome = in_a_process([](Store& store) {
    use_previous_handler();
    install_read_only_fault(store, record_and_exit);
    const Array<char> array = named_array(100'000, store);
    const int status = ended(in_process(
        [&] { ::_exit(*static_cast<const volatile char*>(array.data()) == array[0] ? 4 : 5); }));
    ::_exit(WEXITSTATUS(status));
  });
  EXPECT_EQ(WEXITSTATUS(outcome.status), 4) << "it reads what its parent has";
  EXPECT_EQ(outcome.error_output, "");
}

TEST(ReadOnlyFault, RemovedItIsGone) {
  const Outcome outcome = in_a_process([](Store& store) {
    use_previous_handler();
    install_read_only_fault(store, record_and_exit);
    remove_read_only_fault();
    write_through(named_array(100'000, store).data());
  });
  EXPECT_TRUE(outcome.chained);
  EXPECT_EQ(outcome.error_output, "");
}

[[gnu::noinline]] int overflow(volatile int* depth) {
  if (*depth < 0) {
    return 0;
  }
  volatile char frame[4096];
  frame[0] = static_cast<char>(*depth);
  *depth = *depth + 1;
  return overflow(depth) + frame[0];
}

TEST(ReadOnlyFault, SignalStackLetsHandlersRunWhenTheStackIsFull) {
  const Outcome outcome = in_a_process([](Store& store) {
    const SignalStack stack;
    use_previous_handler();
    install_read_only_fault(store, record_and_exit);
    volatile int depth = 0;
    overflow(&depth);
  });
  EXPECT_TRUE(outcome.chained);
}

}  // namespace
}  // namespace manta::objectstore
