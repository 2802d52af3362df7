// In the order of the header: what two processes exchange (round trips), what a copy moves, what the kernel takes to
// populate memory and to start a program, and tasks within this process. Each floor repeats a small round and keeps the
// best try.
#include "floors.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include "../base/fd.h"
#include "../rpc/fence.h"
#include "../rpc/futex.h"
#include "stopwatch.h"

namespace manta::bench {
namespace {

void require(bool ok, const char* what) {
  if (!ok) throw std::system_error(errno, std::generic_category(), what);
}

// Shared memory of its own, gone with the object; nothing of it is present yet.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t bytes)
      : fd_(memfd_create("floor", MFD_CLOEXEC)), bytes_(bytes) {
    require(fd_.get() >= 0 && ftruncate(fd_.get(), static_cast<off_t>(bytes)) == 0, "memfd");
    base_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    require(base_ != MAP_FAILED, "mmap");
  }
  ~SharedMemory() { munmap(base_, bytes_); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  std::byte* data() const { return static_cast<std::byte*>(base_); }

 private:
  base::Fd fd_;
  std::size_t bytes_;
  void* base_ = nullptr;
};

// Runs `echo` in a child process and `ask` here, `rounds` times each; microseconds per round.
double between_processes(int rounds, const std::function<void(int)>& echo,
                         const std::function<void(int)>& ask) {
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    for (int i = 0; i < rounds; ++i) echo(i);
    _exit(0);
  }
  ask(0);  // both are running now
  const auto begin = Clock::now();
  for (int i = 1; i < rounds; ++i) ask(i);
  const double seconds = seconds_since(begin);
  waitpid(child, nullptr, 0);
  return seconds / std::max(1, rounds - 1) * 1e6;
}

double best_round_trip(Effort effort, int rounds, const std::function<double(int)>& once) {
  if (effort == Effort::kSmoke) return once(10);
  double best = once(rounds);
  for (int i = 0; i < 4; ++i) best = std::min(best, once(rounds));
  return best;
}

struct Words {
  alignas(128) std::atomic<std::uint32_t> question;
  alignas(128) std::atomic<std::uint32_t> answer;
};

// On a machine with one core a spinning thread has to let the other one run.
void await_by_spinning(const std::atomic<std::uint32_t>& word, std::uint32_t value) {
  for (std::uint32_t looks = 1; word.load(std::memory_order_acquire) != value; ++looks) {
    looks % 4096 == 0 ? std::this_thread::yield() : rpc::cpu_pause();
  }
}

void await_parked(const std::atomic<std::uint32_t>& word, std::uint32_t value) {
  for (std::uint32_t now; (now = word.load(std::memory_order_acquire)) != value;) {
    rpc::futex_wait(word, now);
  }
}

void set_and_wake(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  word.store(value, std::memory_order_release);
  rpc::futex_wake(&word);
}

constexpr std::size_t kCopyBytes = 256u << 20;
std::size_t copy_bytes(Effort effort) { return effort == Effort::kSmoke ? 1u << 20 : kCopyBytes; }
int copy_tries(Effort effort) { return effort == Effort::kSmoke ? 1 : 5; }

void copy_in_parts(std::byte* to, const std::byte* from, std::size_t bytes, int threads) {
  const std::size_t part = bytes / static_cast<std::size_t>(threads);
  const auto copy = [&](int i) {
    const std::size_t begin = part * static_cast<std::size_t>(i);
    std::memcpy(to + begin, from + begin, i + 1 == threads ? bytes - begin : part);
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(copy, i);
  copy(0);
  for (auto& other : others) other.join();
}

double gigabytes_per_second(std::size_t bytes, double seconds) {
  return static_cast<double>(bytes) / seconds / 1e9;
}

// The best rate at which `fill` fills fresh shared memory.
double best_fresh_fill(Effort effort, const std::function<void(std::byte*, std::size_t)>& fill) {
  const std::size_t bytes = copy_bytes(effort);
  double best = 0;
  for (int i = 0; i < copy_tries(effort); ++i) {
    const SharedMemory memory(bytes);
    const auto begin = Clock::now();
    fill(memory.data(), bytes);
    best = std::max(best, gigabytes_per_second(bytes, seconds_since(begin)));
  }
  return best;
}

}  // namespace

Figure spin_round_trip(Effort effort) {
  const auto once = [](int rounds) {
    const SharedMemory memory(4096);
    auto& words = *reinterpret_cast<Words*>(memory.data());
    return between_processes(
        rounds,
        [&](int i) {
          await_by_spinning(words.question, static_cast<std::uint32_t>(i) + 1);
          words.answer.store(static_cast<std::uint32_t>(i) + 1, std::memory_order_release);
        },
        [&](int i) {
          words.question.store(static_cast<std::uint32_t>(i) + 1, std::memory_order_release);
          await_by_spinning(words.answer, static_cast<std::uint32_t>(i) + 1);
        });
  };
  return {"spin_round_trip", best_round_trip(effort, 20'000, once), "us"};
}

Figure futex_round_trip(Effort effort) {
  const auto once = [](int rounds) {
    const SharedMemory memory(4096);
    auto& words = *reinterpret_cast<Words*>(memory.data());
    return between_processes(
        rounds,
        [&](int i) {
          await_parked(words.question, static_cast<std::uint32_t>(i) + 1);
          set_and_wake(words.answer, static_cast<std::uint32_t>(i) + 1);
        },
        [&](int i) {
          set_and_wake(words.question, static_cast<std::uint32_t>(i) + 1);
          await_parked(words.answer, static_cast<std::uint32_t>(i) + 1);
        });
  };
  return {"futex_round_trip", best_round_trip(effort, 3'000, once), "us"};
}

Figure unix_socket_round_trip(Effort effort) {
  const auto once = [](int rounds) {
    int ends[2];
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    const base::Fd here(ends[0]);
    const base::Fd there(ends[1]);
    char message[64] = {};
    const auto send = [&](const base::Fd& fd) {
      require(write(fd.get(), message, sizeof message) == sizeof message, "write");
    };
    const auto receive = [&](const base::Fd& fd) {
      require(recv(fd.get(), message, sizeof message, MSG_WAITALL) == sizeof message, "recv");
    };
    return between_processes(
        rounds, [&](int) { receive(there), send(there); }, [&](int) { send(here), receive(here); });
  };
  return {"unix_socket_round_trip", best_round_trip(effort, 3'000, once), "us"};
}

Figure warm_copy(Effort effort, int threads) {
  const std::size_t bytes = copy_bytes(effort);
  const std::vector<std::byte> source(bytes, std::byte{7});
  const SharedMemory memory(bytes);
  std::memset(memory.data(), 1, bytes);
  double best = 0;
  for (int i = 0; i < copy_tries(effort); ++i) {
    const auto begin = Clock::now();
    copy_in_parts(memory.data(), source.data(), bytes, threads);
    best = std::max(best, gigabytes_per_second(bytes, seconds_since(begin)));
  }
  return {"warm_copy_" + std::to_string(threads), best, "GB/s"};
}

Figure cold_copy(Effort effort) {
  const std::vector<std::byte> source(copy_bytes(effort), std::byte{7});
  const auto fill = [&](std::byte* to, std::size_t bytes) {
    std::memcpy(to, source.data(), bytes);
  };
  return {"cold_copy", best_fresh_fill(effort, fill), "GB/s"};
}

Figure populate(Effort effort) {
  const auto fill = [](std::byte* to, std::size_t bytes) {
    require(madvise(to, bytes, MADV_POPULATE_WRITE) == 0, "MADV_POPULATE_WRITE");
  };
  return {"populate", best_fresh_fill(effort, fill), "GB/s"};
}

Figure spawn_exec_exit(Effort effort) {
  const int rounds = effort == Effort::kSmoke ? 2 : 300;
  double best = 0;
  for (int t = 0; t < (effort == Effort::kSmoke ? 1 : 3); ++t) {
    const auto begin = Clock::now();
    for (int i = 0; i < rounds; ++i) {
      char name[] = "true";
      char* const argv[] = {name, nullptr};
      pid_t child = 0;
      const int error = posix_spawn(&child, "/bin/true", nullptr, nullptr, argv, environ);
      if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawn");
      waitpid(child, nullptr, 0);
    }
    best = std::max(best, rounds / seconds_since(begin));
  }
  return {"spawn_exec_exit", best, "/s"};
}

namespace {

double best_task_group(Effort effort) {
  constexpr int kTasks = 1000;
  const int rounds = effort == Effort::kSmoke ? 2 : 1000;
  oneapi::tbb::task_arena arena(2);
  double best = 0;
  for (int t = 0; t < (effort == Effort::kSmoke ? 1 : 5); ++t) {
    const auto begin = Clock::now();
    arena.execute([rounds] {
      for (int i = 0; i < rounds; ++i) {
        oneapi::tbb::task_group group;
        for (int k = 0; k < kTasks; ++k) group.run([] {});
        group.wait();
      }
    });
    best = std::max(best, rounds * kTasks / seconds_since(begin));
  }
  return best;
}

}  // namespace

// In a process of its own: a fork of one with oneTBB's threads, as each loop is, cannot end as it should.
Figure tbb_task_group(Effort effort) {
  const SharedMemory memory(sizeof(double));
  auto* const best = reinterpret_cast<double*>(memory.data());
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    *best = best_task_group(effort);
    _exit(0);
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child && status == 0, "a child with oneTBB");
  return {"tbb_task_group", *best, "/s"};
}

std::vector<Figure> all_floors(Effort effort) {
  std::vector<Figure> all;
  all.push_back(spin_round_trip(effort));
  all.push_back(futex_round_trip(effort));
  all.push_back(unix_socket_round_trip(effort));
  all.push_back(warm_copy(effort, 1));
  all.push_back(warm_copy(effort, 2));
  all.push_back(cold_copy(effort));
  all.push_back(populate(effort));
  all.push_back(spawn_exec_exit(effort));
  all.push_back(tbb_task_group(effort));
  return all;
}

}  // namespace manta::bench
