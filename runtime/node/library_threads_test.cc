#include "library_threads.h"

#include <cstdlib>

#include <gmock/gmock.h>

namespace manta::detail::node {
namespace {

using Environment = LibraryThreads::Environment;
using ::testing::Contains;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const char* const kNames[] = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                              "OMP_PROC_BIND",   "OMP_PLACES",           "GOMP_CPU_AFFINITY",
                              "KMP_AFFINITY"};

class LibraryThreadsTest : public ::testing::Test {
 protected:
  LibraryThreadsTest() { clear(); }
  ~LibraryThreadsTest() override { clear(); }
  static void clear() {
    for (const char* name : kNames) ::unsetenv(name);
  }
};

TEST_F(LibraryThreadsTest, LibrariesAreToldHowManyThreads) {
  const LibraryThreads threads(Environment{{"A", "b"}});
  EXPECT_TRUE(threads.differ());
  EXPECT_THAT(
      threads.environment(3),
      UnorderedElementsAre(Pair("A", "b"), Pair("OMP_NUM_THREADS", "3"),
                           Pair("OPENBLAS_NUM_THREADS", "3"), Pair("MKL_NUM_THREADS", "3")));
}

TEST_F(LibraryThreadsTest, TheEnvironmentIsThatOfTheDriverWhereItIsGiven) {
  ::setenv("MKL_NUM_THREADS", "7", 1);
  const std::vector<std::string> drivers = {"OMP_NUM_THREADS=5", "OMP_PROC_BIND_NOT=1"};
  EXPECT_THAT(
      LibraryThreads({}, drivers).environment(3),
      UnorderedElementsAre(Pair("OPENBLAS_NUM_THREADS", "3"), Pair("MKL_NUM_THREADS", "3")));
}

TEST_F(LibraryThreadsTest, WhatTheUserHasSetStays) {
  ::setenv("OMP_NUM_THREADS", "7", 1);
  const LibraryThreads some(Environment{{"MKL_NUM_THREADS", "5"}});
  EXPECT_TRUE(some.differ());
  EXPECT_THAT(some.environment(2), UnorderedElementsAre(Pair("MKL_NUM_THREADS", "5"),
                                                        Pair("OPENBLAS_NUM_THREADS", "2")));
  ::setenv("OPENBLAS_NUM_THREADS", "7", 1);
  EXPECT_FALSE(LibraryThreads(Environment{{"MKL_NUM_THREADS", "5"}}).differ());
}

TEST_F(LibraryThreadsTest, WorkersDoNotBindAsTheDriverDoes) {
  EXPECT_EQ(LibraryThreads(Environment()).environment(1).count("OMP_PROC_BIND"), 0u);
  for (const char* name : {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"}) {
    clear();
    ::setenv(name, "0", 1);
    EXPECT_THAT(LibraryThreads(Environment()).environment(1),
                Contains(Pair("OMP_PROC_BIND", "false")))
        << name;
    const auto asked = LibraryThreads(Environment{{"OMP_PROC_BIND", "close"}}).environment(1);
    EXPECT_THAT(asked, Contains(Pair("OMP_PROC_BIND", "close"))) << name;
  }
  ::setenv("KMP_AFFINITY", "compact", 1);
  EXPECT_THAT(LibraryThreads(Environment()).environment(1),
              Contains(Pair("KMP_AFFINITY", "disabled")));
}

}  // namespace
}  // namespace manta::detail::node
