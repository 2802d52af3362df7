// PackedBytes keeps many short strings of bytes together in blocks of the store, where one of its own would cost each
// of them a record of 128 bytes and the rest of a size class.
//
//   put() --> a pack with room, else a new one --the last string of it is dropped--> its block is free
//
// A pack is a block of 4 KiB that several strings share, or that of one string of over 1 KiB. It lives as long as any
// of them, so a few strings that stay keep their neighbours' memory.
//
// Invariants: bytes never change once put() has given them; the pack that has room is not kept by that.
// Threads:    any. Errors: those of `make`.
#pragma once
#include <cstddef>
#include <functional>
#include <mutex>
#include <span>

#include "../base/result.h"
#include "../base/storage.h"
#include "arena/store_error.h"

namespace manta::objectstore {

class PackedBytes {
 public:
  PackedBytes() = default;
  PackedBytes(const PackedBytes&) = delete;
  PackedBytes& operator=(const PackedBytes&) = delete;

  // A new block of so many bytes, which keeps this alive.
  struct NewBlock {
    base::StorageRef storage = {};
    std::byte* writable = nullptr;
  };
  using Make = std::function<base::Result<NewBlock, StoreError>(std::size_t size)>;
  struct Place {
    const std::byte* data = nullptr;
    base::StorageRef storage = {};  // keeps it
  };
  // A copy of the bytes, at least one, read-only and in the store.
  base::Result<Place, StoreError> put(std::span<const std::byte> bytes, const Make& make);

  // Around fork(), before the blocks are locked and after.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  class Pack;
  bool put_into_open(std::span<const std::byte> bytes, Place& place);

  std::mutex mutex_;
  Pack* open_ = nullptr;  // the one with room; it takes itself away when it goes
};

}  // namespace manta::objectstore
