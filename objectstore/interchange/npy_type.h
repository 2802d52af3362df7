// The type of an element as numpy has it: what the "descr" of an .npy file says, and what a C++ type is called there.
//
//   kind            text            C++
//   b               |b1             bool
//   i u f c         <i4 <f8 <c16    integers, floats (f2: float16, f16: long double), std::complex
//   S U             |S3 <U3         text of up to 3 bytes, or characters of 32 bits: std::array<char, 3>
//   m M             <m8[ns]         durations, points in time: an integer of 64 bits that counts the unit
//   V               |V12 <V2        raw bytes (ml_dtypes saves bfloat16 and its likes as <V2 and <V1)
//   V, with fields  [('x', '<f8')]  structs; fields without a name are padding
//   O               |O              Python objects, which nobody else can read
//
// Errors: InvalidArgument with the reason. Units: bytes. Threads: values.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail {

struct NpyField;

struct NpyType {
  char kind = 'V';
  char order = '|';       // '<', '>', or '|' where there is none
  std::size_t size = 0;   // of one element
  std::string unit = {};  // of m and M, such as "ns" or "25s"; "": numpy's generic one
  std::vector<NpyField> fields;
  // Of a type of C++ only:
  bool is_struct = false;  // its fields are known; set by files, too
  // An i1 or u1 that is a byte of text or data, and a U that is one character.
  bool is_character = false;
  bool is_bfloat = false;  // a V2
  bool is_count = false;   // an integer that counts something which numpy has no unit for
};

// A member of a struct.
struct NpyField {
  std::string name;
  NpyType type;
  std::vector<std::size_t> shape = {};  // of a member that is an array
  std::size_t offset = 0;
};

NpyType make_npy_type(char kind, std::size_t size, char order = '|');
// "<f8", or any other text that numpy takes for a type of one value.
NpyType parse_npy_type(std::string_view text);
// As numpy writes it: "<f8"; "[('x', '<f8'), ('', '|V4')]" for a struct.
std::string npy_type_text(const NpyType& type);
// In words, for messages: "64-bit floats".
std::string npy_type_words(const NpyType& type);
// What reads such elements in C++, for messages: "double"; empty where nothing does.
std::string npy_type_in_cpp(const NpyType& type);

// In Python: "(6,)".
std::string npy_shape_text(const std::vector<std::size_t>& shape);
// The size of a field with all of its elements.
std::size_t npy_field_size(const NpyField& field);

}  // namespace manta::detail
