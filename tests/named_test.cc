// Functions of another program, called by name; code in a library that is loaded while the program runs.
#include <dlfcn.h>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Sample {  // as in other_program.cc
  std::string label;
  std::vector<double> values;
};
struct Reordered {
  std::vector<double> values;
  std::string label;
};

class NamedInAnotherProgram : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 1, .env = {{"OTHER_PROGRAM", "here"}}, .worker = {.path = OTHER_PROGRAM}});
  }
};

TEST_F(NamedInAnotherProgram, IsCalled) {
  EXPECT_EQ(get(remote_named<int(int, int)>("add")(1, 2)), 3);
  EXPECT_EQ(get(remote_named<std::string()>("argument")()), "here");
}

TEST_F(NamedInAnotherProgram, TakesStructsOfTheSameMembersArraysAndRefs) {
  const auto mean = remote_named<double(const Sample&)>("mean");
  EXPECT_EQ(get(mean(Sample{"x", {1, 2, 6}})), 3.0);
  EXPECT_EQ(get(mean(put(Sample{"x", {4, 6}}))), 5.0);
  const auto total = remote_named<double(Array<double>)>("total");
  const auto values = put(full<double>(100'000, 0.5));
  EXPECT_EQ(get(total(values)), 50'000.0);
  const auto chained = remote_named<int(int, int)>("add")(1, remote_named<int(int)>("nested")(4));
  EXPECT_EQ(get(chained), 9);
}

TEST_F(NamedInAnotherProgram, UnpacksATuple) {
  const auto divide = remote_named<std::tuple<int, int>(int, int)>("divide");
  const auto [quotient, rest] =
      remote_named<std::pair<int, int>(int, int)>("divide").unpack()(17, 5);
  EXPECT_EQ(get(quotient), 3);
  EXPECT_EQ(get(rest), 2);
  EXPECT_EQ(std::get<1>(get(divide(17, 5))), 2);
}

TEST_F(NamedInAnotherProgram, ItsExceptionsComeBack) {
  const auto message = error_of<std::out_of_range>(
      [] { get(remote_named<void(const std::string&)>("fail")("no such row")); });
  EXPECT_THAT(message, AllOf(HasSubstr("no such row"), HasSubstr("fail")));
}

TEST_F(NamedInAnotherProgram, AnUnknownNameSaysWhichThereAre) {
  const auto message = error_of<NotFound>([] { get(remote_named<int(int)>("subtract")(1)); });
  EXPECT_THAT(message, AllOf(HasSubstr("\"subtract\""), HasSubstr("other_program"),
                             HasSubstr("\"add\", \"argument\", \"divide\"")));
}

TEST_F(NamedInAnotherProgram, AnotherSignatureIsRefusedWithBoth) {
  EXPECT_THAT(error_of<SerializationError>([] { get(remote_named<int(int)>("add")(1)); }),
              AllOf(HasSubstr("(i32)->i32"), HasSubstr("(i32,i32)->i32")));
  EXPECT_THAT(error_of<SerializationError>([] {
                get(remote_named<double(Reordered)>("mean")(Reordered{{1}, "x"}));
              }),
              AllOf(HasSubstr("values:"), HasSubstr("label:")));
  EXPECT_THAT(error_of<SerializationError>([] { get(remote_named<int(int)>("twice")(1)); }),
              HasSubstr("two functions of that name"));
}

TEST_F(NamedInAnotherProgram, CodeOfThisProgramIsRefusedWithBothBuilds) {
  const auto message = error_of<BuildMismatch>([] { get(remote([](int x) { return x; })(1)); });
  EXPECT_THAT(message, AllOf(HasSubstr("different build of the program"), HasSubstr("build id"),
                             HasSubstr("this process (" OTHER_PROGRAM ") has build id"),
                             HasSubstr("remote_named")));
}

TEST_F(NamedInAnotherProgram, AnEmptyNameIsRefusedAtTheCall) {
  EXPECT_THROW(remote_named<int(int)>("")(1), InvalidArgument);
  EXPECT_THROW(remote_named<int(int)>(std::string(2000, 'x'))(1), InvalidArgument);
}

// In the same program names work, too, and code may be written as a value of its signature.
TEST_F(ClusterTest, ANamedFunctionOfThisProgramIsFoundByItsName) {
  open({.cpus = 1});
  const auto half = named<"half">([](double x) { return x / 2; });
  EXPECT_EQ(get(remote(half)(3.0)), 1.5);
  EXPECT_EQ(get(remote_named<double(double)>("half")(5.0)), 2.5);
}

TEST_F(ClusterTest, AWorkerProgramThatIsNoneIsRefused) {
  EXPECT_THROW(open({.worker = {.path = "/does/not/exist"}}), InvalidArgument);
  EXPECT_THAT(error_of<RuntimeError>([&] { open({.worker = {.path = "/bin/true"}}); }),
              AllOf(HasSubstr("/bin/true"), HasSubstr("linked with manta::manta")));
  EXPECT_THROW(open({.worker = {.libraries = {"/does/not/exist.so"}}}), InvalidArgument);
}

class Plugin : public ClusterTest {
 protected:
  void SetUp() override {
    library_ = ::dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library_, nullptr) << ::dlerror();
    tripled_ = reinterpret_cast<double (*)(double)>(::dlsym(library_, "plugin_tripled"));
    ClusterTest::SetUp();
  }
  void TearDown() override {
    ClusterTest::TearDown();
    ::dlclose(library_);
  }
  void* library_ = nullptr;
  double (*tripled_)(double) = nullptr;
};

TEST_F(Plugin, ItsFunctionsRunWhereItIsLoaded) {
  open({.cpus = 1, .worker = {.libraries = {PLUGIN}}});
  EXPECT_EQ(get(remote(tripled_)(2.0)), 6.0);
  const RemoteFunction<double(double)> value = remote(tripled_);
  EXPECT_EQ(get(remote([](const RemoteFunction<double(double)>& f) { return get(f(5.0)); })(value)),
            15.0);
}

TEST_F(Plugin, WhereItIsNotTheErrorSaysSo) {
  open({.cpus = 1});
  EXPECT_THAT(error_of<BuildMismatch>([&] { get(remote(tripled_)(2.0)); }),
              AllOf(HasSubstr("not loaded here"), HasSubstr("InitOptions::worker.libraries")));
}

}  // namespace
}  // namespace manta::testing
