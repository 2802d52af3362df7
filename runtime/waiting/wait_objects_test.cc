// What a wait ends with, without a session: deadlines, and the errors that say which of many objects they are of.
#include "wait_objects.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../ownership/error_values.h"

namespace manta::detail {
namespace {

using namespace std::chrono_literals;

ObjectEntryRef pending() { return base::make_ref<ObjectEntry>(ObjectId(1, 2)); }

ObjectEntryRef ready() {
  auto entry = pending();
  (void)entry->complete(Value());
  return entry;
}

ObjectEntryRef failed(const std::string& why) {
  auto entry = pending();
  (void)entry->complete(value_of(error_of(ErrorKind::kObjectLost, why, "make")));
  return entry;
}

template <class... Refs>
std::vector<ObjectEntry*> list(const Refs&... refs) {
  return {refs.get()...};
}

template <class E, class F>
std::string text_of(F&& f) {
  try {
    std::forward<F>(f)();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Waits, WithoutALimitHaveNoDeadline) {
  EXPECT_EQ(deadline_of(std::chrono::hours::max()), std::nullopt);
  const auto before = std::chrono::steady_clock::now();
  const Deadline at_once = deadline_of(0ns);
  ASSERT_TRUE(at_once.has_value());
  EXPECT_GE(*at_once, before);
  EXPECT_LE(*at_once, std::chrono::steady_clock::now());
}

TEST(Waits, ForWhatIsDoneNeedNoSession) {
  const auto entry = ready();
  EXPECT_TRUE(wait_done(*entry, deadline_of(0ns)));
  EXPECT_THROW(wait_done(*pending(), deadline_of(0ns)), InvalidArgument);
}

TEST(Waits, ThatAllSucceedThrowNothing) {
  const auto first = ready();
  const auto second = pending();
  throw_if_failed(list(first, second));
  throw_if_failed({});
}

TEST(Waits, ThrowTheFirstErrorWithItsPlaceAndHaveSeenAll) {
  const auto good = ready();
  const auto first = failed("the first");
  const auto second = failed("the second");
  const auto entries = list(good, first, second);
  const auto text = text_of<ObjectLost>([&] { throw_if_failed(entries); });
  EXPECT_TRUE(contains(text, "the first")) << text;
  EXPECT_TRUE(contains(text, "index 1 of 3 refs given to manta::get() <- make")) << text;
  EXPECT_TRUE(first->seen());
  EXPECT_TRUE(second->seen());
}

TEST(Waits, ThrowTheErrorOfOneObjectAsItIs) {
  const auto entry = failed("lost");
  const auto text = text_of<ObjectLost>([&] { throw_failed(*entry); });
  EXPECT_TRUE(contains(text, "lost")) << text;
  EXPECT_FALSE(contains(text, "index")) << text;
  EXPECT_TRUE(entry->seen());
}

TEST(Waits, SayWhichValueCouldNotBeRead) {
  const auto again = [] {
    try {
      throw SerializationError("no such type");
    } catch (...) {
      rethrow_at(2, 5);
    }
  };
  EXPECT_EQ(text_of<SerializationError>(again),
            "index 2 of 5 refs given to manta::get(): no such type");
}

TEST(Waits, ThatAreOverJustWhenTheValueComesSaySo) {
  const auto entry = ready();
  std::vector<ObjectEntry*> entries{nullptr, entry.get()};
  const auto text =
      text_of<GetTimeout>([&] { throw_timeout("manta::get()", entries, Timeout(2500us)); });
  EXPECT_EQ(text, "manta::get() waited 2.5 ms; the value arrived just now");
}

}  // namespace
}  // namespace manta::detail
