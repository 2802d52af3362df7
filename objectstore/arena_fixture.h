// For tests: the memory of a session's arena, and processes that use it.
#pragma once
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../base/check.h"
#include "arena/arena.h"
#include "arena/arena_files.h"
#include "store.h"

namespace manta::objectstore {

inline constexpr std::size_t kMiB = std::size_t{1} << 20;

// Memory shared with forked processes.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t size)
      : size_(size),
        memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    base::check(memory_ != MAP_FAILED, "memory for a test");
  }
  ~SharedMemory() { ::munmap(memory_, size_); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  std::byte* data() const { return static_cast<std::byte*>(memory_); }
  template <class T>
  T* make() const {
    return new (memory_) T();
  }

 private:
  std::size_t size_;
  void* memory_;
};

class ArenaFixture {
 public:
  // The overflow's file lies in the directory.
  explicit ArenaFixture(const ArenaSize& sizes, const std::filesystem::path& directory = {})
      : files(create_arena_files(std::max(sizes.memory, sizes.addresses))),
        size(sizes),
        metadata(Arena::metadata_size(size)) {
    const bool complete = size.overflow == 0 || add_overflow(files, {{directory}}, size.overflow,
                                                             why_not) == size.overflow;
    base::check(complete, "a disk for a test");
    Arena::initialize(metadata.data(), Arena::metadata_size(size), size);
  }
  explicit ArenaFixture(std::size_t bytes, std::size_t overflow = 0,
                        const std::filesystem::path& directory = {})
      : ArenaFixture(ArenaSize{.memory = bytes, .overflow = overflow}, directory) {}

  Arena arena(OwnerTag self) { return Arena(files.descriptors(), metadata.data(), self); }
  base::Ref<Store> store(OwnerTag self,
                         std::function<void(std::uint64_t, std::uint32_t)> release_holds = {}) {
    return Store::open({files.descriptors(), metadata.data(), self, {}, std::move(release_holds)});
  }

  ArenaFiles files;
  std::string why_not;
  ArenaSize size;
  SharedMemory metadata;
};

// Runs `body` in a forked process.
inline pid_t in_process(const std::function<void()>& body) {
  const pid_t pid = ::fork();
  base::check(pid >= 0, "a process for a test");
  if (pid == 0) {
    body();
    ::_exit(0);
  }
  return pid;
}

// How it ended: its wait status.
inline int ended(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
  }
  return status;
}

}  // namespace manta::objectstore
