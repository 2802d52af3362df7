// A program with an OpenMP library, run by library_threads_test. Prints what a task with 1 CPU and one with 2 find: the
// variables, how many threads OpenMP would use, and on how many cores each may run; and the same of the driver's main
// thread, before and after.
//
//   openmp_program [NAME=VALUE...]    with these in InitOptions::env
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <string>
#include <string_view>
#include <unistd.h>

#include <manta/manta.h>

extern "C" int omp_get_max_threads();

namespace {

int cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "-";
}

std::string found() {
  return variable("OMP_NUM_THREADS") + " " + variable("OPENBLAS_NUM_THREADS") + " " +
         variable("MKL_NUM_THREADS") + " openmp " + std::to_string(omp_get_max_threads()) +
         " cores " + std::to_string(cores());
}

int pid() { return ::getpid(); }

}  // namespace

int main(int argc, char** argv) {
  manta::InitOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    const auto equals = text.find('=');
    options.env[std::string(text.substr(0, equals))] = text.substr(equals + 1);
  }
  std::printf("driver: %d cores\n", cores());
  const auto session = manta::init(options);
  const double cpus = manta::cluster().total.at("CPU");
  std::printf("cpus: %d\n", static_cast<int>(cpus));
  const auto two = manta::TaskOptions{.cpus = 2};
  std::printf("one: %s\n", manta::get(manta::remote(found)()).c_str());
  if (cpus >= 2) {
    std::printf("two: %s\n", manta::get(manta::remote(found, two)()).c_str());
    const int first = manta::get(manta::remote(pid)());
    const int second = manta::get(manta::remote(pid, two)());
    std::printf("processes: %s\n", first == second ? "the same" : "two");
  }
  const auto none = manta::TaskOptions{.cpus = 0};
  std::printf("none: %s\n", manta::get(manta::remote(found, none)()).c_str());
}
