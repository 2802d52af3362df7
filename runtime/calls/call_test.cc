// A Call as one block of memory: what it is made of, the frame that it travels as, its states.
#include "call.h"

#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "../../base/recycled.h"
#include "../../objectstore/arena_fixture.h"

namespace manta::detail {
namespace {

CallSpec some_spec() { return {.stub = {20, 7}, .target = {21, 8}}; }

std::vector<std::byte> bytes_of(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i);
  return bytes;
}

ObjectEntryRef entry_of(std::uint64_t number) {
  return base::make_ref<ObjectEntry>(ObjectId(1, number));
}

std::vector<std::byte> written(const Call& call, std::uint64_t sequence) {
  objectstore::ArenaFixture memory(16 * objectstore::kMiB);
  const auto store = memory.store(1);
  std::vector<std::byte> bytes(call.frame_size());
  call.write_frame(bytes.data(), bytes.size(), sequence, *store);
  store->close();
  return bytes;
}

struct Router final : CallRouter {
  void accept(base::Ref<Call>) override {}
  void send_ready(base::Ref<Call>) override {}
  void start_ready(base::Ref<Call>) override { ++started; }
  int started = 0;
};

void some_stub(CallContext&) {}
void other_stub(CallContext&) {}

TEST(CallSite, IsKnownByItsAddressesToTheThreadThatRemembersIt) {
  const auto options = std::make_shared<const TaskOptions>();
  const CallKey key{&some_stub, 8, options.get(), "name"};
  const auto site = base::make_ref<const CallSite>(some_spec());
  CallSite::remember(key, site);
  EXPECT_EQ(CallSite::known(key), site);
  EXPECT_EQ(CallSite::known(key), site);
  std::thread([&] { EXPECT_EQ(CallSite::known(key), nullptr); }).join();
}

TEST(CallSite, IsNotTakenForOneOfAnotherFunctionOptionOrName) {
  const auto options = std::make_shared<const TaskOptions>();
  const CallKey key{&some_stub, 8, options.get(), "name"};
  CallSite::remember(key, base::make_ref<const CallSite>(some_spec()));
  for (auto change :
       {+[](CallKey& other) { other.stub = &other_stub; },
        +[](CallKey& other) { other.target = 9; }, +[](CallKey& other) { other.options = nullptr; },
        +[](CallKey& other) { other.name = nullptr; }}) {
    CallKey other = key;
    change(other);
    EXPECT_EQ(CallSite::known(other), nullptr);
  }
}

// A Call's memory lies in one block, whose size its destruction must know.
TEST(Call, GivesItsWholeBlockBack) {
  const auto site = base::make_ref<const CallSite>(some_spec());
  for (const std::size_t size : {0U, 1U, 80U, 120U, 4000U}) {
    const auto body = bytes_of(size);
    const auto kept = base::kept_bytes();
    { const auto call = Call::make(site, {}, body); }
    const auto first = base::kept_bytes();
    { const auto call = Call::make(site, {}, body); }
    EXPECT_EQ(base::kept_bytes(), first);  // the same block again
    EXPECT_GE(first, kept);
  }
}

TEST(Call, TravelsAsItsSitesFrameWithWhatIsItsOwn) {
  auto spec = some_spec();
  spec.name = "a name";
  const auto body = bytes_of(40);
  const auto call = Call::make(base::make_ref<const CallSite>(spec), {}, body);
  call->result = entry_of(5);
  call->attempt = 3;
  const auto bytes = written(*call, 77);
  EXPECT_EQ(bytes.size(), sizeof(CallFrame) + 8 + body.size());
  CallFrame frame;
  std::memcpy(&frame, bytes.data(), sizeof frame);
  EXPECT_EQ(frame.size, bytes.size());
  EXPECT_EQ(frame.sequence, 77U);
  EXPECT_EQ(frame.stub_offset, 7U);
  EXPECT_EQ(frame.target_image, 21U);
  EXPECT_EQ(frame.task_lo, 5U);
  EXPECT_EQ(frame.attempt, 3);
  EXPECT_EQ(frame.result_count, 1U);
  EXPECT_EQ(frame.cpus, 1);
  EXPECT_EQ(std::memcmp(bytes.data() + sizeof frame, "a name", 6), 0);
  EXPECT_EQ(std::memcmp(bytes.data() + sizeof frame + 8, body.data(), body.size()), 0);
}

TEST(Call, TellsHowManyResultsItHas) {
  const auto site = base::make_ref<const CallSite>(some_spec());
  const auto constructor = Call::make(site, {}, {});
  EXPECT_EQ(constructor->frame().result_count, 0U);
  const auto of_none = Call::make(site, {}, {});
  of_none->result = entry_of(1);
  of_none->unpacked = true;
  EXPECT_EQ(of_none->frame().result_count, 0U);
  const auto of_two = Call::make(site, {}, {});
  of_two->unpacked = true;
  of_two->extras().results = {entry_of(8), entry_of(9)};
  EXPECT_EQ(of_two->frame().result_count, 2U);
  EXPECT_EQ(of_two->frame().task_lo, 8U);
}

TEST(Call, KeepsItsRefsAndKnowsTheFirstThatFailed) {
  const auto first = entry_of(1);
  const auto second = entry_of(2);
  second->mark_seen();
  {
    std::vector<RefArgument> refs(2);
    refs[0].entry = first;
    refs[1].entry = second;
    refs[1].at = 8;
    const auto call = Call::make(base::make_ref<const CallSite>(some_spec()), refs, bytes_of(8));
    EXPECT_EQ(call->refs()[1].at, 8U);
    EXPECT_EQ(first->use_count(), 2U);
    EXPECT_EQ(call->failed_argument(), nullptr);
    (void)second->complete(Value({}, kError));
    EXPECT_EQ(call->failed_argument(), second.get());
  }
  EXPECT_EQ(first->use_count(), 1U);
}

TEST(Call, MissesArgumentsOnlyWhileItWaits) {
  const auto call = Call::make(base::make_ref<const CallSite>(some_spec()), {}, {});
  call->wait_for_one_more();
  call->wait_for_one_more();
  EXPECT_EQ(call->missing(), 2U);
  Router router;
  call->object_done(call, router);
  EXPECT_EQ(router.started, 0);
  call->object_done(call, router);
  EXPECT_EQ(router.started, 1);
  call->enter_queue(nullptr);
  EXPECT_EQ(call->missing(), 0U);
  call->enter_lane(9, 10);
  EXPECT_EQ(call->missing(), 0U);
  EXPECT_EQ(call->sequence(), 9U);
  EXPECT_EQ(call->estimate_ns(), 10U);
}

TEST(Call, BytesOfCallsAreThoseOfTheLivingOnes) {
  const std::uint64_t before = pending_bytes.count();
  {
    const auto site = base::make_ref<const CallSite>(some_spec());
    const auto small = Call::make(site, {}, {});
    const std::uint64_t of_small = pending_bytes.count() - before;
    EXPECT_EQ(of_small, sizeof(Call) + sizeof(ObjectEntry));
    const auto large = Call::make(site, {}, bytes_of(100));
    EXPECT_EQ(pending_bytes.count() - before, 2 * of_small + 100);
    EXPECT_EQ(large->arguments_size(), 100U);
  }
  EXPECT_EQ(pending_bytes.count(), before);
}

TEST(Call, OfAMethodKeepsItsActor) {
  const auto actor = base::make_ref<ActorEntry>(ActorId(1, 2), 0U);
  {
    const auto call = Call::make(base::make_ref<const CallSite>(some_spec()), {}, {});
    EXPECT_EQ(call->actor(), nullptr);
    call->set_actor(actor);
    EXPECT_EQ(actor->use_count(), 2U);
    call->enter_lane(1, 0);
    EXPECT_EQ(call->actor(), actor.get());
    EXPECT_EQ(call->estimate_ns(), 0U);
    call->forget_actor();
    EXPECT_EQ(actor->use_count(), 1U);
    call->set_actor(actor);
  }
  EXPECT_EQ(actor->use_count(), 1U);
}

TEST(CallSite, IsSharedByCallsOfOnePlace) {
  const auto site = CallSite::of(some_spec());
  EXPECT_EQ(CallSite::of(some_spec()), site);
  auto other = some_spec();
  other.target.offset = 9;
  EXPECT_NE(CallSite::of(other), site);
  auto named = some_spec();
  named.name = "other";
  EXPECT_NE(CallSite::of(named), site);
  EXPECT_EQ(CallSite::of(named)->name(), "other");
}

TEST(CallSite, KnowsItsOptions) {
  EXPECT_EQ(CallSite::of(some_spec())->options().max_retries, TaskOptions().max_retries);
  const auto options = std::make_shared<const TaskOptions>(TaskOptions{.name = "x", .cpus = 2});
  auto spec = some_spec();
  spec.options = &options;
  const auto site = CallSite::of(spec);
  EXPECT_EQ(site->options().cpus, 2);
  EXPECT_EQ(site->frame().cpus, 2);
  EXPECT_EQ(site->name(), "x");
  EXPECT_EQ(CallSite::of(spec), site);
  EXPECT_NE(CallSite::of(some_spec()), site);
}

TEST(CallSite, OfAThreadGoesWithIt) {
  base::Ref<const CallSite> site;
  std::thread([&] { site = CallSite::of(some_spec()); }).join();
  EXPECT_EQ(site->use_count(), 1U);
}

}  // namespace
}  // namespace manta::detail
