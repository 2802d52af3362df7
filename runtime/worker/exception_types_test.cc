// Exceptions that travel: as themselves, as their nearest known base, or not at all.
#include "exception_types.h"

#include <any>
#include <csignal>
#include <filesystem>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <regex>
#include <string>
#include <system_error>
#include <typeinfo>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

// Throws what arrives of the error; returns if nothing does.
void throw_there(const std::exception& error) {
  throw_saved(save_exception(error), {.function = "f", .message = error.what()});
}

// What arrives as an E that knows who has thrown it.
template <class E>
std::unique_ptr<const TaskErrorOf<E>> arrives_as(const std::exception& error) {
  try {
    throw_there(error);
  } catch (const TaskErrorOf<E>& thrown) {
    EXPECT_EQ(thrown.function(), "f");
    return std::make_unique<const TaskErrorOf<E>>(thrown);
  } catch (const std::exception& thrown) {
    ADD_FAILURE() << "a " << typeid(thrown).name() << " arrived as: " << thrown.what();
  }
  return nullptr;
}

template <class E>
void expect_same_text(const E& error) {
  const auto arrived = arrives_as<E>(error);
  ASSERT_TRUE(arrived) << error.what();
  EXPECT_STREQ(arrived->E::what(), error.what());
}

TEST(ExceptionTypes, ThoseThatAreKnownArriveAsThemselves) {
  expect_same_text(std::out_of_range("too far"));
  expect_same_text(std::runtime_error(""));
  expect_same_text(InvalidArgument("no"));
  expect_same_text(ActorRestarted("it is back"));
  expect_same_text(std::bad_alloc());
  expect_same_text(std::bad_any_cast());
}

TEST(ExceptionTypes, WhatACrashKnowsArrives) {
  const auto crash = arrives_as<WorkerCrashed>(WorkerCrashed("it died", SIGBUS, "in f\n"));
  ASSERT_TRUE(crash);
  EXPECT_EQ(crash->signal(), SIGBUS);
  EXPECT_EQ(crash->WorkerCrashed::stack(), "in f\n");
}

TEST(ExceptionTypes, ErrorCodesArriveAndTheTextHasThemOnce) {
  const std::error_code denied = std::make_error_code(std::errc::permission_denied);
  expect_same_text(std::system_error(denied, "open"));
  expect_same_text(std::system_error(denied));
  expect_same_text(std::system_error(denied, ""));
  expect_same_text(std::ios_base::failure("read", std::io_errc::stream));
  const auto arrived = arrives_as<std::system_error>(std::system_error(denied, "open"));
  ASSERT_TRUE(arrived);
  EXPECT_EQ(arrived->code(), denied);
}

TEST(ExceptionTypes, PathsAndNumbersArrive) {
  const auto file = arrives_as<std::filesystem::filesystem_error>(std::filesystem::filesystem_error(
      "copy", "/from", "/to", std::make_error_code(std::errc::file_exists)));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->path1(), "/from");
  EXPECT_EQ(file->path2(), "/to");
  EXPECT_EQ(file->code(), std::errc::file_exists);
  const auto future =
      arrives_as<std::future_error>(std::future_error(std::future_errc::broken_promise));
  ASSERT_TRUE(future);
  EXPECT_EQ(future->code(), std::future_errc::broken_promise);
  const auto regex =
      arrives_as<std::regex_error>(std::regex_error(std::regex_constants::error_brack));
  ASSERT_TRUE(regex);
  EXPECT_EQ(regex->code(), std::regex_constants::error_brack);
}

struct Near : std::out_of_range {
  using std::out_of_range::out_of_range;
};
struct Mixin {
  virtual ~Mixin() = default;
};
struct Nearest : Mixin, Near {
  using Near::Near;
};

TEST(ExceptionTypes, OneThatIsNotKnownArrivesAsItsNearestBase) {
  EXPECT_TRUE(arrives_as<std::out_of_range>(Near("a step too far")));
  EXPECT_TRUE(arrives_as<std::out_of_range>(Nearest("two steps too far")));
  struct OnlyAnException : std::exception {};
  EXPECT_TRUE(save_exception(OnlyAnException()).empty()) << "no base of it is known";
}

struct Registered : std::runtime_error {
  explicit Registered(const std::string& what) : std::runtime_error(what) {}
};

// A registration holds for the process: so all about it is in one test.
TEST(ExceptionTypes, OneThatIsAddedArrivesAsItself) {
  EXPECT_TRUE(derives_from(typeid(Registered), typeid(std::exception)));
  ExceptionType type;
  type.type = &typeid(Registered);
  type.matches = [](const std::exception& error) {
    return dynamic_cast<const Registered*>(&error) != nullptr;
  };
  type.save = [](const std::exception& error) -> std::vector<std::byte> {
    if (std::string(error.what()) == "cannot be saved") throw std::bad_alloc();
    return std::vector<std::byte>(1);
  };
  type.raise = [](std::span<const std::byte>, TaskErrorInfo info) {
    if (info.message == "cannot be made") throw std::bad_alloc();
    throw TaskErrorOf<Registered>(Registered("made again"), std::move(info));
  };
  add_exception_type(type);
  add_exception_type(type);
  const auto arrived = arrives_as<Registered>(Registered("x"));
  ASSERT_TRUE(arrived);
  EXPECT_STREQ(arrived->Registered::what(), "made again");
  EXPECT_TRUE(save_exception(Registered("cannot be saved")).empty());
  EXPECT_NO_THROW(throw_there(Registered("cannot be made")));
}

TEST(ExceptionTypes, WhatIsNoSavedExceptionIsNotThrown) {
  std::vector<std::byte> saved = save_exception(std::out_of_range("too far"));
  EXPECT_NO_THROW(throw_saved({}, {}));
  EXPECT_NO_THROW(throw_saved(std::span(saved).first(saved.size() / 2), {}));
  EXPECT_THROW(throw_saved(saved, {}), std::out_of_range);
  const auto name = std::string(typeid(std::out_of_range).name());
  auto* const text = reinterpret_cast<char*>(saved.data());
  const auto at = std::string(text, saved.size()).find(name);
  ASSERT_NE(at, std::string::npos);
  text[at] = '?';
  EXPECT_NO_THROW(throw_saved(saved, {})) << "of a type that is not known";
}

TEST(ExceptionTypes, KindsOfErrorsAreTypesAndTheReverse) {
  EXPECT_EQ(kind_of(ObjectLost("")), ErrorKind::kObjectLost);
  EXPECT_EQ(kind_of(OwnerDied("")), ErrorKind::kOwnerDied) << "the nearest";
  EXPECT_EQ(kind_of(std::runtime_error("")), ErrorKind::kRuntimeError);
  EXPECT_THROW(throw_kind(ErrorKind::kOwnerDied, "gone"), OwnerDied);
  EXPECT_THROW(throw_kind(ErrorKind::kInvalidArgument, "no"), InvalidArgument);
  EXPECT_NO_THROW(throw_kind(ErrorKind::kTaskError, "of the user's own type"));
}

TEST(ExceptionTypes, ADerivedTypeIsFoundThroughAllItsBases) {
  EXPECT_TRUE(derives_from(typeid(Nearest), typeid(std::logic_error)));
  EXPECT_TRUE(derives_from(typeid(Nearest), typeid(Mixin)));
  EXPECT_TRUE(derives_from(typeid(Near), typeid(Near)));
  EXPECT_FALSE(derives_from(typeid(Near), typeid(Mixin)));
  EXPECT_FALSE(derives_from(typeid(std::logic_error), typeid(Near)));
  EXPECT_FALSE(derives_from(typeid(int), typeid(std::exception)));
}

}  // namespace
}  // namespace manta::detail
