// Names of called code as users write them, and the plain functions on names that make them.
#include "names.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "code_id.h"
#include "symbols.h"

namespace manta::detail {
namespace {

[[gnu::noinline]] int thrice(int x) { return 3 * x; }

CallFrame call_of(CodeId target) {
  CallFrame call;
  call.target_image = target.image;
  call.target_offset = target.offset;
  return call;
}

TEST(DisplayName, IsTheOneThatWasGiven) {
  const std::string given = "load the data";
  EXPECT_EQ(&display_name(CallFrame(), given), &given);
}

TEST(DisplayName, IsThatOfTheFunctionWithoutItsParameters) {
  const CodeId id = identify_function(reinterpret_cast<std::uintptr_t>(&thrice));
  const std::string& name = display_name(call_of(id), {});
  EXPECT_EQ(name, "manta::detail::thrice");
  EXPECT_EQ(&display_name(call_of(id), {}), &name) << "it is remembered";
}

TEST(DisplayName, SaysWhatIsNotOfThisProgram) {
  const CodeId elsewhere{12345, 678};
  EXPECT_EQ(display_name(call_of(elsewhere), {}), "a function of another program");
  CallFrame by_name;
  by_name.stub_image = kCalledByName.image;
  by_name.stub_offset = kCalledByName.offset;
  EXPECT_EQ(display_name(by_name, {}), "a function by name");
}

TEST(Names, LoseTheirParametersAndTheTypeOfTheResult) {
  struct Case {
    const char* demangled;
    const char* without_parameters;
    const char* function;
  };
  const Case cases[] = {
      {"ns::mean(manta::Array<double> const&)", "ns::mean", "ns::mean"},
      {"main", "main", "main"},
      {"f(int (*)(int))", "f", "f"},
      {"main::{lambda(int)#1}::operator()(int) const", "main::{lambda(int)#1}::operator()",
       "main::{lambda(int)#1}::operator()"},
      {"int* ns::f<int>(int)", "int* ns::f<int>", "ns::f<int>"},
      {"(anonymous namespace)::scale(double)", "(anonymous namespace)::scale",
       "(anonymous namespace)::scale"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(without_parameters(c.demangled), c.without_parameters) << c.demangled;
    EXPECT_EQ(function_name(std::string(c.demangled)), c.function) << c.demangled;
  }
  EXPECT_EQ(as_written("(anonymous namespace)::A::(anonymous namespace)::f"), "A::f");
}

}  // namespace
}  // namespace manta::detail
