// System calls first, then the permissions of the writable window, populating, and the window of a forked child.
#include "memory_window.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <system_error>

namespace manta::objectstore {
namespace {

#ifndef MADV_POPULATE_WRITE
constexpr int MADV_POPULATE_WRITE = 23;
#endif

std::byte* map_or_throw(std::size_t size, int protection, int flags, int fd, const char* what) {
  void* memory = ::mmap(nullptr, size, protection, flags | MAP_NORESERVE, fd, 0);
  if (memory == MAP_FAILED) {
    throw std::system_error(errno, std::system_category(), what);
  }
  ::madvise(memory, size, MADV_DONTDUMP);  // a core file must not contain it
  return static_cast<std::byte*>(memory);
}

// Makes the range inaccessible, and keeps anything else from being mapped there.
void reserve(std::byte* base, std::size_t size) {
  [[maybe_unused]] const void* const reserved =
      ::mmap(base, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

base::Fd duplicate_or_throw(int fd) {
  base::Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) {
    throw std::system_error(errno, std::system_category(), "object store: no descriptor left");
  }
  return copy;
}

// Gives 0, or the errno.
int madvise_retried(std::byte* address, std::size_t size, int advice) {
  while (::madvise(address, size, advice) != 0) {
    if (errno != EINTR && errno != EAGAIN) {
      return errno;
    }
  }
  return 0;
}

bool allocate_range(int fd, std::size_t offset, std::size_t size) {
  while (::fallocate(fd, 0, static_cast<off_t>(offset), static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

// The number of pages of the slab that begin before `end`.
std::uint32_t pages_before(std::size_t slab, std::uint64_t end) {
  const std::uint64_t bytes = std::min<std::uint64_t>(end - slab * kSlabSize, kSlabSize);
  return static_cast<std::uint32_t>((bytes + kPage - 1) / kPage);
}

}  // namespace

void MemoryWindow::Unmapper::operator()(SlabState* states) const { ::munmap(states, size); }

MemoryWindow::MemoryWindow(int writable_fd, int read_only_fd, std::size_t slabs)
    : file_(duplicate_or_throw(writable_fd)), size_(slabs * kSlabSize) {
  read_ = map_or_throw(size_, PROT_READ, MAP_SHARED, read_only_fd,
                       "object store: cannot map the arena");
  write_ =
      map_or_throw(size_, PROT_NONE, MAP_SHARED, writable_fd, "object store: cannot map the arena");
  const std::size_t bytes = slabs * sizeof(SlabState);
  states_ = {reinterpret_cast<SlabState*>(map_or_throw(bytes, PROT_READ | PROT_WRITE,
                                                       MAP_PRIVATE | MAP_ANONYMOUS, -1,
                                                       "object store: no address space")),
             Unmapper{bytes}};
  // A forked child reads the arrays that it has, and writes to nothing that is shared.
  ::madvise(write_, size_, MADV_DONTFORK);
}

MemoryWindow::~MemoryWindow() {
  ::munmap(write_, size_);
  ::munmap(const_cast<std::byte*>(read_), size_);
}

// No system call if all slabs have that access already, as those of a run that is used again have.
bool MemoryWindow::protect(std::size_t slab, std::size_t count, Access access) {
  const std::lock_guard lock(mutex_);
  SlabState* const begin = &states_[slab];
  const auto has_it = [access](const SlabState& state) { return state.access == access; };
  if (std::all_of(begin, begin + count, has_it)) {
    return true;
  }
  const int protection = access == Access::kWritable ? PROT_READ | PROT_WRITE : PROT_READ;
  if (::mprotect(write_ + slab * kSlabSize, count * kSlabSize, protection) != 0) {
    return false;
  }
  std::for_each(begin, begin + count, [access](SlabState& state) { state.access = access; });
  return true;
}

bool MemoryWindow::open(std::size_t slab, std::size_t count) {
  return protect(slab, count, Access::kWritable);
}

void MemoryWindow::seal(std::size_t slab, std::size_t count) {
  protect(slab, count, Access::kReadable);
}

bool MemoryWindow::populate(SlabTable& table, std::uint64_t offset, std::size_t size) {
  const std::uint64_t end = offset + size;
  for (std::size_t slab = offset / kSlabSize; slab * kSlabSize < end; ++slab) {
    if (!populate_pages(table, slab, pages_before(slab, end))) {
      return false;
    }
  }
  return true;
}

bool MemoryWindow::is_populated(const SlabTable& table, std::uint64_t offset,
                                std::size_t size) const {
  const std::uint64_t end = offset + size;
  for (std::size_t slab = offset / kSlabSize; slab * kSlabSize < end; ++slab) {
    if (std::min<std::uint32_t>(states_[slab].populated, table.committed_pages(slab)) <
        pages_before(slab, end)) {
      return false;
    }
  }
  return true;
}

// Populates the pages of the slab up to `end`, without touching again those that are populated.
bool MemoryWindow::populate_pages(SlabTable& table, std::size_t slab, std::uint32_t end) {
  SlabState& state = states_[slab];
  const std::uint32_t begin = std::min<std::uint32_t>(state.populated, table.committed_pages(slab));
  if (begin >= end) {
    return true;
  }
  std::byte* const from = write_ + slab * kSlabSize + std::size_t{begin} * kPage;
  const int error = madvise_retried(from, std::size_t{end - begin} * kPage, MADV_POPULATE_WRITE);
  if (error == EINVAL) {  // before Linux 5.14
    return commit(table, slab, end);
  }
  if (error != 0) {
    return false;
  }
  state.populated = static_cast<std::uint16_t>(end);
  table.set_committed(slab, end);
  return true;
}

bool MemoryWindow::commit(SlabTable& table, std::size_t slab, std::uint32_t pages) {
  const std::uint32_t begin = table.committed_pages(slab);
  if (begin < pages) {
    if (!allocate_range(file_.get(), slab * kSlabSize + std::size_t{begin} * kPage,
                        std::size_t{pages - begin} * kPage)) {
      return false;
    }
    table.set_committed(slab, pages);
  }
  return true;
}

void MemoryWindow::reserve_in_child() { reserve(write_, size_); }

void MemoryWindow::copy_in_child(std::uint64_t offset, std::size_t size) {
  const std::uint64_t begin = offset / kPage * kPage;
  const std::uint64_t end = (offset + size + kPage - 1) / kPage * kPage;
  void* const pages =
      ::mmap(write_ + begin, end - begin, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file_.get(), static_cast<off_t>(begin));
  if (pages == MAP_FAILED) return;  // then a write there is a fault
  for (std::uint64_t at = begin; at < end; at += kPage) {
    auto* const byte = reinterpret_cast<volatile std::byte*>(write_ + at);
    *byte = *byte;  // now the page is ours, whatever the parent writes to its own
  }
}

void MemoryWindow::forget_in_child() { reserve(const_cast<std::byte*>(read_), size_); }

bool MemoryWindow::decommit(std::size_t slab) {
  return ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     static_cast<off_t>(slab * kSlabSize), static_cast<off_t>(kSlabSize)) == 0;
}

}  // namespace manta::objectstore
