// The files of one batch as they were read: what lines are shown from. An array in the store, and
// the place of each file in it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <manta/manta.h>

#include "file_reader.h"
#include "segment.h"

namespace codesearch {

struct Texts {
  DocumentId first_document = 0;
  std::vector<std::string> paths;
  std::vector<Place> places;
  manta::Array<char> bytes;

  const std::string& path(DocumentId id) const { return paths[id - first_document]; }
  // Can be read kPadding bytes beyond its end.
  std::string_view text(DocumentId id) const {
    const Place& place = places[id - first_document];
    return {bytes.data() + place.begin, place.size};
  }
};

}  // namespace codesearch
