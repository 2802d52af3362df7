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
#ifndef MADV_COLLAPSE
constexpr int MADV_COLLAPSE = 25;
#endif

constexpr std::size_t kHugePage = 2 * kSlabSize;
// After a huge page that was not to be had, for so many 4 KiB pages are taken without asking: looking for one is slow
// where memory lies in pieces.
constexpr std::uint32_t kNotAsked = 256;

// At `at`, if that is not null.
std::byte* map_or_throw(std::byte* at, std::size_t size, int protection, int flags, int fd,
                        const char* what) {
  const int fixed = at != nullptr ? MAP_FIXED : 0;
  void* memory = ::mmap(at, size, protection, flags | fixed | MAP_NORESERVE, fd, 0);
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
  base::Fd copy = base::Fd::apart(fd);
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

bool allocate_range(int fd, off_t offset, std::size_t size) {
  while (::fallocate(fd, 0, offset, static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool punch(int fd, off_t offset, std::size_t size) {
  return ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
                     static_cast<off_t>(size)) == 0;
}

// The number of pages of the slab that begin before `end`.
std::uint32_t pages_before(std::size_t slab, std::uint64_t end) {
  const std::uint64_t bytes = std::min<std::uint64_t>(end - slab * kSlabSize, kSlabSize);
  return static_cast<std::uint32_t>((bytes + kPage - 1) / kPage);
}

}  // namespace

void MemoryWindow::Unmapper::operator()(SlabState* states) const { ::munmap(states, size); }

MemoryWindow::MemoryWindow(const ArenaDescriptors& files, SlabTable& table)
    : table_(table),
      memory_size_(table.memory_slabs() * kSlabSize),
      size_(table.slabs() * kSlabSize),
      memory_(duplicate_or_throw(files.writable)) {
  if (size_ > memory_size_) overflow_ = duplicate_or_throw(files.overflow_writable);
  read_ = map(files.read_only, files.overflow_read_only, PROT_READ);
  write_ = map(files.writable, files.overflow_writable, PROT_NONE);
  const std::size_t bytes = table.slabs() * sizeof(SlabState);
  states_ = {reinterpret_cast<SlabState*>(map_or_throw(nullptr, bytes, PROT_READ | PROT_WRITE,
                                                       MAP_PRIVATE | MAP_ANONYMOUS, -1,
                                                       "object store: no address space")),
             Unmapper{bytes}};
  // A forked child reads the arrays that it has, and writes to nothing that is shared.
  ::madvise(write_, size_, MADV_DONTFORK);
}

// The memory's mapping is made for both parts at first, to have the addresses; at a multiple of a huge page.
std::byte* MemoryWindow::map(int memory_fd, int overflow_fd, int protection) {
  constexpr const char* kWhat = "object store: cannot map the arena";
  std::byte* const found =
      map_or_throw(nullptr, size_ + kHugePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, kWhat);
  const std::size_t before =
      (kHugePage - reinterpret_cast<std::uintptr_t>(found) % kHugePage) % kHugePage;
  std::byte* const base = found + before;
  if (before != 0) ::munmap(found, before);
  ::munmap(base + size_, kHugePage - before);
  map_or_throw(base, size_, protection, MAP_SHARED, memory_fd, kWhat);
  if (size_ > memory_size_) {
    map_or_throw(base + memory_size_, size_ - memory_size_, protection, MAP_SHARED, overflow_fd,
                 kWhat);
  }
  return base;
}

MemoryWindow::Place MemoryWindow::place_of(std::uint64_t offset) const {
  const bool memory = offset < memory_size_;
  return {memory ? memory_.get() : overflow_.get(),
          static_cast<off_t>(memory ? offset : offset - memory_size_)};
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

bool MemoryWindow::populate(std::uint64_t offset, std::size_t size) {
  const std::uint64_t end = offset + size;
  for (std::size_t slab = offset / kSlabSize; slab * kSlabSize < end; ++slab) {
    if (size >= kHugePage && may_be_huge(slab, offset, end)) commit_huge(slab);  // else small pages
    if (!populate_slab(slab, pages_before(slab, end))) {
      return false;
    }
  }
  return true;
}

bool MemoryWindow::may_be_huge(std::size_t slab, std::uint64_t begin, std::uint64_t end) const {
  return slab % 2 == 0 && begin <= slab * kSlabSize && (slab + 2) * kSlabSize <= end &&
         !table_.is_overflow(slab + 1) && table_.pages().committed(slab) == 0 &&
         table_.pages().committed(slab + 1) == 0;
}

// The kernel makes a huge page of a range in which there is a page; it zeroes what that has not.
bool MemoryWindow::commit_huge(std::size_t slab) {
  // SYNC: none: a hint.
  if (const std::uint32_t left = no_huge_.load(std::memory_order_relaxed); left != 0) {
    no_huge_.store(left - 1, std::memory_order_relaxed);
    return false;
  }
  const Place place = place_of(slab * kSlabSize);
  if (!allocate_range(place.file, place.offset, kPage)) return false;
  if (::madvise(write_ + slab * kSlabSize, kHugePage, MADV_COLLAPSE) != 0) {
    if (errno == EAGAIN) return false;  // somebody had a page of it in hand
    why_not_huge_.store(errno, std::memory_order_relaxed);
    no_huge_.store(kNotAsked, std::memory_order_relaxed);
    return false;
  }
  table_.pages().set_committed(slab, kSlabPages);
  table_.pages().set_committed(slab + 1, kSlabPages);
  return true;
}

bool MemoryWindow::is_populated(std::uint64_t offset, std::size_t size) const {
  const std::uint64_t end = offset + size;
  for (std::size_t slab = offset / kSlabSize; slab * kSlabSize < end; ++slab) {
    if (populated(slab) < pages_before(slab, end)) {
      return false;
    }
  }
  return true;
}

// Does not touch again what is populated. Pages of a disk's file that were touched ahead would be written to the disk
// before anything is in them.
bool MemoryWindow::populate_more(std::size_t slab, std::uint32_t pages) {
  if (table_.is_overflow(slab)) {
    return commit(slab, pages);
  }
  const std::uint32_t begin = populated(slab);
  if (begin >= pages) {  // another thread did so meanwhile
    return true;
  }
  std::byte* const from = write_ + slab * kSlabSize + std::size_t{begin} * kPage;
  const int error = madvise_retried(from, std::size_t{pages - begin} * kPage, MADV_POPULATE_WRITE);
  if (error == EINVAL) {  // before Linux 5.14
    return commit(slab, pages);
  }
  if (error != 0) {
    return false;
  }
  states_[slab].populated = static_cast<std::uint16_t>(pages);
  table_.pages().set_committed(slab, pages);
  return true;
}

// A disk that has too little room keeps what it had got: that is given back. Memory does not.
bool MemoryWindow::commit(std::size_t slab, std::uint32_t pages) {
  const std::uint32_t begin = table_.pages().committed(slab);
  if (begin < pages) {
    const Place place = place_of(slab * kSlabSize + std::size_t{begin} * kPage);
    const std::size_t size = std::size_t{pages - begin} * kPage;
    if (!allocate_range(place.file, place.offset, size)) {
      if (table_.is_overflow(slab)) punch(place.file, place.offset, size);
      return false;
    }
    table_.pages().set_committed(slab, pages);
  }
  return true;
}

void MemoryWindow::reserve_in_child() { reserve(write_, size_); }

void MemoryWindow::copy_in_child(std::uint64_t offset, std::size_t size) {
  const std::uint64_t begin = offset / kPage * kPage;
  const std::uint64_t end = (offset + size + kPage - 1) / kPage * kPage;
  const Place place = place_of(begin);
  void* const pages = ::mmap(write_ + begin, end - begin, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, place.file, place.offset);
  if (pages == MAP_FAILED) return;  // then a write there is a fault
  for (std::uint64_t at = begin; at < end; at += kPage) {
    auto* const byte = reinterpret_cast<volatile std::byte*>(write_ + at);
    *byte = *byte;  // now the page is ours, whatever the parent writes to its own
  }
}

void MemoryWindow::forget_in_child() { reserve(const_cast<std::byte*>(read_), size_); }

bool MemoryWindow::decommit(std::size_t slab, std::uint32_t pages) {
  const std::size_t kept = std::size_t{pages} * kPage;
  const Place place = place_of(slab * kSlabSize + kept);
  table_.pages().begin_emptying(slab, pages);
  if (!punch(place.file, place.offset, kSlabSize - kept)) return false;
  table_.pages().emptied(slab, pages);
  return true;
}

// By one call, so that huge pages go whole.
bool MemoryWindow::decommit_all(std::size_t slab, std::size_t count) {
  const Place place = place_of(slab * kSlabSize);
  for (std::size_t i = slab; i < slab + count; ++i) table_.pages().begin_emptying(i);
  if (!punch(place.file, place.offset, count * kSlabSize)) return false;
  for (std::size_t i = slab; i < slab + count; ++i) table_.pages().emptied(i);
  return true;
}

void MemoryWindow::discard(std::uint64_t offset, std::size_t size) {
  const std::uint64_t begin = (offset + kPage - 1) / kPage * kPage;
  const std::uint64_t end = (offset + size) / kPage * kPage;
  if (begin >= end) return;
  const Place place = place_of(begin);
  punch(place.file, place.offset, end - begin);
}

}  // namespace manta::objectstore
