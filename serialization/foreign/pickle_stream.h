// The opcodes of Python's pickle protocol 5, as far as values need them.
//
// Invariant: what memoize() returns is the number under which get() brings the object back.
// Threads: confined.   Errors: SerializationError when the stream becomes longer than `limit`, by more than a few
// bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::serialization {

class PickleStream {
 public:
  explicit PickleStream(std::size_t limit);

  void none() { opcode('N'); }
  void boolean(bool value) { opcode(value ? '\x88' : '\x89'); }
  // `bytes` are little-endian two's complement, of any length.
  void integer(std::span<const std::byte> bytes, bool is_signed);
  void integer(std::uint64_t value);
  void real(double value);
  void text(std::string_view utf8);
  void bytes(std::span<const std::byte> bytes);
  void next_buffer();  // the next one of pickle.loads(..., buffers=...), read-only
  void global(std::string_view module, std::string_view name);

  void mark() { opcode('('); }
  void empty_tuple() { opcode(')'); }
  void tuple() { opcode('t'); }  // made of what stands behind the mark
  void empty_list() { opcode(']'); }
  void appends() { opcode('e'); }  // appends what stands behind the mark to the list before it
  void empty_dict() { opcode('}'); }
  void set_items() { opcode('u'); }
  void empty_set() { opcode('\x8f'); }
  void add_items() { opcode('\x90'); }
  void frozen_set() { opcode('\x91'); }
  void reduce() { opcode('R'); }  // calls a callable with a tuple of arguments
  void build() { opcode('b'); }   // gives the object its state
  void pop() { opcode('0'); }

  std::uint32_t memoize();
  void get(std::uint32_t memo);

  std::string finish() &&;

 private:
  void opcode(char code) {
    check_room(1);
    out_ += code;
  }
  void check_room(std::size_t size) const {
    if (size > limit_ || out_.size() > limit_ - size) [[unlikely]] {
      too_long();
    }
  }
  [[noreturn]] static void too_long();
  template <class T>
  void number(T value);
  void sized(char small, char medium, char large, std::string_view content);

  const std::size_t limit_;
  std::string out_;
  std::uint32_t memos_ = 0;
};

}  // namespace manta::serialization
