// Merges the segments of neighbouring documents into one, in one pass over each.
//
//   documents 0..9    int{2} main{2}       --+
//   documents 10..19  int{12} void{11,12}  ---->  documents 0..29  int{2,12} main{2} void{11,12,20}
//   documents 20..29  void{20}             --+
//
// The inputs follow each other: the documents of one are below those of the next, so the lists of a
// word are joined by copying them one behind the other. A gap between them counts as not indexed.
// Cost: words x segments comparisons of integers; every posting is copied once.
#pragma once
#include <cstddef>
#include <span>

#include "segment.h"

namespace codesearch {

Segment merge(std::span<const Segment> segments);

// How many different words the segments have together.
std::size_t count_words(std::span<const Segment> segments);

}  // namespace codesearch
