// Reads a batch of files one behind the other into one array, where they stay: the scanner reads
// them there, the store keeps them there, and the searchers show lines from there.
//
//   bytes   |#include <a>...|....(shrunk)|int main...|  64 zeros
//   places  {0, 812}         {812, 310}   {1200, 95}     {begin, size}; size 0: skipped
//
// A file is read as far as it went when it was listed: what was added since is left out.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include <manta/manta.h>

#include "file_list.h"
#include "skipped.h"

namespace codesearch {

struct Place {
  std::uint32_t begin;
  std::uint32_t size;
};

struct FileTexts {
  manta::MutableArray<char> bytes;  // ends with kPadding bytes that no place covers
  std::vector<Place> places;        // one for each file
  std::vector<Skipped> skipped;

  std::string_view text(const Place& place) const {
    return {bytes.data() + place.begin, place.size};
  }
};

// Never fails for the sake of a file; ObjectStoreFull when there is no room for the texts.
FileTexts read_files(const Batch& batch);

}  // namespace codesearch
