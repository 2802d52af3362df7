// How the elements of a file become those of an array: which bytes go where.
//
//   header of the file + element type of the array  --match_npy()-->  NpyLayout
//
// Items are what the file has: an array of std::array<float, 3> has three for each element, one of char has one for
// each text. Fields of structs find each other by their names, in any order and at any distance.
//
// Errors: InvalidArgument that says in words what the file holds, and by which call it is read. Units: bytes.
// Threads: any.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../extents.h"
#include "npy_element.h"
#include "npy_format.h"

namespace manta::detail {

// Bytes of an item that lie together in the file and in memory.
struct NpyPiece {
  std::size_t from = 0;
  std::size_t to = 0;
  std::size_t size = 0;
};

struct NpyLayout {
  Extents shape;                   // of the array
  std::vector<std::size_t> items;  // the shape of the file, without dimensions of 1
  bool column_major = false;       // the first index runs fastest in the file, and it matters
  std::size_t item_in_file = 0;
  std::size_t item_in_memory = 0;
  std::vector<NpyPiece> pieces;  // empty: an item is copied as it is
  std::size_t size_in_file = 0;
  std::size_t size_in_memory = 0;
};

// `call` is the template to be named with another type: "load_npy".
NpyLayout match_npy(const NpyHeader& header, const NpyField& element, std::string_view call);

// The bytes of a type, without the padding of structs and that of long doubles.
std::vector<NpyPiece> npy_pieces(const NpyType& type);
// Where its bools are.
std::vector<std::size_t> npy_bools(const NpyType& type);

}  // namespace manta::detail
