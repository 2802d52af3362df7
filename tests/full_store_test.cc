// A store, or a disk, that is full of copies of one argument says what to do.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"

namespace manta::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kStore = 64 << 20;

std::size_t size_of(const std::vector<double>& values, ActorHandle<Gate> gate) {
  wait_at(gate);
  return values.size();
}
std::size_t length_of(const std::vector<std::string>& texts, ActorHandle<Gate> gate) {
  wait_at(gate);
  return texts.size();
}
struct Reader {
  std::size_t read(const std::vector<double>& values, ActorHandle<Gate> gate) {
    wait_at(gate);
    return values.size();
  }
};

bool advises(const std::string& text, const std::string& function) {
  return text.find("put() it once and pass the ref") != std::string::npos &&
         text.find(function) != std::string::npos;
}

// Arguments of calls that wait are spilled: it is the disk that is full of them.
TEST_F(ClusterTest, ADiskFullOfOneArgumentSaysPutItOnce) {
  ::setenv("MANTA_FAILING_WRITES", "1", 1);
  open({.cpus = 2, .object_store_bytes = kStore, .put_timeout = 0s, .overflow = false});
  ::unsetenv("MANTA_FAILING_WRITES");
  const auto gate = actor<Gate>();
  const std::vector<double> values(500'000);
  std::vector<ObjectRef<std::size_t>> refs;
  const auto text = error_of<OutOfDisk>([&] {
    for (int i = 0; i < 100; ++i) refs.push_back(remote(size_of)(values, gate));
  });
  EXPECT_TRUE(advises(text, "size_of")) << text;
  gate.post(&Gate::open);
}

// What a program holds is not spilled.
TEST_F(ClusterTest, AFullStoreWithoutRoomForAnArgumentSaysPutItOnce) {
  open({.cpus = 2, .object_store_bytes = kStore, .put_timeout = 0s, .overflow = false});
  const auto held = get(put(zeros<char>(kStore - (std::size_t{2} << 20))));
  const auto gate = actor<Gate>();
  const auto reader = actor<Reader>();
  const std::vector<double> values(500'000);
  const std::vector<std::string> parts(1'000, std::string(5'000, 'x'));
  const auto of_task = error_of<ObjectStoreFull>([&] { (void)remote(size_of)(values, gate); });
  EXPECT_TRUE(advises(of_task, "size_of")) << of_task;
  const auto of_method =
      error_of<ObjectStoreFull>([&] { (void)reader.call(&Reader::read, values, gate); });
  EXPECT_TRUE(advises(of_method, "read")) << of_method;
  const auto of_parts = error_of<ObjectStoreFull>([&] { (void)remote(length_of)(parts, gate); });
  EXPECT_TRUE(advises(of_parts, "length_of")) << of_parts;
}

// The array is in the store when the text finds no room. The fixture looks for it at the end.
TEST_F(ClusterTest, AResultThatFindsNoRoomLeavesNothingOfItself) {
  open({.cpus = 1, .object_store_bytes = kStore, .put_timeout = 0s, .overflow = false});
  const auto both = [] {
    return std::pair<Array<char>, std::string>(full<char>(kStore / 4, 'x'),
                                               std::string(kStore, 'x'));
  };
  EXPECT_THROW(get(remote(both)()), ObjectStoreFull);
  EXPECT_TRUE(eventually([&] { return store_bytes_used() < kStore / 4; }));
}

TEST_F(ClusterTest, WhatCanNeverFitGetsNoSuchAdvice) {
  open({.cpus = 1, .object_store_bytes = kStore, .put_timeout = 0s, .overflow = false});
  const auto gate = actor<Gate>();
  const std::vector<double> values(10'000'000);
  const auto text = error_of<ObjectStoreFull>([&] { (void)remote(size_of)(values, gate); });
  EXPECT_EQ(text.find("put() it once"), std::string::npos) << text;
  EXPECT_NE(text.find("larger store"), std::string::npos) << text;
}

}  // namespace
}  // namespace manta::testing
