#include "word_sort.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace codesearch {
namespace {

struct Key {
  std::uint64_t head;
  std::uint32_t number;
};

constexpr int kDigits = 8;
using Histogram = std::array<std::uint32_t, 256>;

std::size_t digit(std::uint64_t head, int d) { return head >> (8 * d) & 0xff; }

// How often each digit has each value: all eight in one pass.
std::array<Histogram, kDigits> count_digits(const std::vector<Key>& keys) {
  std::array<Histogram, kDigits> counts{};
  for (const Key& key : keys) {
    for (int d = 0; d < kDigits; ++d) {
      ++counts[static_cast<std::size_t>(d)][digit(key.head, d)];
    }
  }
  return counts;
}

void sort_by_head(std::vector<Key>& keys) {
  std::vector<Key> other(keys.size());
  auto counts = count_digits(keys);
  for (int d = 0; d < kDigits; ++d) {
    Histogram& next = counts[static_cast<std::size_t>(d)];
    std::exclusive_scan(next.begin(), next.end(), next.begin(), 0u);
    for (const Key& key : keys) {
      other[next[digit(key.head, d)]++] = key;
    }
    keys.swap(other);
  }
}

}  // namespace

std::vector<std::uint32_t> alphabetical(const std::vector<WordTable::Entry>& entries) {
  std::vector<Key> keys(entries.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    keys[i] = {entries[i].word.head(), static_cast<std::uint32_t>(i)};
  }
  sort_by_head(keys);
  for (auto run = keys.begin(); run != keys.end();) {
    const auto end =
        std::find_if(run + 1, keys.end(), [&run](const Key& key) { return key.head != run->head; });
    if (end - run > 1) {
      std::sort(run, end, [&entries](const Key& a, const Key& b) {
        return entries[a.number].word < entries[b.number].word;
      });
    }
    run = end;
  }
  std::vector<std::uint32_t> numbers(keys.size());
  std::transform(keys.begin(), keys.end(), numbers.begin(), [](const Key& k) { return k.number; });
  return numbers;
}

}  // namespace codesearch
