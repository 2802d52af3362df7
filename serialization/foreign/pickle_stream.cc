#include "pickle_stream.h"

#include <bit>
#include <cstring>

#include "../../base/error.h"

namespace manta::serialization {
namespace {

std::string_view view_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

PickleStream::PickleStream(std::size_t limit) : limit_(limit), out_("\x80\x05", 2) {}

void PickleStream::too_long() {
  throw SerializationError("the pickle would be far longer than the value that it is made of");
}

template <class T>
void PickleStream::number(T value) {
  static_assert(std::endian::native == std::endian::little);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out_.append(bytes, sizeof value);
}

void PickleStream::integer(std::span<const std::byte> bytes, bool is_signed) {
  const bool negative =
      is_signed && !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0};
  const auto filler = negative ? std::byte{0xff} : std::byte{0};
  while (!bytes.empty() && bytes.back() == filler) {
    bytes = bytes.first(bytes.size() - 1);
  }
  check_room(bytes.size());
  std::string digits(view_of(bytes));
  if (digits.size() <= 2 && !negative) {
    digits.resize(2, '\0');
    out_ += digits[1] == 0 ? 'K' : 'M';
    out_.append(digits, 0, digits[1] == 0 ? 1 : 2);
    return;
  }
  const bool top = !digits.empty() && (static_cast<unsigned char>(digits.back()) & 0x80) != 0;
  if (digits.empty() || top != negative) {
    digits += static_cast<char>(filler);  // the sign
  }
  if (digits.size() <= 4) {
    digits.resize(4, static_cast<char>(filler));
    out_ += 'J';
  } else if (digits.size() < 256) {
    out_ += '\x8a';
    out_ += static_cast<char>(digits.size());
  } else {
    out_ += '\x8b';
    number(static_cast<std::int32_t>(digits.size()));
  }
  out_ += digits;
}

void PickleStream::integer(std::uint64_t value) {
  integer(std::as_bytes(std::span(&value, 1)), false);
}

void PickleStream::real(double value) {
  out_ += 'G';
  number(__builtin_bswap64(std::bit_cast<std::uint64_t>(value)));
}

void PickleStream::sized(char small, char medium, char large, std::string_view content) {
  check_room(content.size());
  if (content.size() < 256) {
    out_ += small;
    out_ += static_cast<char>(content.size());
  } else if (content.size() <= UINT32_MAX) {
    out_ += medium;
    number(static_cast<std::uint32_t>(content.size()));
  } else {
    out_ += large;
    number(std::uint64_t{content.size()});
  }
  out_ += content;
}

void PickleStream::text(std::string_view utf8) { sized('\x8c', 'X', '\x8d', utf8); }
void PickleStream::bytes(std::span<const std::byte> bytes) {
  sized('C', 'B', '\x8e', view_of(bytes));
}

void PickleStream::next_buffer() { out_ += "\x97\x98"; }

void PickleStream::global(std::string_view module, std::string_view name) {
  text(module);
  text(name);
  opcode('\x93');
}

std::uint32_t PickleStream::memoize() {
  opcode('\x94');
  return memos_++;
}

void PickleStream::get(std::uint32_t memo) {
  if (memo < 256) {
    opcode('h');
    out_ += static_cast<char>(memo);
  } else {
    opcode('j');
    number(memo);
  }
}

std::string PickleStream::finish() && {
  opcode('.');
  return std::move(out_);
}

}  // namespace manta::serialization
