// Mutated bytes: an error or a well-formed value, never a crash. Deterministic; with the checksum
// made right, and without. The fuzzers (fuzz/) continue from here.
#include <random>

#include <gtest/gtest.h>

#include "../base/error.h"
#include "../base/sanitizers.h"
#include "foreign/pickle.h"
#include "fuzz/fuzz_types.h"
#include "round_trip_test.h"

namespace manta::serialization {
namespace {

// The engine's numbers are the same everywhere; the distributions' are not.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  void mutate(MetaBytes& bytes) {
    const std::size_t times = 1 + below(3);
    for (std::size_t i = 0; i < times; ++i) {
      mutate_once(bytes);
    }
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  std::size_t place(const MetaBytes& bytes) { return kMetaHeader / 2 + below(bytes.size() - 8); }

  void mutate_once(MetaBytes& bytes) {
    const std::size_t at = place(bytes);
    switch (below(5)) {
      case 0:
        bytes[at] ^= static_cast<std::byte>(1u << below(8));
        break;
      case 1:
        bytes[at] = static_cast<std::byte>(below(256));
        break;
      case 2:
        bytes[at] = below(2) == 0 ? std::byte{0xff} : std::byte{0};
        break;
      case 3:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), std::byte{1});
        break;
      default:
        bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
        break;
    }
  }

  std::mt19937_64 random_;
};

TEST(Mutation, AnErrorOrAWellFormedValue) {
  constexpr std::uint64_t kSeed = 20240501;
  const Everything value = make_everything();
  const Encoded good = encoded(value);
  use_up(decode<Everything>(good));
  Mutator mutator(kSeed);
  int refused = 0;
#ifdef MANTA_SANITIZED
  constexpr int kInputs = 200'000;  // the fuzzer of decode() continues
#else
  constexpr int kInputs = 1'000'000;
#endif
  for (int i = 0; i < kInputs; ++i) {
    MetaBytes meta = good.meta;
    mutator.mutate(meta);
    try {
      use_up(decode<Everything>(EncodedView(meta, good.buffers, {})));
    } catch (const SerializationError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, kInputs / 4) << "seed " << kSeed;
}

// The same for whoever reads without the C++ type: the bytes or the type's text are wrong.
TEST(Mutation, APickleOrAnError) {
  constexpr std::uint64_t kSeed = 20261125;
  const Encoded good = encoded(make_everything());
  const std::string& text = type_text<Everything>();
  EXPECT_GT(pickle_of(good, text, PickleBuffers::in_band).stream.size(), 100u);
  Mutator mutator(kSeed);
  std::mt19937_64 random(kSeed);
  int refused = 0;
  constexpr int kInputs = 50'000;
  for (int i = 0; i < kInputs; ++i) {
    MetaBytes meta = good.meta;
    std::string other = text;
    if (i % 2 == 0) {
      mutator.mutate(meta);
    } else {
      other[random() % other.size()] = text[random() % text.size()];
    }
    try {
      pickle_of(EncodedView(meta, good.buffers, {}), other, PickleBuffers::in_band);
    } catch (const SerializationError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, kInputs / 10) << "seed " << kSeed;
}

}  // namespace
}  // namespace manta::serialization
