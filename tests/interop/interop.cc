// Functions for check.py, which calls them beside the real numpy and pyarrow in one process. What fails
// returns a negative number or null; last_error() tells why.
#include <filesystem>
#include <numeric>
#include <string>

#include <manta/base/error.h>
#include <manta/objectstore/arrow.h>
#include <manta/objectstore/dlpack.h>
#include <manta/objectstore/npy.h>
#include <manta/objectstore/npz.h>

namespace {

std::string why;

template <class F>
auto guarded(F f, decltype(f()) failed) {
  try {
    why.clear();
    return f();
  } catch (const manta::InvalidArgument& error) {
    why = error.what();
    return failed;
  }
}

template <class T>
double sum(const manta::Array<T>& array) {
  return std::accumulate(array.begin(), array.end(), 0.0);
}

const manta::Array<double>& numbers() {
  static const manta::Array<double> array = manta::arange<double>(1000).freeze();
  return array;
}

}  // namespace

extern "C" {

const char* last_error() { return why.c_str(); }
const void* numbers_address() { return numbers().data(); }

double export_numbers(ArrowArray* array, ArrowSchema* schema) {
  return guarded([&] { return manta::export_arrow(numbers(), array, schema), 0.0; }, -1.0);
}
double sum_of_ints(ArrowArray* array, ArrowSchema* schema) {
  return guarded([&] { return sum(manta::import_arrow<int>(array, schema)); }, -1.0);
}

void* numbers_as_tensor() { return manta::to_dlpack(numbers().reshape({10, 100})); }
double sum_of_tensor(void* tensor) {
  return guarded(
      [&] {
        return sum(manta::from_dlpack<float>(static_cast<DLManagedTensorVersioned*>(tensor)));
      },
      -1.0);
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
