// The sizes in which an arena's memory is divided. Small blocks have sizes of their own: size_class.h.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::objectstore {

inline constexpr std::size_t kPage = 4096;
inline constexpr std::size_t kSlabSize = std::size_t{1} << 20;
inline constexpr std::uint32_t kSlabPages = kSlabSize / kPage;
inline constexpr std::size_t kBlockAlignment = 64;  // a page from kSealedSize on
// Arena::seal() has an effect on blocks of this size and larger ones.
inline constexpr std::size_t kSealedSize = std::size_t{1} << 20;

}  // namespace manta::objectstore
