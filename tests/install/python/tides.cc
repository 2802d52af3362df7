// A second module with Manta inside, in the same process as examples/python_module.
#include <optional>
#include <string>

#include <pybind11/pybind11.h>

#include <manta/manta.h>

namespace py = pybind11;

namespace {
std::optional<manta::Session> session;
int twice(int x) { return 2 * x; }

void start(const std::string& folder) {
  const auto python = py::module_::import("sys").attr("executable").cast<std::string>();
  const char* const program =
      "import sys; sys.path.insert(0, sys.argv[1]); import tides; tides.run_if_worker()";
  session.emplace(manta::init({.worker = {.path = python, .args = {"-c", program, folder}}}));
}
}  // namespace

PYBIND11_MODULE(tides, module) {
  module.def("start_without_worker", [] { session.emplace(manta::init()); });
  module.def("start", &start);
  module.def("stop", [] { session.reset(); });
  module.def("twice", [](int x) { return manta::get(manta::remote(twice)(x)); });
  module.def("run_if_worker", &manta::run_if_worker);
}
