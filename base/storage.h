// A Storage owns a range of immutable bytes and does not say where they are: in heap memory, in a
// block of the object store, in memory from outside. Arrays and Bytes hold a StorageRef; the bytes
// live as long as any such ref.
//
// Invariants: data() and size() never change; the bytes do not change once the Storage is shared.
// Threads:    any.   Units: bytes.
#pragma once
#include <cstddef>
#include <span>

#include "counted.h"

namespace manta::base {

inline constexpr std::size_t kStorageAlignment = 64;  // of all array data

class Storage : public Counted {
 public:
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<const std::byte> span() const { return {data_, size_}; }

  // What holds a reference for the runtime; all others are arrays of the user. Blocks of the store count them, for
  // those that ask what is held by what. A call that waits reads nothing, as a value does not; one that was sent may.
  enum class Keeper { kValue, kWaitingCall, kCall };
  virtual void count_keeper(Keeper, int /*change*/) noexcept {}

  // Around reading the bytes through a reference that is a Keeper's: they stay where they are in between. False: they
  // are not in memory, and must not be read; there is no end_reading() then.
  virtual bool begin_reading() noexcept { return true; }
  virtual void end_reading() noexcept {}
  // From now on whoever has a reference reads without that: the bytes stay where they are.
  virtual void read_unasked() noexcept {}

 protected:
  Storage(const std::byte* data, std::size_t size) : data_(data), size_(size) {}
  ~Storage() override;

 private:
  const std::byte* data_;
  std::size_t size_;
};

using StorageRef = Ref<Storage>;

// Bytes on the heap, aligned to 64 bytes, in one allocation with their count. Whoever makes one fills it through
// mutable_data() before sharing it.
class HeapStorage final : public Storage {
 public:
  static Ref<HeapStorage> create(std::size_t size);  // uninitialized bytes; throws std::bad_alloc
  static Ref<HeapStorage> copy_of(std::span<const std::byte> bytes);

  std::byte* mutable_data();

 private:
  explicit HeapStorage(std::size_t size);
  ~HeapStorage() override = default;
  void destroy() noexcept override;
};

}  // namespace manta::base
