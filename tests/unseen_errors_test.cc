// Errors that nobody looks at are logged, once.
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "../runtime/process/process.h"
#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

class UnseenErrors : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
};

int parse(const std::string& text) { return std::stoi(text); }
int add(int a, int b) { return a + b; }

TEST_F(UnseenErrors, AnErrorThatNobodyLookedAtIsLoggedOnce) {
  ::testing::internal::CaptureStderr();
  auto unseen = remote(parse, {.name = "unseen"})("x");
  auto seen = remote(parse, {.name = "seen"})("x");
  EXPECT_THROW(get(seen), std::invalid_argument);
  EXPECT_TRUE(eventually([&] { return unseen.ready(); }));
  auto copy = unseen;
  unseen = {};
  copy = {};
  seen = {};
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("unseen"));
  EXPECT_THAT(log, HasSubstr("stoi"));
  EXPECT_EQ(log.find("unseen"), log.rfind("unseen")) << log;
  EXPECT_THAT(log, ::testing::Not(HasSubstr("of seen"))) << log;
}

TEST_F(UnseenErrors, ALookAtOneErrorOfAListIsALookAtAll) {
  ::testing::internal::CaptureStderr();
  {
    const std::vector refs = {remote(parse)("x"), remote(parse)("y"), remote(parse)("z")};
    for (const auto& ref : refs) EXPECT_TRUE(eventually([&] { return ref.ready(); }));
    EXPECT_THROW(get(refs), std::invalid_argument);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

std::vector<int> no_vector() { throw std::range_error("no vector"); }

TEST_F(UnseenErrors, AnErrorOfACallWithoutResultsIsLogged) {
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(remote(no_vector, {.name = "unasked"}).unpack(0)().empty());
  const auto dead = remote([](int) { return std::vector<int>(); }, {.name = "unasked too"});
  EXPECT_TRUE(dead.unpack(0)(remote(parse)("x")).empty());
  auto& process = detail::Process::current("test");
  EXPECT_TRUE(eventually([&] { return detail::pending_bytes.count() == 0; }));
  { const detail::TablesLock whoever_completes_them_is_done(process.tables()); }
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("nobody looked at the error of unasked (object "));
  EXPECT_THAT(log, HasSubstr("no vector"));
  EXPECT_THAT(log, HasSubstr("stoi"));
}

TEST_F(UnseenErrors, PassingTheRefOnMovesTheDutyToTheResult) {
  ::testing::internal::CaptureStderr();
  auto first = remote(parse, {.name = "first"})("x");
  const auto second = remote(add, {.name = "second"})(first, 1);
  first = {};
  EXPECT_THROW(get(second), std::invalid_argument);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace manta::testing
