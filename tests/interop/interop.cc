// Functions for check.py, which calls them beside the real numpy and pyarrow in one process. What fails
// returns a negative number; last_error() tells why.
#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <manta/objectstore/array_codec.h>
#include <manta/objectstore/arrow.h>
#include <manta/objectstore/npy.h>
#include <manta/objectstore/npz.h>
#include <manta/serialization/pickle.h>
#include <manta/serialization/register.h>

#include "guarded.h"

namespace {

template <class T>
double sum(const manta::Array<T>& array) {
  return std::accumulate(array.begin(), array.end(), 0.0);
}

const manta::Array<double>& numbers() {
  static const manta::Array<double> array = manta::arange<double>(1000).freeze();
  return array;
}

enum class Color : std::uint8_t { kRed, kGreen };
struct Point {  // with padding
  double x;
  std::int16_t y;
  float weights[2];
  char name[4] = "ab";
};
struct Person {
  std::string name;
  std::shared_ptr<Person> friend_of;
  std::weak_ptr<Person> gone;
};
struct Shape {
  virtual ~Shape() = default;
  static constexpr auto manta_members() { return std::tuple(); }
};
struct Circle : Shape {
  double radius = 2;
  static constexpr auto manta_members() { return std::tuple(&Circle::radius); }
};
struct Reduced {
  std::string path = "p";
  static Reduced manta_restore(const std::string& path, int) { return {path}; }
  auto manta_reduce() const { return std::tuple(path, 1); }
};
struct Zoo {
  int small = -7;
  std::uint64_t large = UINT64_MAX;
  bool flag = true;
  double real = 0.1;
  std::complex<double> wave = {1, -2};
  Color color = Color::kGreen;
  std::string text = "grün";
  std::string binary = "\xff";
  std::optional<int> none;
  std::variant<int, std::string> either = "or";
  std::tuple<int, std::string> pair = {1, "one"};
  std::vector<std::string> words = {"a", "b"};
  std::vector<int> numbers = {1, 2, 3};
  std::vector<Point> points = {{1.5, -2, {3, 4}}, {2.5, 7, {5, 6}}};
  std::vector<std::array<std::int16_t, 2>> grid = {{1, 2}, {3, 4}, {5, 6}};
  std::map<std::string, std::vector<double>> table = {{"empty", {}}, {"one", {1}}};
  std::map<std::tuple<int, int>, int> by_place = {{{1, 2}, 3}};
  std::set<std::vector<int>> keys = {{1}, {1, 2}};
  std::multimap<int, int> several = {{1, 2}, {1, 3}};
  std::bitset<70> bits = std::bitset<70>().set(69);
  std::chrono::milliseconds wait{1500};
  manta::float16 half = manta::float16(0.1);
  std::vector<manta::float16> halves{manta::float16(1.5), manta::float16(-65504)};
  std::vector<manta::bfloat16> brains{manta::bfloat16(1.5), manta::bfloat16(1e38)};
  std::vector<std::array<char, 3>> codes{{'a', 'b', 'c'}, {'d'}};
  double matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
  manta::Array<double> samples = numbers_again();
  std::vector<manta::Array<double>> same = std::vector<manta::Array<double>>(3, samples);
  std::vector<manta::Array<float>> tiny = std::vector<manta::Array<float>>(2, tiny_array());
  manta::Bytes raw{std::string_view("raw bytes")};
  std::shared_ptr<Person> anna, anna_again;
  std::unique_ptr<int> owned = std::make_unique<int>(5);
  std::shared_ptr<Shape> shape = std::make_shared<Circle>();
  Reduced reduced;

  static manta::Array<double> numbers_again() { return numbers_of_zoo().reshape({10, 100}); }
  static const manta::Array<double>& numbers_of_zoo() { return ::numbers(); }
  static manta::Array<float> tiny_array() { return manta::arange<float>(3).freeze(); }
};

manta::Pickle pickle;

Zoo make_zoo() {
  manta::register_type<Circle, Shape>();
  Zoo zoo;
  zoo.anna = std::make_shared<Person>(Person{"Anna", std::make_shared<Person>(), {}});
  zoo.anna->friend_of->name = "Bert";
  zoo.anna->friend_of->friend_of = zoo.anna;  // a cycle
  zoo.anna->gone = std::make_shared<Person>();
  zoo.anna_again = zoo.anna;
  return zoo;
}

}  // namespace

extern "C" {

void pickle_zoo(bool in_band) {
  Zoo zoo = make_zoo();
  pickle = manta::to_pickle(
      zoo, in_band ? manta::PickleBuffers::in_band : manta::PickleBuffers::out_of_band);
  zoo.anna->friend_of->friend_of.reset();
}
void pickle_long_list() {
  struct Link {
    int value = 0;
    std::shared_ptr<Link> next;
  };
  std::shared_ptr<Link> first;
  for (int i = 0; i < 200'000; ++i) first = std::make_shared<Link>(Link{i, first});
  pickle = manta::to_pickle(first);
  while (first != nullptr) first = std::exchange(first->next, nullptr);
}
const void* pickle_stream() { return pickle.stream.data(); }
std::size_t pickle_stream_size() { return pickle.stream.size(); }
std::size_t pickle_buffer_count() { return pickle.buffers.size(); }
const void* pickle_buffer(std::size_t i) { return pickle.buffers[i].data(); }
std::size_t pickle_buffer_size(std::size_t i) { return pickle.buffers[i].size(); }

const char* last_error() { return why.c_str(); }
const void* numbers_address() { return numbers().data(); }

double export_numbers(ArrowArray* array, ArrowSchema* schema) {
  return guarded([&] { return manta::export_arrow(numbers(), array, schema), 0.0; }, -1.0);
}
double sum_of_ints(ArrowArray* array, ArrowSchema* schema) {
  return guarded([&] { return sum(manta::import_arrow<int>(array, schema)); }, -1.0);
}

double save_numbers(const char* path) {
  return guarded([&] { return manta::save_npy(path, numbers().reshape({10, 100})), 0.0; }, -1.0);
}
double sum_of_file(const char* path) {
  return guarded([&] { return sum(manta::load_npy<float>(path)); }, -1.0);
}

double save_archive(const char* path) {
  return guarded(
      [&] {
        const manta::Array<float> none = manta::zeros<float>(0).freeze();
        manta::save_npz(path, {{"numbers", numbers().reshape({10, 100})}, {"none", none}});
        return 0.0;
      },
      -1.0);
}
double sum_of_archive(const char* path, const char* name) {
  return guarded([&] { return sum(manta::load_npz(path).get<float>(name)); }, -1.0);
}

}  // extern "C"
