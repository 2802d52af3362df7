// How many threads OpenMP and other libraries use in a worker, and on which cores.
#include <cstdlib>
#include <map>
#include <sched.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "program_run.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

// A session of two CPUs, whatever the machine has.
ProgramRun run(Variables variables, std::vector<std::string> given = {}) {
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) {
    ::unsetenv(name);  // whoever runs the tests may have set them
  }
  variables.try_emplace("MANTA_CPUS", "2");
  given.insert(given.begin(), OPENMP_PROGRAM);
  return ProgramRun(given, variables);
}

std::string cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return std::to_string(::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0);
}

TEST(LibraryThreads, LibrariesUseAsManyThreadsAsTheTaskHasCpusAndAtLeastOne) {
  const ProgramRun program = run({});
  EXPECT_THAT(program.out,
              AllOf(HasSubstr("one: 1 1 1 openmp 1 "), HasSubstr("two: 2 2 2 openmp 2 "),
                    HasSubstr("none: 1 1 1 openmp 1 "), HasSubstr("processes: two")))
      << program.err;
}

TEST(LibraryThreads, WhatTheUserHasSetStaysAndAProcessServesAllWhereNothingDiffers) {
  const ProgramRun some = run({{"OMP_NUM_THREADS", "3"}}, {"MKL_NUM_THREADS=5"});
  EXPECT_THAT(some.out, AllOf(HasSubstr("one: 3 1 5 openmp 3 "), HasSubstr("two: 3 2 5 openmp 3 ")))
      << some.err;
  const ProgramRun all =
      run({{"OMP_NUM_THREADS", "3"}, {"OPENBLAS_NUM_THREADS", "4"}}, {"MKL_NUM_THREADS=5"});
  EXPECT_THAT(all.out, AllOf(HasSubstr("two: 3 4 5 openmp 3 "), HasSubstr("processes: the same")))
      << all.err;
}

TEST(LibraryThreads, ADriverThatBindsItsThreadsDoesNotBindTheSession) {
  const std::string all = cores();
  for (const Variables& binding : {Variables{{"OMP_PROC_BIND", "true"}},
                                   {{"OMP_PLACES", "threads"}},
                                   {{"GOMP_CPU_AFFINITY", "0"}}}) {
    const ProgramRun program = run(binding);
    EXPECT_THAT(program.out, AllOf(HasSubstr("driver: 1 cores"),
                                   HasSubstr("one: 1 1 1 openmp 1 cores " + all + "\n"),
                                   HasSubstr("two: 2 2 2 openmp 2 cores " + all + "\n")))
        << program.err;
  }
  const ProgramRun asked = run({}, {"OMP_PROC_BIND=true"});
  EXPECT_THAT(asked.out, HasSubstr("one: 1 1 1 openmp 1 cores " + all + "\n")) << asked.err;
}

TEST(LibraryThreads, TheCoresOfADriverThatBindsItsThreadsCount) {
  const ProgramRun program({OPENMP_PROGRAM}, {{"OMP_PROC_BIND", "true"}});
  const ProgramRun plain({OPENMP_PROGRAM});
  EXPECT_THAT(plain.out, HasSubstr("cpus: "));
  const auto cpus = plain.out.substr(plain.out.find("cpus: "),
                                     plain.out.find("\none") - plain.out.find("cpus: "));
  EXPECT_THAT(program.out, HasSubstr(cpus + "\n")) << program.err;
}

}  // namespace
}  // namespace manta::testing
