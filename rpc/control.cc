// The layout first, as offsets; then what makes the memory, what maps and checks it, and what finds the parts in it.
#include "control.h"

#include <cerrno>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "../base/check.h"
#include "../base/memory_file.h"

namespace manta::rpc {
namespace {

constexpr std::uint64_t kMagic = 0x314c5254434e414d;  // "MANCTRL1"
constexpr std::uint64_t kPage = 4096;

constexpr std::uint64_t kPagesAt = 64 * 1024;
constexpr std::uint64_t kNodeRingsAt = kPagesAt + kMaxSlots * kPage;
constexpr std::uint64_t kNodeRingStride = kPage + 2ull * kNodeRingBytes;
constexpr std::uint64_t kLanesAt = kNodeRingsAt + kMaxSlots * kNodeRingStride;
constexpr std::uint64_t kLaneStride = kPage + 2ull * kLaneRingBytes;
constexpr std::uint64_t kStoreMetaAt = kLanesAt + kMaxLanes * kLaneStride;

constexpr std::uint64_t kRingHeadersAt = 512;  // in the first page of a pair, behind a LaneHeader
static_assert(sizeof(SessionHeader) <= kPagesAt && sizeof(ProcessPage) <= kPage);
static_assert(sizeof(LaneHeader) <= kRingHeadersAt);
static_assert(kRingHeadersAt + 2 * sizeof(RingHeader) <= kPage);

constexpr std::uint64_t round_to_page(std::uint64_t bytes) {
  return (bytes + kPage - 1) & ~(kPage - 1);
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void* map_shared(int fd, std::size_t bytes) {
  void* const base =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (base == MAP_FAILED) fail("control memory: mmap");
  return base;
}

RingMemory ring_of_pair(std::byte* pair, std::uint32_t which, std::uint32_t capacity) {
  auto* const headers = reinterpret_cast<RingHeader*>(pair + kRingHeadersAt);
  return {headers + which, pair + kPage + std::uint64_t{which} * capacity, capacity};
}

// Maps the header alone: how large the rest is stands in it, if it is one of ours.
SessionHeader* read_header(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) fail("control memory: fstat");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < kStoreMetaAt) throw std::runtime_error("this session's control memory is cut off");
  auto* const header = static_cast<SessionHeader*>(map_shared(fd, kPagesAt));
  if (header->magic == kMagic && header->layout_version == kLayoutVersion &&
      header->page_bytes == sizeof(ProcessPage) && header->total_bytes == size) {
    return header;
  }
  munmap(header, kPagesAt);
  throw std::runtime_error(
      "this session's control memory was laid out by another build of Manta: start all processes "
      "of a session from the same executable");
}

}  // namespace

std::uint64_t Control::size_for(std::uint64_t store_meta_bytes) {
  return kStoreMetaAt + round_to_page(store_meta_bytes);
}

// As the kernel counts it, so that no event changes one but not the other.
std::uint64_t Control::memory_in_use(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) fail("control memory: fstat");
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

base::Fd Control::create(const ControlOptions& options) {
  base::Fd fd = base::create_memory_file("manta-control");
  if (!fd) fail("control memory: memfd_create");
  const std::uint64_t meta =
      round_to_page(options.store_meta_bytes != 0 ? options.store_meta_bytes
                                                  : options.arena_bytes / 16 + (4u << 20));
  const std::uint64_t total = size_for(meta);
  if (ftruncate(fd.get(), static_cast<off_t>(total)) != 0) fail("control memory: ftruncate");
  auto* const header = static_cast<SessionHeader*>(map_shared(fd.get(), kPagesAt));
  header->layout_version = kLayoutVersion;
  header->page_bytes = sizeof(ProcessPage);
  header->total_bytes = total;
  header->arena_bytes = options.arena_bytes;
  header->store_meta_bytes = meta;
  // SYNC: none here: nobody else has the memory before the descriptor is passed on.
  header->cores.cores.store(options.cores, std::memory_order_relaxed);
  header->cores.wake_cost.store(static_cast<std::uint32_t>(options.wake_cost.count()),
                                std::memory_order_relaxed);
  header->magic = kMagic;
  munmap(header, kPagesAt);
  return fd;
}

Control::Control(int fd) {
  SessionHeader* const header = read_header(fd);
  size_ = header->total_bytes;
  munmap(header, kPagesAt);
  base_ = static_cast<std::byte*>(map_shared(fd, size_));
  // A fork of user code must not share it, and a core file must not contain 40 GB of it.
  madvise(base_, size_, MADV_DONTFORK);
  madvise(base_, size_, MADV_DONTDUMP);
}

Control::~Control() { munmap(base_, size_); }

void Control::reserve_in_child() const {
  (void)mmap(base_, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
             0);
}

SessionHeader& Control::session() const { return *reinterpret_cast<SessionHeader*>(base_); }

ProcessPage& Control::process(Slot slot) const {
  base::check(slot < kMaxSlots, "a slot number within the control memory");
  return *reinterpret_cast<ProcessPage*>(at(kPagesAt + slot * kPage));
}

RingPair Control::node_rings(Slot slot) const {
  base::check(slot < kMaxSlots, "a slot number within the control memory");
  std::byte* const pair = at(kNodeRingsAt + slot * kNodeRingStride);
  return {ring_of_pair(pair, 0, kNodeRingBytes), ring_of_pair(pair, 1, kNodeRingBytes)};
}

Lane Control::lane(std::uint32_t index) const {
  base::check(index < kMaxLanes, "a lane number within the control memory");
  std::byte* const pair = at(kLanesAt + index * kLaneStride);
  return {reinterpret_cast<LaneHeader*>(pair), ring_of_pair(pair, 0, kLaneRingBytes),
          ring_of_pair(pair, 1, kLaneRingBytes)};
}

std::byte* Control::store_meta() const { return at(kStoreMetaAt); }

void Control::discard(std::uint64_t offset, std::uint64_t bytes) const {
  // A hole in the memfd is zero for every process, and takes no memory.
  base::check(madvise(at(offset), bytes, MADV_REMOVE) == 0, "a memfd gives pages back");
}

void Control::discard_lane(std::uint32_t index) const {
  base::check(index < kMaxLanes, "a lane number within the control memory");
  discard(kLanesAt + index * kLaneStride, kLaneStride);
}

// The page itself is not discarded: peers that still have the old slot may look at its bell and its epoch.
void Control::discard_slot(Slot slot) const {
  ProcessPage& page = process(slot);
  Cores::forget(session().cores, page.active_threads);
  discard(kNodeRingsAt + slot * kNodeRingStride, kNodeRingStride);
  // SYNC: release: whoever sees the new epoch sees the rings empty. The rest becomes visible when the node hands the
  // slot to its next process.
  page.epoch.fetch_add(1, std::memory_order_release);
  page.pid.store(0, std::memory_order_relaxed);
  page.busy.store(0, std::memory_order_relaxed);
  page.crash.clear();
  page.bell.state.store(BellState::kAwake, std::memory_order_relaxed);
}

}  // namespace manta::rpc
