// Objects that have no room in memory: putting many times the store's size, and getting all of it back.
// Unit and floor: the share of what a plain program reaches beside the loop, in the same directory, with O_DIRECT in
// blocks of 4 MiB (where the file system knows no O_DIRECT, both go through the page cache): one thread fills memory
// that is new to it, another writes it, takes a checksum and gives the memory back; and for reading, blocks of an
// object's size into new memory, one after the other, with a checksum. On most disks that is the disk's rate.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <semaphore>
#include <stdexcept>
#include <sys/mman.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>
#include <xxhash.h>

#include <manta/manta.h>

#include "../base/fd.h"
#include "figures.h"
#include "loops.h"

namespace manta::bench {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kObject = 8 * kMiB;
constexpr std::size_t kBlock = 4 * kMiB;
const std::filesystem::path kDirectory = "/var/tmp";

struct Sizes {
  std::size_t store, objects;
};
Sizes sizes(Effort effort) {
  return effort == Effort::kSmoke ? Sizes{64 * kMiB, 10} : Sizes{256 * kMiB, 160};
}

struct PlainRates {
  double write = 0, read = 0;  // bytes/s
};

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::system_category(), call);
}

// Memory as the store has it: of a file, shared, and new.
class NewMemory {
 public:
  explicit NewMemory(std::size_t size) : size_(size), file_(::memfd_create("floor", MFD_CLOEXEC)) {
    if (!file_ || ::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) fail("memfd_create");
    address_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    if (address_ == MAP_FAILED) fail("mmap");
  }
  ~NewMemory() { ::munmap(address_, size_); }
  NewMemory(const NewMemory&) = delete;
  std::byte* at(std::size_t offset) const { return static_cast<std::byte*>(address_) + offset; }
  void populate(std::size_t offset, std::size_t size) const {
    if (::madvise(at(offset), size, MADV_POPULATE_WRITE) != 0) fail("madvise");
  }
  void give_back(std::size_t offset, std::size_t size) const {
    if (::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    static_cast<off_t>(offset), static_cast<off_t>(size)) != 0) {
      fail("fallocate");
    }
  }

 private:
  const std::size_t size_;
  const base::Fd file_;
  void* address_ = nullptr;
};

base::Fd plain_file() {
  base::Fd file(::open(kDirectory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_DIRECT, 0600));
  if (!file) file = base::Fd(::open(kDirectory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file) fail("open");
  return file;
}

void transfer(auto call, const base::Fd& file, std::byte* memory, std::size_t offset) {
  for (std::size_t at = 0; at < kObject; at += kBlock) {
    if (call(file.get(), memory + at, kBlock, static_cast<off_t>(offset + at)) != ssize_t{kBlock}) {
      fail("pread or pwrite");
    }
  }
}

// `count` objects through memory for `room` of them.
PlainRates plain_rates(std::size_t count, std::size_t room) {
  const base::Fd file = plain_file();
  const NewMemory memory(count * kObject);
  std::counting_semaphore<> free_rooms(static_cast<std::ptrdiff_t>(room)), filled(0);
  const auto begin = Clock::now();
  std::uint64_t checks = 0;
  std::thread writer([&] {
    for (std::size_t i = 0; i < count; ++i) {
      filled.acquire();
      checks += XXH3_64bits(memory.at(i * kObject), kObject);
      transfer(::pwrite, file, memory.at(i * kObject), i * kObject);
      memory.give_back(i * kObject, kObject);
      free_rooms.release();
    }
  });
  for (std::size_t i = 0; i < count; ++i) {
    free_rooms.acquire();
    memory.populate(i * kObject, kObject);
    std::fill_n(memory.at(i * kObject), kObject, static_cast<std::byte>(i));
    filled.release();
  }
  writer.join();
  const double write = static_cast<double>(count * kObject) / seconds_since(begin);
  const auto again = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    memory.populate(i * kObject, kObject);
    transfer(::pread, file, memory.at(i * kObject), i * kObject);
    checks -= XXH3_64bits(memory.at(i * kObject), kObject);
    memory.give_back(i * kObject, kObject);
  }
  if (checks != 0) throw std::runtime_error("wrong bytes");
  return {write, static_cast<double>(count * kObject) / seconds_since(again)};
}

using Refs = std::vector<manta::ObjectRef<manta::Array<std::uint8_t>>>;

manta::Array<std::uint8_t> object(std::size_t number) {
  return manta::full<std::uint8_t>(kObject, static_cast<std::uint8_t>(number)).freeze();
}

std::size_t spilled() { return manta::cluster().nodes.at(0).store.spilled; }

struct Rates {
  double spill = 0, restore = 0;
  double spill_cpu_us = 0, restore_cpu_us = 0;  // of an object
};

// What is in memory at the end was not spilled, and is not counted.
Rates rates(const Run& run) {
  const auto [store, count] = sizes(run.effort);
  const auto session = manta::init({.cpus = 2,
                                    .object_store_bytes = store,
                                    .spill_dirs = {kDirectory.string()},
                                    .overflow = false});
  const auto cpu = SessionCpu::of_open_session();
  Refs refs;
  std::size_t i = 0;
  for (; i < store / kObject; ++i) refs.push_back(manta::put(object(i)));
  const std::size_t before = spilled();
  Stopwatch putting(cpu);
  putting.start();
  for (; i < count; ++i) refs.push_back(manta::put(object(i)));
  putting.stop();
  const auto put = putting.per_round(1);
  const auto on_disk = static_cast<double>(spilled());

  // In the order in which they were spilled: what is at hand at the end is never asked for.
  std::size_t read = 0;
  Stopwatch getting(cpu);
  getting.start();
  for (std::size_t n = 0; static_cast<double>((n + 1) * kObject) <= on_disk; ++n) {
    const auto array = manta::get(refs[n]);
    if (array[kObject - 1] != static_cast<std::uint8_t>(n)) throw std::runtime_error("wrong bytes");
    read += kObject;
  }
  getting.stop();
  const auto got = getting.per_round(1);
  const std::size_t spilled_ones = count - store / kObject;
  const double each = 1e6 / static_cast<double>(spilled_ones);
  return {(on_disk - static_cast<double>(before)) / put.seconds,
          static_cast<double>(read) / got.seconds, put.cpu_seconds * each, got.cpu_seconds * each};
}

}  // namespace

Measured spill(const Run& run) {
  const auto [store, count] = sizes(run.effort);
  const Rates found = rates(run);
  return {found.spill / plain_rates(count, store / kObject).write, found.spill_cpu_us};
}

Measured restore(const Run& run) {
  const auto [store, count] = sizes(run.effort);
  const Rates found = rates(run);
  return {found.restore / plain_rates(count, store / kObject).read, found.restore_cpu_us};
}

}  // namespace manta::bench
