// Bytes of a fuzzer, taken one by one; past their end there are zeros.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  bool empty() const { return at_ >= size_; }
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : data_[at_++]; }
  // A small number as a rule, now and then any.
  std::int64_t number() {
    const std::uint8_t first = byte();
    if (first < 0xF0) return first;
    if (first < 0xF4) return -static_cast<std::int64_t>(byte());
    std::uint64_t any = 0;
    for (int i = 0; i < 8; ++i) any = any << 8 | byte();
    return static_cast<std::int64_t>(any);
  }
  // Once in 16 times.
  bool rarely() { return byte() >= 0xF0; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};
