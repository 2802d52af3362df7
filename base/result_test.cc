#include "result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace manta::base {
namespace {

enum class ParseError { kEmpty, kNoDigit };

Result<int, ParseError> parse(const std::string& text) {
  if (text.empty()) {
    return ParseError::kEmpty;
  }
  return text[0] - '0';
}

Status<ParseError> validate(const std::string& text) {
  if (text.empty()) {
    return ParseError::kEmpty;
  }
  return {};
}

TEST(Result, HoldsValueOrError) {
  EXPECT_EQ(parse("7").value(), 7);
  EXPECT_EQ(*parse("7"), 7);
  ASSERT_FALSE(parse(""));
  EXPECT_EQ(parse("").error(), ParseError::kEmpty);
}

TEST(Result, ValueThatOnlyMovesIsMovedOut) {
  Result<std::unique_ptr<int>, ParseError> result = std::make_unique<int>(5);
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 5);
}

TEST(Result, ConvertibleValueNeedsNoSpelling) {
  const Result<std::string, ParseError> result = "text";
  EXPECT_EQ(result->size(), 4U);
}

TEST(ResultDeathTest, WrongQuestionAborts) {
  EXPECT_DEATH(static_cast<void>(parse("").value()), "value of a failure");
  EXPECT_DEATH(static_cast<void>(parse("1").error()), "error of a success");
}

TEST(Status, IsSuccessUnlessGivenAnError) {
  EXPECT_TRUE(validate("x").ok());
  EXPECT_EQ(validate("").error(), ParseError::kEmpty);
}

}  // namespace
}  // namespace manta::base
