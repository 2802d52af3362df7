// An ObjectEntry without a session: its states, and that what is freed stays readable for whoever reads it.
#include "object_entry.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "command.h"
#include "value.h"

namespace manta::detail {
namespace {

Value value_of(const std::string& text, std::uint32_t flags = 0) {
  return Value(std::as_bytes(std::span(text)), flags);
}

std::string text_of(const Value& value) {
  const auto meta = value.meta();
  return {reinterpret_cast<const char*>(meta.data()), meta.size()};
}

std::string text_of(const ObjectEntry& entry) {
  return entry.read([](const Value& value) { return text_of(value); });
}

ObjectEntryRef new_entry() { return base::make_ref<ObjectEntry>(ObjectId(1, 2)); }

// A command that counts how often one of it was destroyed.
class CountingCommand final : public Command {
 public:
  explicit CountingCommand(int& destroyed) : destroyed_(destroyed) {}
  ~CountingCommand() override { ++destroyed_; }
  void run(base::Ref<Command>, CallRouter&) override {}

 private:
  int& destroyed_;
};

TEST(ObjectEntry, IsReadyOrFailedByItsValue) {
  const auto ready = new_entry();
  EXPECT_FALSE(ready->done());
  (void)ready->complete(value_of("a value"));
  EXPECT_EQ(ready->state(), ObjectState::kReady);
  EXPECT_EQ(text_of(*ready), "a value");
  const auto failed = new_entry();
  failed->mark_seen();
  (void)failed->complete(value_of("an error", kError));
  EXPECT_EQ(failed->state(), ObjectState::kFailed);
}

TEST(ObjectEntry, HomeAndStateAreKeptApart) {
  const auto entry = base::make_ref<ObjectEntry>(ObjectId(1, 2), 0U, Home::kLocal);
  (void)entry->complete(value_of("x"));
  entry->set_home(Home::kPublished);
  EXPECT_EQ(entry->state(), ObjectState::kReady);
  EXPECT_FALSE(entry->from_elsewhere());
  entry->set_home(Home::kHeld);
  EXPECT_EQ(entry->state(), ObjectState::kReady);
  EXPECT_TRUE(entry->from_elsewhere());
  entry->set_home(Home::kLocal);  // there is no session to leave
}

TEST(ObjectEntry, GivesWhatWaitedForItWhenItIsDone) {
  const auto entry = new_entry();
  int destroyed = 0;
  const auto call = base::make_ref<CountingCommand>(destroyed);
  RefArgument first;
  RefArgument second;
  EXPECT_FALSE(entry->has_dependents());
  entry->add_dependent(first, call);
  entry->add_dependent(second, call);
  EXPECT_TRUE(entry->has_dependents());
  const ObjectEntry::Pending was = entry->complete(value_of("x"));
  EXPECT_EQ(was.arguments, &second);
  EXPECT_EQ(second.next, &first);
  EXPECT_EQ(first.next, nullptr);
  EXPECT_EQ(call->use_count(), 3U);  // each waits in the name of the call
  for (const RefArgument* argument : {&first, &second}) argument->call->release();
  EXPECT_FALSE(entry->has_dependents());
  EXPECT_EQ(entry->producer(), nullptr);
}

TEST(ObjectEntry, DestroysTheCommandsOfAnObjectThatNeverCame) {
  int destroyed = 0;
  {
    const auto entry = new_entry();
    entry->add_dependent(base::make_ref<CountingCommand>(destroyed));
    entry->add_dependent(base::make_ref<CountingCommand>(destroyed));
  }
  EXPECT_EQ(destroyed, 2);
}

TEST(ObjectEntry, FreedValueIsAnErrorAfterwards) {
  const auto entry = new_entry();
  entry->mark_seen();
  const std::string large(1000, 'v');
  (void)entry->complete(value_of(large));
  entry->discard(value_of("freed", kError));
  EXPECT_EQ(entry->state(), ObjectState::kFailed);
  EXPECT_EQ(text_of(*entry), "freed");
  entry->discard(value_of("again", kError));
  EXPECT_EQ(text_of(*entry), "freed");
}

TEST(ObjectEntry, ValueStaysWhileItIsRead) {
  for (int round = 0; round < 200; ++round) {
    const auto entry = new_entry();
    entry->mark_seen();
    const std::string large(1000, 'v');
    (void)entry->complete(value_of(large));
    std::atomic<int> reading{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        reading.fetch_add(1);
        std::string seen = large;
        while (seen != "freed") {
          EXPECT_EQ(seen, large);
          seen = text_of(*entry);
        }
      });
    }
    while (reading.load() != 3) std::this_thread::yield();
    entry->discard(value_of("freed", kError));
    for (auto& reader : readers) reader.join();
  }
}

}  // namespace
}  // namespace manta::detail
