// A module of Python whose functions run tasks. The arrays that they return lie in shared memory, where the tasks have
// filled them: numpy reads them there, without a copy.
//
//   python3 try_waves.py  --import-->  waves.so: the driver
//                                        |  tasks
//                                        v
//                                      python3 -c "... import waves; waves.run_if_worker()": the workers
//
//   cmake -S . -B build -DCMAKE_PREFIX_PATH=PREFIX && cmake --build build
//   PYTHONPATH=build python3 try_waves.py
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <manta/manta.h>

namespace py = pybind11;
using Wave = manta::Array<double>;

namespace {

// ---- what the workers do: C++ as in any program with Manta

manta::MutableArray<double> wave(double frequency, std::size_t size) {
  manta::MutableArray<double> result(size);
  for (std::size_t i = 0; i < size; ++i) {
    result[i] = std::sin(frequency * static_cast<double>(i));
  }
  return result;
}

double energy(const Wave& wave) {
  double sum = 0;
  for (const double value : wave) sum += value * value;
  return sum;
}

// ---- between Manta and Python

std::optional<manta::Session> session;

// The memory of the array, as numpy sees it: read-only, and kept as long as numpy has a view of it.
py::array as_numpy(const Wave& array) {
  auto* const kept = new Wave(array);
  const py::capsule owner(kept, [](void* gone) { delete static_cast<Wave*>(gone); });
  py::array view(py::dtype::of<double>(), {kept->size()}, {sizeof(double)}, kept->data(), owner);
  view.attr("setflags")(py::arg("write") = false);
  return view;
}

// The workers run the Python that runs now. `folder` is where the module lies.
void start(const std::string& folder) {
  const auto python = py::module_::import("sys").attr("executable").cast<std::string>();
  const char* const program =
      "import sys; sys.path.insert(0, sys.argv[1]); import waves; waves.run_if_worker()";
  session.emplace(manta::init({.worker = {.path = python, .args = {"-c", program, folder}}}));
}

// While it waits, other threads of Python go on: no object of Python is touched.
std::vector<Wave> computed(const std::vector<double>& frequencies, std::size_t size) {
  const py::gil_scoped_release others_go_on;
  std::vector<manta::ObjectRef<Wave>> refs;
  for (const double frequency : frequencies) refs.push_back(manta::remote(wave)(frequency, size));
  return manta::get(refs);
}

py::list waves(const std::vector<double>& frequencies, std::size_t size) {
  py::list result;
  for (const Wave& array : computed(frequencies, size)) result.append(as_numpy(array));
  return result;
}

// An array of numpy goes into the store once, however many tasks read it.
double energy_of(const py::array_t<double, py::array::c_style | py::array::forcecast>& values) {
  manta::MutableArray<double> copy(static_cast<std::size_t>(values.size()));
  std::copy_n(values.data(), copy.size(), copy.data());
  const py::gil_scoped_release others_go_on;
  return manta::get(manta::remote(energy)(manta::put(std::move(copy))));
}

}  // namespace

PYBIND11_MODULE(waves, module) {
  module.def("start", &start);
  module.def("stop", [] { session.reset(); });
  module.def("waves", &waves, py::arg("frequencies"), py::arg("size"));
  module.def("energy", &energy_of);
  module.def("run_if_worker", &manta::run_if_worker);
  py::module_::import("atexit").attr("register")(module.attr("stop"));
}
