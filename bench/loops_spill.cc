// Objects that have no room in memory: putting many times the store's size, and getting all of it back.
// Unit and floor: the share of what the disk can do, O_DIRECT, in blocks of 4 MiB, taken beside the loop in the same
// directory. Where the file system knows no O_DIRECT, both go through the page cache.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

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

struct DiskRates {
  double write = 0, read = 0;  // bytes/s
};

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::system_category(), call);
}

DiskRates disk_rates(std::size_t bytes) {
  int file = ::open(kDirectory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_DIRECT, 0600);
  if (file < 0) file = ::open(kDirectory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) fail("open");
  const std::unique_ptr<void, void (*)(void*)> memory(std::aligned_alloc(4096, kBlock), std::free);
  std::fill_n(static_cast<char*>(memory.get()), kBlock, 'x');
  const auto rate = [&](auto transfer) {
    const auto begin = Clock::now();
    for (std::size_t at = 0; at < bytes; at += kBlock) {
      if (transfer(file, memory.get(), kBlock, static_cast<off_t>(at)) != ssize_t{kBlock}) {
        fail("pread or pwrite");
      }
    }
    return static_cast<double>(bytes) / seconds_since(begin);
  };
  const double write = rate(::pwrite);
  const double read = rate(::pread);
  ::close(file);
  return {write, read};
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
  return {found.spill / disk_rates(count * kObject - store).write, found.spill_cpu_us};
}

Measured restore(const Run& run) {
  const auto [store, count] = sizes(run.effort);
  const Rates found = rates(run);
  return {found.restore / disk_rates(count * kObject - store).read, found.restore_cpu_us};
}

}  // namespace manta::bench
