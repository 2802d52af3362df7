#include "npy.h"

#include <complex>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../../base/fd.h"
#include "npy_format.h"

namespace manta {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class NpyTest : public testing::Test {
 protected:
  NpyTest() {
    std::string name = (std::filesystem::temp_directory_path() / "npy-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~NpyTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file(const char* name) const { return folder_ / name; }
  void write(const char* name, std::string_view bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }
  // A file with this dict, version 1, and data.
  void write_dict(const char* name, const std::string& dict, std::string_view data) const {
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += static_cast<char>(dict.size() & 0xFF);
    bytes += static_cast<char>(dict.size() >> 8);
    write(name, bytes.append(dict).append(data));
  }
  template <class T>
  std::string refusal(const char* name) const {
    try {
      (void)load_npy<T>(file(name));
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "";
  }
  std::string content(const char* name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::filesystem::path folder_;
};

struct Point {
  float x, y, z;
  bool operator==(const Point&) const = default;
};

TEST_F(NpyTest, ArraysComeBack) {
  const Array<double> cube = Array<double>(arange<double>(24)).reshape({2, 3, 4});
  save_npy(file("cube.npy"), cube);
  EXPECT_EQ(load_npy<double>(file("cube.npy")), cube);
  save_npy(file("one.npy"), Array<int>(full<int>({}, 7)));
  EXPECT_EQ(load_npy<int>(file("one.npy"))(), 7);
  save_npy(file("none.npy"), Array<std::uint8_t>());
  EXPECT_EQ(load_npy<std::uint8_t>(file("none.npy")).size(), 0u);
  const Array<Point> points = array_from({Point{1, 2, 3}, Point{4, 5, 6}});
  save_npy(file("points.npy"), points);
  EXPECT_EQ(load_npy<Point>(file("points.npy")), points);
}

TEST_F(NpyTest, DataBeginsAtAMultipleOf64) {
  for (std::size_t rank = 0; rank < 12; ++rank) {
    const Shape shape(rank, 1);
    EXPECT_EQ(detail::make_npy_header(detail::parse_npy_type("<f8"), shape).size() % 64, 0u);
  }
}

TEST_F(NpyTest, HeaderIsWhatNumpyWrites) {
  save_npy(file("a.npy"), Array<std::int16_t>(arange<std::int16_t>(3)));
  const std::string bytes = content("a.npy");
  EXPECT_EQ(bytes.substr(0, 10), std::string_view("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_THAT(bytes.substr(10),
              testing::StartsWith("{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }"));
}

TEST_F(NpyTest, ReadsHeadersOfAllVersionsAndSpacings) {
  write_dict("old.npy", "{'shape':(2L,),'fortran_order':False,\"descr\":\"<i2\"}\n",
             "\x01\x00\x02\x00x");
  EXPECT_EQ(detail::parse_npy_header(content("old.npy")).shape, Shape{2});
  write_dict("a.npy", "{'descr': '<i2', 'fortran_order': True, 'shape': (2,), }",
             std::string_view("\1\0\2\0", 4));
  EXPECT_THAT(load_npy<std::int16_t>(file("a.npy")).span(), ElementsAre(1, 2));
  const std::string dict = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }";
  std::string bytes("\x93NUMPY\x02\x00", 8);
  bytes += {static_cast<char>(dict.size()), '\0', '\0', '\0'};
  write("v2.npy", bytes.append(dict).append("ab"));
  EXPECT_THAT(load_npy<std::uint8_t>(file("v2.npy")).span(), ElementsAre('a', 'b'));
}

TEST_F(NpyTest, WhatCannotBeReadIsAnInvalidArgumentWithTheReason) {
  EXPECT_THAT(refusal<int>("missing.npy"), HasSubstr("missing.npy: No such file"));
  write("text.npy", "hello, world, this is text");
  EXPECT_THAT(refusal<int>("text.npy"), HasSubstr("text.npy: not a valid .npy header"));
  write("empty.npy", "");
  EXPECT_THAT(refusal<int>("empty.npy"), HasSubstr("not a valid .npy header"));
  save_npy(file("double.npy"), Array<double>(arange<double>(3)));
  EXPECT_THAT(
      refusal<float>("double.npy"),
      HasSubstr("double.npy: it holds 64-bit floats (\"<f8\"), not 32-bit floats (\"<f4\"): use "
                "load_npy<double>"));
  write("archive.npy", std::string("PK\3\4") + std::string(100, '\0'));
  EXPECT_THAT(refusal<float>("archive.npy"), HasSubstr("an archive of arrays, .npz: use load_npz"));
  write("pickle.npy", std::string("\x80\4\x95") + std::string(100, '\0'));
  EXPECT_THAT(refusal<float>("pickle.npy"), HasSubstr("a Python pickle"));
  write_dict("objects.npy", "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "????????");
  EXPECT_THAT(refusal<int>("objects.npy"), HasSubstr("Python objects"));
  write_dict("big.npy", "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "????");
  EXPECT_THAT(refusal<float>("big.npy"),
              AllOf(HasSubstr("big-endian"), HasSubstr("a.astype(\"<f4\")")));
  write_dict("none.npy", "{'descr': 'i3', 'fortran_order': False, 'shape': (1,), }", "???");
  EXPECT_THAT(refusal<int>("none.npy"), HasSubstr("its type \"i3\" is none"));
  write_dict("bools.npy", "{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", "\1\1\2");
  EXPECT_THAT(refusal<bool>("bools.npy"), HasSubstr("neither 0 nor 1"));
  write_dict("short.npy", "{'descr': '<i4', 'fortran_order': False, 'shape': (100000000000,), }",
             "0123");
  EXPECT_THAT(refusal<int>("short.npy"), HasSubstr("truncated"));
  EXPECT_THAT(refusal<int>("."), HasSubstr("directory"));
}

TEST_F(NpyTest, AShapeThatNoArrayHasIsRefused) {
  const auto refusal_of = [&](const std::string& shape) {
    write_dict("shape.npy", "{'descr': '|i1', 'fortran_order': False, 'shape': (" + shape + "), }",
               "0123");
    return refusal<std::int8_t>("shape.npy");
  };
  EXPECT_THAT(
      refusal_of("70368744177664, 1"),
      AllOf(HasSubstr("shape.npy"), HasSubstr("(70368744177664, 1) has more elements than")));
  EXPECT_THAT(refusal_of("8388608, 8388608"), HasSubstr("more elements than memory has bytes"));
  EXPECT_THAT(refusal_of("70368744177664, 0"), HasSubstr("but for the extents of 0"));
  EXPECT_THAT(refusal_of("4294967296, 4294967296, 4294967296"), HasSubstr("more elements than"));
  EXPECT_THAT(refusal_of("70368744177664,"), HasSubstr("truncated"));
  std::string many = "1";
  for (int i = 1; i < 33; ++i) many += ", 1";
  EXPECT_THAT(refusal_of(many), HasSubstr("33 dimensions; at most 32 are supported"));
}

TEST_F(NpyTest, EveryCutOfAFileIsRefused) {
  save_npy(file("a.npy"), Array<int>(arange<int>(5)));
  const std::string whole = content("a.npy");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write("cut.npy", std::string_view(whole).substr(0, size));
    ASSERT_NE(refusal<int>("cut.npy"), "") << size;
  }
}

TEST_F(NpyTest, EveryChangedByteOfTheHeaderIsRefusedOrHarmless) {
  const std::string whole = detail::make_npy_header(detail::npy_element<Point>().type, Shape{5, 3});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = whole;
      changed[at] = static_cast<char>(value);
      try {
        (void)detail::npy_data_offset(changed);
        (void)detail::parse_npy_header(changed);
      } catch (const InvalidArgument&) {  // or a header; no crash
      }
    }
  }
}

TEST_F(NpyTest, SavingReplacesAFileWholeOrNotAtAll) {
  save_npy(file("a.npy"), Array<int>(arange<int>(5)));
  save_npy(file("a.npy"), Array<int>(arange<int>(2)));
  EXPECT_EQ(load_npy<int>(file("a.npy")).size(), 2u);
  EXPECT_THROW(save_npy(file("no/folder.npy"), Array<int>()), InvalidArgument);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(NpyTest, SavingFollowsSymbolicLinks) {
  namespace fs = std::filesystem;
  fs::create_directory(file("data"));
  fs::create_symlink("data/a.npy", file("direct.npy"));
  fs::create_symlink(file("direct.npy"), file("indirect.npy"));
  for (const std::size_t n : {5u, 2u}) {  // to nothing yet, then to a file
    save_npy(file("indirect.npy"), Array<int>(arange<int>(n)));
    EXPECT_EQ(load_npy<int>(file("data/a.npy")).size(), n);
    EXPECT_TRUE(fs::is_symlink(file("direct.npy")) && fs::is_symlink(file("indirect.npy")));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(file("data")), {}), 1);
  fs::create_symlink("loop.npy", file("loop.npy"));
  EXPECT_THROW(save_npy(file("loop.npy"), Array<int>()), InvalidArgument);
}

TEST_F(NpyTest, SavingWritesIntoWhatIsNoRegularFile) {
  ASSERT_EQ(::mkfifo(file("pipe").c_str(), 0600), 0);
  const base::Fd reader(::open(file("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  save_npy(file("pipe"), Array<int>(arange<int>(5)));
  EXPECT_TRUE(std::filesystem::is_fifo(file("pipe")));
  std::string bytes(4096, '\0');
  bytes.resize(std::size_t(std::max<ssize_t>(0, ::read(reader.get(), bytes.data(), bytes.size()))));
  save_npy(file("file.npy"), Array<int>(arange<int>(5)));
  EXPECT_EQ(bytes, content("file.npy"));
  EXPECT_THROW(save_npy(folder_, Array<int>()), InvalidArgument);
}

}  // namespace
}  // namespace manta
