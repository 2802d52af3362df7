// A SpillPlace keeps the bytes of objects for which the store's memory has no room: SpillFiles on disks, S3Place in a
// bucket. Another kind of place is another class like them.
//
// Threads: write() by one thread at a time; read() and erase() by any, also meanwhile. Units: bytes.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::objectstore {

// Where an object lies; told by write().
struct SpilledAt {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;  // of its first byte
  std::uint64_t size = 0;
  std::uint64_t number = 0;  // the record says it too
};

// What was written cannot be read, or is not what was written: the object is lost.
class SpillLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class SpillPlace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Bytes = std::span<const std::byte>;

  SpillPlace() = default;
  virtual ~SpillPlace() = default;
  SpillPlace(const SpillPlace&) = delete;
  SpillPlace& operator=(const SpillPlace&) = delete;

  // Writes the first of these objects, as many as there is room for, all if possible. Errors: OutOfDisk if it is none;
  // names each place that was tried, why in vain, and when it is tried again.
  virtual std::vector<SpilledAt> write(std::span<const Bytes> objects, Time now) = 0;
  // Reads an object into memory of its size. Errors: SpillLost; then the memory holds anything.
  virtual void read(const SpilledAt& at, std::span<std::byte> to) = 0;
  // Gives the room of an object back, which nobody reads any more.
  virtual void erase(const SpilledAt& at) = 0;
  // The process ends: what would stay without it is deleted, as far as that takes no longer. Returns what stays, for
  // people; empty: nothing. Whatever is asked for afterwards fails.
  virtual std::string end(std::chrono::milliseconds) { return {}; }
};

}  // namespace manta::objectstore
