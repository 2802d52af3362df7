// Error codes in exceptions that a task throws: their category is the same object in the driver, or one
// that is equal to nothing.
#include <dlfcn.h>
#include <filesystem>
#include <future>
#include <ios>
#include <memory>
#include <regex>
#include <string>
#include <system_error>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "user_library.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

class TransferCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "transfer"; }
  std::string message(int value) const override { return "transfer " + std::to_string(value); }
  std::error_condition default_error_condition(int value) const noexcept override {
    if (value == 28) return std::errc::timed_out;
    return {value, *this};
  }
};
const TransferCategory in_a_namespace;

const std::error_category& in_a_function() {
  static const TransferCategory category;
  return category;
}

// With a constructor that runs at the first call.
class NamedCategory : public TransferCategory {
 public:
  explicit NamedCategory(const std::string& name) : name_(name) {}
  const char* name() const noexcept override { return name_.c_str(); }

 private:
  std::string name_;
};
const std::error_category& made_when_used() {
  static const NamedCategory category("late " + std::to_string(1));
  return category;
}

enum class Place { kNameSpace, kFunction, kLibrary, kGeneric, kSystem, kFuture, kIostream };
const std::error_category& category(Place place) {
  switch (place) {
    case Place::kNameSpace:
      return in_a_namespace;
    case Place::kFunction:
      return in_a_function();
    case Place::kLibrary:
      return user::library_category();
    case Place::kGeneric:
      return std::generic_category();
    case Place::kSystem:
      return std::system_category();
    case Place::kFuture:
      return std::future_category();
    case Place::kIostream:
      return std::iostream_category();
  }
  return std::generic_category();
}
constexpr Place kAllPlaces[] = {Place::kNameSpace, Place::kFunction, Place::kLibrary,
                                Place::kGeneric,   Place::kSystem,   Place::kFuture,
                                Place::kIostream};

void throw_with_text(Place place, int value) {
  throw std::system_error(value, category(place), "reading");
}
void throw_bare(Place place, int value) {
  throw std::system_error(std::error_code(value, category(place)));
}
void throw_failure(Place place, int value) {
  throw std::ios_base::failure("writing", std::error_code(value, category(place)));
}
void throw_of_files(Place place, int value) {
  throw std::filesystem::filesystem_error("copying", "/from", "/to",
                                          std::error_code(value, category(place)));
}
void throw_far_away(Place place, int value) { get(remote(throw_with_text)(place, value)); }
void throw_nested(Place place, int value) {
  try {
    throw_with_text(place, value);
  } catch (...) {
    std::throw_with_nested(std::runtime_error("outer"));
  }
}

struct DerivedError : std::system_error {  // not registered
  using std::system_error::system_error;
  const char* what() const noexcept override { return "derived"; }
};

class ErrorCodes : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 1});
  }
};

template <class E, class T>
E error_of(const ObjectRef<T>& ref) {
  try {
    get(ref);
  } catch (const E& error) {
    return error;
  }
  throw std::logic_error("no such error");
}

TEST_F(ErrorCodes, TheCategoryIsTheSameObjectHere) {
  for (const auto thrower :
       {throw_with_text, throw_bare, throw_failure, throw_of_files, throw_far_away}) {
    for (const Place place : kAllPlaces) {
      const auto error = error_of<std::system_error>(remote(thrower)(place, 4));
      EXPECT_EQ(&error.code().category(), &category(place)) << error.what();
      EXPECT_EQ(error.code(), std::error_code(4, category(place)));
      EXPECT_EQ(error.code().message(), category(place).message(4));
    }
  }
}

TEST_F(ErrorCodes, ConditionsAreTheUsersOwn) {
  for (const Place place : {Place::kNameSpace, Place::kFunction}) {
    const auto timeout = error_of<std::system_error>(remote(throw_with_text)(place, 28));
    EXPECT_TRUE(timeout.code() == std::errc::timed_out);
    const auto other = error_of<std::system_error>(remote(throw_with_text)(place, ETIMEDOUT));
    EXPECT_FALSE(other.code() == std::errc::timed_out);
  }
}

TEST_F(ErrorCodes, TextsAreNotRepeated) {
  const auto plain = [](const auto& error) { return std::string(error.std::system_error::what()); };
  const auto with_text = error_of<std::system_error>(remote(throw_with_text)(Place::kFunction, 4));
  EXPECT_EQ(plain(with_text), "reading: transfer 4");
  const auto bare = error_of<std::system_error>(remote(throw_bare)(Place::kFunction, 4));
  EXPECT_EQ(plain(bare), "transfer 4");
  const auto far = error_of<std::system_error>(remote(throw_far_away)(Place::kFunction, 4));
  EXPECT_EQ(plain(far), "reading: transfer 4");
}

TEST_F(ErrorCodes, PathsAreKept) {
  const auto ref = remote(throw_of_files)(Place::kSystem, ENOENT);
  const auto error = error_of<std::filesystem::filesystem_error>(ref);
  EXPECT_EQ(error.path1(), "/from");
  EXPECT_EQ(error.path2(), "/to");
  EXPECT_TRUE(error.code() == std::errc::no_such_file_or_directory);
  const std::string what = error.std::filesystem::filesystem_error::what();
  EXPECT_EQ(what.rfind("filesystem error:"), 0u) << what;
  EXPECT_EQ(what.rfind("copying"), what.find("copying")) << what;
}

TEST_F(ErrorCodes, NestedOnesToo) {
  const auto outer =
      error_of<TaskErrorOf<std::runtime_error>>(remote(throw_nested)(Place::kFunction, 4));
  ASSERT_NE(outer.cause(), nullptr);
  try {
    std::rethrow_exception(outer.cause());
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::error_code(4, in_a_function()));
  }
}

TEST_F(ErrorCodes, ADerivedTypeIsASystemErrorWithItsCategory) {
  const auto error = error_of<TaskErrorOf<std::system_error>>(
      remote([] { throw DerivedError(5, in_a_function(), "x"); })());
  EXPECT_EQ(error.code(), std::error_code(5, in_a_function()));
  EXPECT_EQ(error.message(), "derived");
}

TEST_F(ErrorCodes, FuturesAndRegularExpressions) {
  const auto broken = error_of<std::future_error>(remote([] {
    std::future<int> result;
    {
      std::promise<int> promise;
      result = promise.get_future();
    }
    result.get();
  })());
  EXPECT_EQ(broken.code(), std::future_errc::broken_promise);
  const auto regex = error_of<std::regex_error>(remote([] { (void)std::regex("("); })());
  EXPECT_EQ(regex.code(), std::regex_constants::error_paren);
}

// Equal to nothing, but with its name and text.
void expect_unknown(const std::error_code& code, const std::string& name,
                    const std::string& message) {
  EXPECT_EQ(code.category().name(), name);
  EXPECT_EQ(code.message(), message);
  for (const Place place : kAllPlaces) {
    EXPECT_NE(code, std::error_code(code.value(), category(place)));
    EXPECT_NE(code, std::error_condition(code.value(), category(place)));
  }
  EXPECT_NE(code, std::errc::timed_out);
  EXPECT_NE(code, std::errc(code.value()));
  EXPECT_NE(code.default_error_condition(), std::errc(code.value()));
}

TEST_F(ErrorCodes, ACategoryThatIsNotHereIsEqualToNothing) {
  const auto of_heap = error_of<std::system_error>(remote([] {
    static const auto* const category = new NamedCategory("heap");
    throw std::system_error(ETIMEDOUT, *category, "x");
  })());
  expect_unknown(of_heap.code(), "heap", "transfer " + std::to_string(ETIMEDOUT));
  EXPECT_THAT(of_heap.what(), HasSubstr("x: transfer"));

  const auto of_plugin = error_of<std::system_error>(remote([] {
    void* const library = ::dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
    using Category = const std::error_category* (*)();
    const auto category = reinterpret_cast<Category>(::dlsym(library, "plugin_category"));
    throw std::ios_base::failure("x", std::error_code(2, *category()));
  })());
  expect_unknown(of_plugin.code(), "plugin", "plugin error");

  // One whose constructor has not run in this process: nothing may be called there.
  const auto late = error_of<std::system_error>(
      remote([] { throw std::system_error(3, made_when_used(), "x"); })());
  expect_unknown(late.code(), "late 1", "transfer 3");
}

TEST_F(ErrorCodes, AnUnknownOneFindsItsCategoryFurtherOn) {
  // The outer task's process learns of the category only by the error; the driver has it.
  (void)made_when_used();
  const auto ref =
      remote([] { get(remote([] { throw std::system_error(3, made_when_used(), "x"); })()); })();
  const auto error = error_of<std::system_error>(ref);
  EXPECT_EQ(error.code(), std::error_code(3, made_when_used()));
}

TEST_F(ErrorCodes, ThousandsOfUnknownOnesUseLittleMemory) {
  const auto throw_unknown = remote([](int i) {
    static std::unique_ptr<NamedCategory> kept;
    kept = std::make_unique<NamedCategory>("name " + std::to_string(i));
    throw std::system_error(1, *kept, "x");
  });
  for (int i = 0; i < 1500; ++i) {
    const auto error = error_of<std::system_error>(throw_unknown(i));
    EXPECT_NE(error.code(), std::errc(1));
    EXPECT_THAT(error.what(), HasSubstr("x: "));
  }
}

}  // namespace
}  // namespace manta::testing
