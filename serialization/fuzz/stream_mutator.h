// Mutations of a stream where it has its joints: at varints (counts, kinds of payloads, mentions) and at
// elements. The fuzzers give half of the cases to it, and the rest to libFuzzer.
//
// Threads: confined. The same seed gives the same mutation.
#pragma once
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "../stream/encoded.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max);

namespace manta::serialization {

class StreamMutator {
 public:
  using Stream = std::vector<std::uint8_t>;

  explicit StreamMutator(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return random_() % n; }

  // One to four steps, from `begin` on.
  void mutate(Stream& stream, std::size_t begin) {
    for (std::size_t steps = 1 + below(4); steps > 0 && stream.size() > begin; --steps) {
      step(stream, begin);
    }
  }

  // What libFuzzer makes of a part of the input, which grows to at most `max`.
  static void mutate_freely(Stream& stream, std::size_t max) {
    const std::size_t size = stream.size();
    stream.resize(max > size ? max : size);
    stream.resize(LLVMFuzzerMutate(stream.data(), size, stream.size()));
  }

 private:
  struct Varint {
    std::size_t at;
    std::size_t size;
    std::uint64_t value;
  };

  void step(Stream& stream, std::size_t begin) {
    const Varint one = varint_near(stream, begin, begin + below(stream.size() - begin));
    switch (below(9)) {
      case 0:  // a count or an index
        return replace(stream, one, one.value + (below(2) == 0 ? 1 : ~std::uint64_t{0}));
      case 1:  // a string's bytes or a buffer, a plain extent or several
        return replace(stream, one, one.value ^ 1);
      case 2:  // a kind of payload, a mention, an alternative of a variant
      case 3:
        return replace(stream, one, below(9));
      case 4:
        return replace(stream, one, std::uint64_t{1} << below(64));
      case 5:
        return change_elements(stream, begin, one, 1);
      case 6:
        return change_elements(stream, begin, one, -1);
      case 7:  // an array that was met before
        return replace(stream, one,
                       2 * std::uint64_t{below(stream.size() + kMetaHeader)} + kFirstMention);
      default:  // what is here is what stands elsewhere
        return replace(stream, one,
                       varint_near(stream, begin, begin + below(stream.size() - begin)).value);
    }
  }

  // The varint that `at` is part of.
  static Varint varint_near(const Stream& stream, std::size_t begin, std::size_t at) {
    while (at > begin && (stream[at - 1] & 0x80) != 0) --at;
    Varint found{at, 0, 0};
    while (at + found.size < stream.size() && found.size < 9) {
      const std::uint8_t byte = stream[at + found.size];
      found.value |= std::uint64_t{byte & 0x7fu} << (7 * found.size);
      ++found.size;
      if (byte < 0x80) break;
    }
    return found;
  }

  static void replace(Stream& stream, const Varint& old, std::uint64_t value) {
    std::vector<std::uint8_t> bytes;
    for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::uint8_t>(value | 0x80));
    bytes.push_back(static_cast<std::uint8_t>(value));
    const auto place = stream.begin() + static_cast<std::ptrdiff_t>(old.at);
    stream.insert(stream.erase(place, place + static_cast<std::ptrdiff_t>(old.size)), bytes.begin(),
                  bytes.end());
  }

  // Twice or no more: `first` and, if it says how many, the bytes behind it. A count before it follows.
  void change_elements(Stream& stream, std::size_t begin, const Varint& first, int by) {
    const std::size_t left = stream.size() - first.at - first.size;
    const std::size_t content = first.value / 2 <= left ? first.value / 2 : below(4) % (left + 1);
    const auto place = stream.begin() + static_cast<std::ptrdiff_t>(first.at);
    const auto end = place + static_cast<std::ptrdiff_t>(first.size + content);
    if (by > 0) {
      const Stream element(place, end);
      if (element.size() > 4096) return;
      stream.insert(end, element.begin(), element.end());
    } else {
      stream.erase(place, end);
    }
    if (first.at == begin) return;
    const std::size_t back = 1 + below(first.at - begin < 24 ? first.at - begin : 24);
    const Varint count = varint_near(stream, begin, first.at - back);
    replace(stream, count, count.value + static_cast<std::uint64_t>(below(2) == 0 ? by : 2 * by));
  }

  std::minstd_rand random_;
};

}  // namespace manta::serialization
