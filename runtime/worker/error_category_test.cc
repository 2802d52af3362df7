// Error codes that travel: the same category where the other process has it, and else one that is equal to nothing.
#include "error_category.h"

#include <cerrno>
#include <cstdint>
#include <future>
#include <ios>
#include <memory>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

class Weather : public std::error_category {
 public:
  const char* name() const noexcept override { return "weather"; }
  std::string message(int code) const override { return code == 1 ? "rain" : "snow"; }
  std::error_condition default_error_condition(int) const noexcept override {
    return std::errc::host_unreachable;
  }
};
const Weather weather_of_the_program;
const std::uintptr_t no_category[] = {4711, 4711};  // a word is read there

std::error_code there_and_back(const std::error_code& code) { return load_code(save_code(code)); }

TEST(ErrorCategory, StandardOnesAreThemselves) {
  const std::error_code codes[] = {std::make_error_code(std::errc::no_such_file_or_directory),
                                   {EACCES, std::system_category()},
                                   std::make_error_code(std::io_errc::stream),
                                   std::make_error_code(std::future_errc::no_state),
                                   {}};
  for (const std::error_code& code : codes) {
    const std::error_code back = there_and_back(code);
    EXPECT_EQ(back, code) << code.message();
    EXPECT_EQ(&back.category(), &code.category()) << code.message();
  }
}

TEST(ErrorCategory, OneOfThisProgramIsFoundByItsPlace) {
  const std::error_code back = there_and_back({1, weather_of_the_program});
  EXPECT_EQ(&back.category(), &weather_of_the_program);
  EXPECT_EQ(back.message(), "rain");
  EXPECT_EQ(back, std::errc::host_unreachable);
}

TEST(ErrorCategory, OneThatLiesInNoImageKeepsItsTextAndIsEqualToNothing) {
  const auto weather = std::make_unique<Weather>();
  const std::error_code back = there_and_back({2, *weather});
  EXPECT_STREQ(back.category().name(), "weather");
  EXPECT_EQ(back.value(), 2);
  EXPECT_EQ(back.message(), "snow");
  EXPECT_NE(back, std::errc::host_unreachable);
  EXPECT_NE(back, std::error_code(2, weather_of_the_program));
  EXPECT_EQ(back, there_and_back({2, *weather})) << "but to the same error again";
}

// What a message names may be anything: it comes from another process.
TEST(ErrorCategory, APlaceWithoutThatCategoryIsNotUsed) {
  const SavedCode true_one = save_code({1, weather_of_the_program});
  const CodeId of_number = identify_data(reinterpret_cast<std::uintptr_t>(no_category));
  ASSERT_NE(of_number, CodeId());
  struct Case {
    const char* claim;
    CodeId place;
    std::string name;
  };
  const Case cases[] = {
      {"another name", true_one.place, "tides"},
      {"no category", of_number, "weather"},
      {"inside of it", {true_one.place.image, true_one.place.offset + 1}, "weather"},
      {"beyond the image", {true_one.place.image, UINT64_MAX / 2}, "weather"},
      {"no such image", {4711, true_one.place.offset}, "weather"},
      {"nowhere", {}, "weather"},
  };
  for (const Case& c : cases) {
    SavedCode saved = true_one;
    saved.place = c.place;
    saved.category = c.name;
    const std::error_code back = load_code(saved);
    EXPECT_NE(&back.category(), &weather_of_the_program) << c.claim;
    EXPECT_EQ(back.category().name(), c.name) << c.claim;
    EXPECT_EQ(back.message(), "rain") << c.claim;
  }
}

// A process in between that does not have a library must not cut those off that have it.
TEST(ErrorCategory, OneThatIsUnknownHereTravelsOnByItsOwnPlace) {
  SavedCode elsewhere = save_code({1, weather_of_the_program});
  elsewhere.place = {4711, 64};
  const SavedCode again = save_code(load_code(elsewhere));
  EXPECT_EQ(again.place, elsewhere.place);
  EXPECT_EQ(again.value, 1);
  EXPECT_EQ(again.category, "weather");
  EXPECT_EQ(again.message, "rain");
  EXPECT_EQ(again.standard, -1);
}

}  // namespace
}  // namespace manta::detail
