// Values of many small parts, four times as much as the store of a test has room for.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include <manta/manta.h>

#include "small_store_fixture.h"

namespace manta::testing {

inline constexpr std::size_t kMiB = std::size_t{1} << 20;
inline constexpr long kMany = 200;  // of words(): four times the store

using Words = std::vector<std::string>;

// Every third has 100 KB, the others 2 MB.
inline Words words(long which) {
  const std::size_t count = which % 3 == 0 ? 100 : 2'000;
  Words made(count, std::string(1'000, static_cast<char>('a' + which % 26)));
  for (std::size_t i = 0; i < count; ++i) {
    made[i] += std::to_string(1'000 * which) + std::to_string(i);
  }
  return made;
}
inline bool are_words(const Words& found, long which) { return found == words(which); }

using Refs = std::vector<ObjectRef<Words>>;

inline Refs put_many(long count) {
  Refs refs;
  for (long i = 0; i < count; ++i) refs.push_back(put(words(i)));
  return refs;
}
// How many are wrong.
inline int wrong_of(const Refs& refs) {
  int wrong = 0;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    wrong += are_words(get(refs[i]), static_cast<long>(i)) ? 0 : 1;
  }
  return wrong;
}

class SpilledParts : public SmallStoreTest {};

}  // namespace manta::testing
