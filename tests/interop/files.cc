// Functions for check_files.py: numpy's files read as elements of a type, and written again. What fails returns a
// negative number; last_error() tells why.
#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <manta/objectstore/npy.h>
#include <manta/objectstore/npz.h>

#include "guarded.h"

namespace {

using Path = const std::filesystem::path&;

struct Inner {
  std::int8_t tag;
  double value;
};
struct Record {  // with padding
  double x;
  std::int16_t y;
  float weights[2];
  Inner pair[2];
  char name[8];
  bool on;
  manta::float16 half;
  std::chrono::sys_time<std::chrono::microseconds> when;
};
struct Float8 {  // one of ml_dtypes'
  std::uint8_t bits;
};

template <class T>
void copy_file(Path from, Path to) {
  manta::save_npy(to, manta::load_npy<T>(from));
}

using Copy = void (*)(Path from, Path to);
const std::map<std::string_view, Copy> kCopies{
    {"bool", copy_file<bool>},
    {"int8", copy_file<std::int8_t>},
    {"uint8", copy_file<std::uint8_t>},
    {"int16", copy_file<std::int16_t>},
    {"int64", copy_file<std::int64_t>},
    {"float16", copy_file<manta::float16>},
    {"bfloat16", copy_file<manta::bfloat16>},
    {"float", copy_file<float>},
    {"double", copy_file<double>},
    {"long double", copy_file<long double>},
    {"complex<float>", copy_file<std::complex<float>>},
    {"array<float, 3>", copy_file<std::array<float, 3>>},
    {"char", copy_file<char>},
    {"array<char, 3>", copy_file<std::array<char, 3>>},
    {"array<char32_t, 3>", copy_file<std::array<char32_t, 3>>},
    {"nanoseconds", copy_file<std::chrono::nanoseconds>},
    {"sys_time<microseconds>", copy_file<std::chrono::sys_time<std::chrono::microseconds>>},
    {"Record", copy_file<Record>},
    {"Float8", copy_file<Float8>},
};

std::string text;

std::string text_of(const manta::NpyInfo& info) {
  std::string all = info.dtype + " (";
  for (const std::size_t n : info.shape) all += std::to_string(n) + ",";
  return all + ") " + (info.fortran_order ? "F" : "C");
}

}  // namespace

extern "C" {

// Reads and writes again what lies at `from`.
int copy_npy(const char* type, const char* from, const char* to) {
  return guarded([&] { return kCopies.at(type)(from, to), 0; }, -1);
}
// Writes a member of an archive as a file.
int extract_doubles(const char* archive, const char* member, const char* to) {
  return guarded(
      [&] { return manta::save_npy(to, manta::load_npz(archive).get<double>(member)), 0; }, -1);
}

const char* info_of(const char* path) {
  return guarded([&] { return (text = text_of(manta::npy_info(path))).c_str(); }, nullptr);
}
const char* members_of(const char* path) {
  const auto list = [&] {
    text.clear();
    for (const auto& [name, info] : manta::npz_members(path)) {
      text += name + ": " + text_of(info) + "\n";
    }
    return text.c_str();
  };
  return guarded(list, nullptr);
}

}  // extern "C"
