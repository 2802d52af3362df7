// Sorts words alphabetically, and says where each one was.
#pragma once
#include <cstdint>
#include <vector>

#include "word_table.h"

namespace codesearch {

// The numbers of the entries, in the alphabetical order of their words. A radix sort by the first
// eight bytes, one byte at a time from the last to the first; then each run of words that begin
// alike is sorted by comparison.
std::vector<std::uint32_t> alphabetical(const std::vector<WordTable::Entry>& entries);

}  // namespace codesearch
