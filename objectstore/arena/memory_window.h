// The MemoryWindow is one process's two mappings of the arena: all of it read-only, and as much of it writable as this
// process fills. In each of them the overflow's file lies behind the memory file.
//
//   slab in the writable window:   kNone --open()--> kWritable --seal()--> kReadable
//                                                        ^-----open()-----/
//
// Both mappings are made once, without reserving memory; later only permissions change. Pages that were
// populated stay in the page tables, so that memory that is used again costs nothing.
//
// Two slabs that are populated together, as most of a large block are, become one huge page of 2 MiB where the kernel
// has one: decision 028.
//
// Invariant:  the read-only mapping comes from a descriptor opened O_RDONLY: no mprotect makes it
//             writable.
// Threads:    any. Units: bytes, slabs, pages of 4 KiB.
// Errors:     the constructor throws std::system_error; open() and populate() are false when the
//             kernel has no memory (or too many mappings), or the disk no room for the overflow.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <sys/types.h>

#include "../../base/fd.h"
#include "arena_files.h"
#include "slab_table.h"

namespace manta::objectstore {

class MemoryWindow {
 public:
  // `table` must outlive this.
  MemoryWindow(const ArenaDescriptors& files, SlabTable& table);
  ~MemoryWindow();
  MemoryWindow(const MemoryWindow&) = delete;
  MemoryWindow& operator=(const MemoryWindow&) = delete;

  const std::byte* read_base() const { return read_; }
  std::byte* write_base() const { return write_; }
  std::size_t size() const { return size_; }
  OverflowPlace overflow_place() const { return place_of_overflow(overflow_.get()); }

  bool open(std::size_t slab, std::size_t count);  // the slabs are writable from now on
  void seal(std::size_t slab, std::size_t count);  // they are not, unless the kernel refuses

  // Commits these bytes, and in memory the page tables for writing them, as far as that was not done before.
  bool populate(std::uint64_t offset, std::size_t size);
  bool is_populated(std::uint64_t offset, std::size_t size) const;
  // Populates the first pages of one slab.
  bool populate_slab(std::size_t slab, std::uint32_t pages) {
    return populated(slab) >= pages || populate_more(slab, pages);
  }
  // Commits without mapping.
  bool commit(std::size_t slab, std::uint32_t pages);
  // The same for two slabs, the first an even one, of which nothing is committed. False: there is no huge page; they
  // are as before, but for one page.
  bool commit_huge(std::size_t slab);
  // Why it gave false when it last asked the kernel (an errno); 0: it never did. SYNC: none: for messages.
  int why_not_huge() const { return why_not_huge_.load(std::memory_order_relaxed); }
  // Gives the memory of a slab that this process has claimed back, but for its first `pages`; or that of many. Their
  // bytes are 0 when they are committed again.
  bool decommit(std::size_t slab, std::uint32_t pages = 0);
  bool decommit_all(std::size_t slab, std::size_t count);
  // Gives back the whole pages of what nobody reads or fills any more, wherever it lies in either part.
  void discard(std::uint64_t offset, std::size_t size);

  // In a forked child, which has the read-only mapping but not the writable window: keeps anything else from being
  // mapped there.
  void reserve_in_child();
  // Puts a private copy of what this process was filling when it was forked at the same address. Async-signal-safe.
  void copy_in_child(std::uint64_t offset, std::size_t size);
  // Gives the read-only mapping up: nobody in the child points into the arena.
  void forget_in_child();

 private:
  enum class Access : std::uint8_t { kNone, kReadable, kWritable };
  struct SlabState {
    Access access;  // guarded by mutex_
    // The leading pages that are in our page tables. Only the owner of the slab's blocks touches it.
    std::uint16_t populated;
  };
  struct Unmapper {
    std::size_t size;
    void operator()(SlabState* states) const;
  };

  // A file of the arena, and a place in it.
  struct Place {
    int file;
    off_t offset;
  };

  std::byte* map(int memory_fd, int overflow_fd, int protection);
  Place place_of(std::uint64_t offset) const;
  bool protect(std::size_t slab, std::size_t count, Access access);
  bool populate_more(std::size_t slab, std::uint32_t pages);
  // So many of its first pages are committed, and in memory mapped here.
  std::uint32_t populated(std::size_t slab) const {
    const std::uint32_t mapped = table_.is_overflow(slab) ? kSlabPages : states_[slab].populated;
    return std::min(mapped, table_.pages().committed(slab));
  }
  bool may_be_huge(std::size_t slab, std::uint64_t begin, std::uint64_t end) const;

  SlabTable& table_;
  const std::size_t memory_size_;
  const std::size_t size_;
  base::Fd memory_;
  base::Fd overflow_;
  std::byte* read_;
  std::byte* write_;
  std::mutex mutex_;
  std::unique_ptr<SlabState[], Unmapper> states_;  // sparse, like the arena
  std::atomic<int> why_not_huge_{0};
  std::atomic<std::uint32_t> no_huge_{0};  // so often none is asked for, since there was none
};

}  // namespace manta::objectstore
