// Which elements of C++ are which of numpy, both ways. tests/interop has numpy itself at the other end.
#include <array>
#include <chrono>
#include <complex>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"
#include "npy.h"
#include "npy_format.h"

namespace manta {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::sys_time;
using testing::ElementsAre;
using testing::HasSubstr;

struct Point {  // with padding between and behind its members
  double x;
  std::int16_t y;
  float weights[2];
};
struct Inner {
  std::int8_t a;
  double b;
};
enum class Color : std::uint8_t { kRed, kGreen };
struct Row {
  Inner pair[2];
  char name[8];
  Color color;
  bool on;
  bfloat16 depth;
};
struct Event {
  std::chrono::system_clock::time_point when;
  long double value;
};
class Opaque {
 public:
  explicit Opaque(int value = 0) : value_(value) {}
  int value() const { return value_; }

 private:
  int value_;
};

template <class T>
std::string text() {
  const detail::NpyField& field = detail::npy_element<T>();
  const std::string type = detail::npy_type_text(field.type);
  return field.shape.empty() ? type : type + detail::npy_shape_text(field.shape);
}

std::string read_as(std::string_view text) {
  return detail::npy_type_text(detail::parse_npy_type(text));
}

class NpyTypesTest : public testing::Test {
 protected:
  NpyTypesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "npy-types-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~NpyTypesTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path() const { return folder_ / "a.npy"; }
  // A file of this type and shape.
  void write(const std::string& descr, const std::string& shape, std::string_view data,
             bool fortran = false) const {
    const std::string dict = "{'descr': " + descr +
                             ", 'fortran_order': " + (fortran ? "True" : "False") +
                             ", 'shape': " + shape + ", }";
    std::string bytes("\x93NUMPY\x01\x00", 8);
    bytes += {static_cast<char>(dict.size() & 0xFF), static_cast<char>(dict.size() >> 8)};
    std::ofstream(path(), std::ios::binary) << bytes << dict << data;
  }
  template <class T>
  std::string refusal() const {
    try {
      (void)load_npy<T>(path());
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

TEST_F(NpyTypesTest, HaveNumpysNames) {
  EXPECT_EQ(text<double>(), "<f8");
  EXPECT_EQ(text<long double>(), "<f16");
  EXPECT_EQ(text<float16>(), "<f2");
  EXPECT_EQ(text<bfloat16>(), "<V2");
  EXPECT_EQ(text<std::uint32_t>(), "<u4");
  EXPECT_EQ(text<std::int8_t>(), "|i1");
  EXPECT_EQ(text<std::byte>(), "|u1");
  EXPECT_EQ(text<Color>(), "|u1");
  EXPECT_EQ(text<bool>(), "|b1");
  EXPECT_EQ(text<std::complex<float>>(), "<c8");
  EXPECT_EQ((text<std::array<char, 3>>()), "|S3");
  EXPECT_EQ((text<std::array<char32_t, 3>>()), "<U3");
  EXPECT_EQ((text<std::array<std::array<float, 3>, 2>>()), "<f4(2, 3)");
  EXPECT_EQ(text<nanoseconds>(), "<m8[ns]");
  EXPECT_EQ(text<hours>(), "<m8[h]");
  EXPECT_EQ(text<sys_time<microseconds>>(), "<M8[us]");
  EXPECT_EQ(text<std::chrono::steady_clock::time_point>(), "<i8");
  EXPECT_EQ(text<std::chrono::duration<float>>(), "<f4");
  EXPECT_EQ((text<std::chrono::duration<std::int64_t, std::ratio<1, 60>>>()), "<i8");
  EXPECT_EQ(text<Point>(),
            "[('x', '<f8'), ('y', '<i2'), ('', '|V2'), ('weights', '<f4', (2,)), ('', '|V4')]");
  EXPECT_EQ(text<Row>(),
            "[('pair', [('a', '|i1'), ('', '|V7'), ('b', '<f8')], (2,)), ('name', '|S8'), "
            "('color', '|u1'), ('on', '|b1'), ('depth', '<V2'), ('', '|V4')]");
  EXPECT_EQ(text<Event>(), "[('when', '<M8[ns]'), ('', '|V8'), ('value', '<f16')]");
  EXPECT_EQ(text<Opaque>(), "|V4");
}

TEST_F(NpyTypesTest, AreReadInAllOfNumpysSpellings) {
  for (const char* spelling : {"<f8", "=f8", "f8", "|f8", "d", "<d", "float64", "float"}) {
    EXPECT_EQ(read_as(spelling), "<f8") << spelling;
  }
  for (const char* spelling : {"<u1", ">u1", "=u1", "|u1", "u1", "B", "uint8"}) {
    EXPECT_EQ(read_as(spelling), "|u1") << spelling;
  }
  for (const char* spelling : {"<b1", "?", "b1", "bool"}) EXPECT_EQ(read_as(spelling), "|b1");
  EXPECT_EQ(read_as("b"), "|i1");
  EXPECT_EQ(read_as(">S3"), "|S3");
  EXPECT_EQ(read_as(">U3"), ">U3");
  EXPECT_EQ(read_as("datetime64[25s]"), "<M8[25s]");
  EXPECT_EQ(read_as("m8[1us]"), "<m8[us]");
  EXPECT_EQ(read_as("m8"), "<m8");
  EXPECT_EQ(read_as("<V2"), "<V2");
  EXPECT_EQ(read_as("O8"), "|O");
  for (const char* none : {"", "<", "<<f8", "i3", "u16", "f8 ", " f8", "<float64x", "S-3", "b2",
                           "M8[B]", "M8[", "M8[]", "M8 [ns]", "f8,i4", "S99999999999", "V"}) {
    EXPECT_THROW(read_as(none), InvalidArgument) << none;
  }
}

TEST_F(NpyTypesTest, ValuesComeBack) {
  const Array<float16> halves = array_from({float16(1.5), float16(-65504)});
  save_npy(path(), halves);
  EXPECT_EQ(load_npy<float16>(path()), halves);
  const Array<bfloat16> wide = array_from({bfloat16(1e38), bfloat16(-2)});
  save_npy(path(), wide);
  EXPECT_EQ(load_npy<bfloat16>(path()), wide);
  EXPECT_EQ(npy_info(path()).dtype, "<V2");
  const Array<sys_time<nanoseconds>> times = array_from({sys_time<nanoseconds>(nanoseconds(5))});
  save_npy(path(), times);
  EXPECT_EQ(load_npy<sys_time<nanoseconds>>(path()), times);
  const Array<std::array<std::int16_t, 2>> pairs =
      array_from(std::vector<std::array<std::int16_t, 2>>{{1, 2}, {3, 4}, {5, 6}});
  save_npy(path(), pairs);
  EXPECT_THAT(npy_info(path()).shape, ElementsAre(3, 2));
  EXPECT_EQ((load_npy<std::array<std::int16_t, 2>>(path())), pairs);
  EXPECT_EQ(load_npy<std::int16_t>(path())(2, 1), 6);
  save_npy(path(), Array<Opaque>(array_from({Opaque(7)})));
  EXPECT_EQ(load_npy<Opaque>(path())[0].value(), 7);
}

TEST_F(NpyTypesTest, StructsComeBackAndTheirPaddingIsZeros) {
  MutableArray<Row> rows(2);
  std::memset(static_cast<void*>(rows.data()), 0xAA, 2 * sizeof(Row));
  for (Row& row : rows) {  // member by member, so that the padding stays
    for (const int i : {0, 1}) {
      row.pair[i].a = static_cast<std::int8_t>(i);
      row.pair[i].b = 2 * i + 2;
    }
    std::strncpy(row.name, &row == rows.data() ? "eight" : "short", sizeof row.name);
    row.color = Color::kGreen;
    row.on = &row == rows.data();
    row.depth = bfloat16(3);
  }
  save_npy(path(), std::move(rows).freeze());
  const Array<Row> read = load_npy<Row>(path());
  EXPECT_EQ(read[0].pair[1].b, 4);
  EXPECT_STREQ(read[0].name, "eight");
  EXPECT_STREQ(read[1].name, "short");
  EXPECT_TRUE(read[0].on);
  EXPECT_EQ(read[1].depth, 3.0f);
  std::ifstream in(path(), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(bytes.find('\xAA'), std::string::npos);
}

struct Precise {
  std::int8_t a;
  long double one;
  std::array<std::complex<long double>, 2> waves;
  long double more[2];
};

// Values in memory that was full of `old` before; a long double has padding of its own.
template <class T>
Array<T> over(int old, auto assign) {
  MutableArray<T> values(3);
  std::memset(static_cast<void*>(values.data()), old, 3 * sizeof(T));
  for (T& value : values) assign(value);
  return std::move(values).freeze();
}

TEST_F(NpyTypesTest, EqualLongDoublesMakeEqualFiles) {
  const auto expect_equal_files = [&]<class T>(std::type_identity<T>, auto assign) {
    const auto file_of = [&](const Array<T>& values) {
      save_npy(path(), values);
      std::ifstream in(path(), std::ios::binary);
      return std::string{std::istreambuf_iterator<char>(in), {}};
    };
    const std::string bytes = file_of(over<T>(0xAA, assign));
    EXPECT_EQ(bytes.find('\xAA'), std::string::npos) << text<T>();
    EXPECT_EQ(bytes, file_of(over<T>(0x55, assign))) << text<T>();
  };
  using std::type_identity;
  const auto third = [](auto& value) { value = 1.0L / 3; };  // in parts, so that padding stays
  const auto wave = [&](auto& value) { value.real(-1.5L), value.imag(2.5L); };
  expect_equal_files(type_identity<long double>(), [](auto& value) { value = -1.25L; });
  expect_equal_files(type_identity<std::complex<long double>>(), wave);
  expect_equal_files(type_identity<std::array<long double, 3>>(), [&](auto& row) {
    for (auto& value : row) value = 1.25L;
  });
  const auto precise = [&](Precise& value) {
    value.a = 1;
    value.one = 2;
    for (auto& one : value.waves) wave(one);
    for (auto& one : value.more) one = 0.5L;
  };
  expect_equal_files(type_identity<Precise>(), precise);
  EXPECT_EQ(load_npy<Precise>(path())[2].waves[1], std::complex<long double>(-1.5L, 2.5L));
  EXPECT_EQ(load_npy<Precise>(path())[1].more[1], 0.5L);
  save_npy(path(), over<long double>(0xAA, third));
  EXPECT_EQ(load_npy<long double>(path())[2], 1.0L / 3);
}

// As numpy writes it without align=True, in another order, and with a title.
TEST_F(NpyTypesTest, MembersAreFoundByTheirNames) {
  std::string data;
  for (const int i : {1, 2}) {
    data += bytes_of<std::int16_t>({static_cast<std::int16_t>(-i)});
    data += bytes_of<float>({static_cast<float>(i), 0.5f}) + bytes_of<double>({i * 1.25});
  }
  write("[('y', '<i2'), ('weights', '<f4', (2,)), (('the title', 'x'), '<f8')]", "(2,)", data);
  const Array<Point> points = load_npy<Point>(path());
  EXPECT_EQ(points[1].x, 2.5);
  EXPECT_EQ(points[1].y, -2);
  EXPECT_EQ(points[1].weights[0], 2);
  EXPECT_EQ(npy_info(path()).dtype, "[('y', '<i2'), ('weights', '<f4', (2,)), ('x', '<f8')]");
}

TEST_F(NpyTypesTest, StructsInFortranOrderAreTransposedToo) {
  std::string data;
  for (const int i : {0, 3, 1, 4, 2, 5}) {  // of 2 x 3
    data += bytes_of<std::int8_t>({static_cast<std::int8_t>(i)}) + bytes_of<double>({i / 2.0});
  }
  write("[('a', '|i1'), ('b', '<f8')]", "(2, 3)", data, true);
  const Array<Inner> read = load_npy<Inner>(path());
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(read[i].a, static_cast<int>(i));
    EXPECT_EQ(read[i].b, static_cast<double>(i) / 2);
  }
}

TEST_F(NpyTypesTest, AMemberThatDoesNotFitIsNamed) {
  write("[('a', '|i1'), ('c', '<f8')]", "(0,)", "");
  EXPECT_THAT(refusal<Inner>(), HasSubstr("its field \"b\" is not in the file"));
  EXPECT_THAT(refusal<Inner>(), HasSubstr("a struct with the members std::int8_t a; double c"));
  write("[('a', '|i1'), ('b', '<f8'), ('c', '<f8')]", "(0,)", "");
  EXPECT_THAT(refusal<Inner>(), HasSubstr("its field \"c\" is not in the struct"));
  write("[('a', '|i1'), ('b', '<f4')]", "(0,)", "");
  EXPECT_THAT(refusal<Inner>(),
              HasSubstr("\"b\" holds 32-bit floats in the file, 64-bit floats in the struct"));
  write("[('a', '|i1'), ('b', '<f8', (2,))]", "(0,)", "");
  EXPECT_THAT(refusal<Inner>(), HasSubstr("has the shape (2,) in the file, () in the struct"));
  write("[('a', '|i1'), ('b', '<f8'), ('b', '<f8')]", "(0,)", "");
  EXPECT_THAT(refusal<Inner>(), HasSubstr("the same name"));
  EXPECT_THAT(refusal<double>(), HasSubstr("it holds structs of a (8-bit signed integers), b"));
  write("'<f8'", "(0,)", "");
  EXPECT_THAT(refusal<Inner>(), HasSubstr("it holds 64-bit floats (\"<f8\"), not structs of a"));
}

TEST_F(NpyTypesTest, TextsAreArraysOfCharactersOrOneMoreDimension) {
  write("'|S3'", "(2,)", "abcde\0");
  std::ofstream(path(), std::ios::binary | std::ios::app) << '\0';
  const auto texts = load_npy<std::array<char, 3>>(path());
  EXPECT_EQ(std::string_view(texts[0].data(), 3), "abc");
  EXPECT_EQ(std::string_view(texts[1].data()), "de");
  const auto longer = load_npy<std::array<char, 5>>(path());
  EXPECT_EQ(std::string_view(longer[0].data()), "abc");
  EXPECT_THAT((refusal<std::array<char, 2>>()), HasSubstr("texts of 3 bytes"));
  const auto characters = load_npy<char>(path());
  EXPECT_THAT(characters.shape(), ElementsAre(2, 3));
  EXPECT_EQ(characters(1, 0), 'd');
  EXPECT_THAT(refusal<double>(), HasSubstr("use load_npy<std::array<char, 3>>"));
  write("'<U2'", "(1,)", bytes_of<char32_t>({U'ü', 0}));
  EXPECT_EQ((load_npy<std::array<char32_t, 2>>(path())[0][0]), U'ü');
  EXPECT_THAT(load_npy<char32_t>(path()).shape(), ElementsAre(1, 2));
}

TEST_F(NpyTypesTest, TimesAreReadByTheirUnitOrAsIntegers) {
  write("'<M8[ns]'", "(2,)", bytes_of<std::int64_t>({1, -2}));
  EXPECT_THAT(load_npy<std::int64_t>(path()).span(), ElementsAre(1, -2));
  EXPECT_EQ(npy_info(path()).dtype, "<M8[ns]");
  EXPECT_EQ(load_npy<sys_time<nanoseconds>>(path())[1].time_since_epoch(), nanoseconds(-2));
  EXPECT_THAT(
      refusal<sys_time<microseconds>>(),
      HasSubstr("points in time in ns (\"<M8[ns]\"), not points in time in us (\"<M8[us]\")"));
  EXPECT_THAT(refusal<nanoseconds>(), HasSubstr("not durations in ns"));
  EXPECT_THAT(refusal<double>(), HasSubstr("use load_npy<std::int64_t>"));
  write("'<m8[us]'", "(1,)", bytes_of<std::int64_t>({7}));
  EXPECT_EQ(load_npy<microseconds>(path())[0], microseconds(7));
  EXPECT_EQ(load_npy<std::int64_t>(path())[0], 7);
  using Frames = std::chrono::duration<std::int64_t, std::ratio<1, 60>>;
  EXPECT_NE(refusal<Frames>(), "");
}

TEST_F(NpyTypesTest, RawBytesAreForTypesThatSayThatTheyAre) {
  write("'<V2'", "(2,)", std::string_view("\x80\x3F\x00\x40", 4));
  EXPECT_THAT(load_npy<bfloat16>(path()).span(), ElementsAre(1.0f, 2.0f));
  struct Bits {
    std::uint16_t bits;
  };
  EXPECT_EQ(load_npy<Bits>(path())[0].bits, 0x3F80);
  EXPECT_THAT(
      refusal<std::uint16_t>(),
      HasSubstr("raw elements of 2 bytes (\"<V2\"), not 16-bit unsigned integers (\"<u2\"): use "
                "load_npy<manta::bfloat16>"));
  EXPECT_NE(refusal<float16>(), "");
  EXPECT_NE(refusal<Opaque>(), "");
  write("'<V1'", "(1,)", "x");
  struct Float8 {
    std::uint8_t bits;
  };
  EXPECT_EQ(load_npy<Float8>(path())[0].bits, 'x');
  write("'<f1'", "(1,)", "y");  // ml_dtypes' float8_e5m2
  EXPECT_EQ(load_npy<Float8>(path())[0].bits, 'y');
  EXPECT_EQ(npy_info(path()).dtype, "<f1");
  EXPECT_THAT(refusal<std::uint8_t>(), HasSubstr("8-bit floats"));
}

TEST_F(NpyTypesTest, ElementsWithoutBytesGetNoMemory) {
  write("'|S0'", "(1000000000000,)", "");
  EXPECT_THAT((refusal<std::array<char, 8>>()), HasSubstr("have no bytes"));
  write("[]", "(3,)", "");
  EXPECT_NE(refusal<Inner>(), "");
}

TEST_F(NpyTypesTest, NamesThatAreNotAsciiTravelInVersion3AndComeInLatin1) {
  struct Named {
    int größe;
  };
  save_npy(path(), Array<Named>(array_from({Named{3}})));
  std::ifstream in(path(), std::ios::binary);
  std::string begin(7, '\0');
  in.read(begin.data(), 7);
  EXPECT_EQ(begin[6], 3);
  EXPECT_EQ(load_npy<Named>(path())[0].größe, 3);
  write(
      "[('gr\xF6\xDF"
      "e', '<i4')]",
      "(1,)", bytes_of<int>({4}));
  EXPECT_EQ(load_npy<Named>(path())[0].größe, 4);
}

// Every shape of up to four dimensions of 0 to 3, and large ones of several tiles, from column-major order.
template <class T>
void expect_transposed(const std::filesystem::path& path, const Shape& shape, auto write) {
  std::size_t count = 1;
  for (const std::size_t n : shape) count *= n;
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) {  // the value at an index is its row-major position
    std::size_t rest = i, position = 0, stride = count;
    for (const std::size_t n : shape) {
      stride /= n;
      position += rest % n * stride;
      rest /= n;
    }
    std::memcpy(&values[i], &position, std::min(sizeof(T), sizeof position));
  }
  write(detail::npy_shape_text(shape), bytes_of(values));
  const Array<T> read = load_npy<T>(path);
  ASSERT_EQ(Shape(read.shape().begin(), read.shape().end()), shape);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t position = 0;
    std::memcpy(&position, &read[i], std::min(sizeof(T), sizeof position));
    ASSERT_EQ(position, sizeof(T) < sizeof i ? i % (std::size_t{1} << 8 * sizeof(T)) : i)
        << detail::npy_shape_text(shape);
  }
}

TEST_F(NpyTypesTest, ColumnMajorOrderIsTransposed) {
  std::vector<Shape> shapes = {{}, {5}, {2000, 3}, {3, 2000}, {700, 900}, {20, 30, 40, 50}, {1, 9}};
  for (std::size_t a = 0; a < 256; ++a) shapes.push_back({a % 4, a / 4 % 4, a / 16 % 4, a / 64});
  for (const Shape& shape : shapes) {
    const auto as = [&](const char* type) {
      return [this, type](const std::string& text, const std::string& data) {
        write(std::string("'") + type + "'", text, data, true);
        EXPECT_TRUE(npy_info(path()).fortran_order);
      };
    };
    expect_transposed<double>(path(), shape, as("<f8"));
    expect_transposed<std::uint8_t>(path(), shape, as("|u1"));
    expect_transposed<std::int16_t>(path(), shape, as("<i2"));
    expect_transposed<std::array<char, 12>>(path(), shape, as("|S12"));
  }
}

TEST_F(NpyTypesTest, ColumnMajorFilesOfManyTilesAreTransposed) {
  const auto as = [&](const std::string& text, const std::string& data) {
    write("'<f8'", text, data, true);
  };
  for (const Shape& shape : {Shape{40'000, 40}, Shape{40, 40'000}, Shape{300'000, 2, 2}}) {
    expect_transposed<double>(path(), shape, as);
  }
}

}  // namespace
}  // namespace manta
