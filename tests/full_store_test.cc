// A store, or a disk, that is full of copies of one argument says what to do.
#include <chrono>
#include <string>
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

// Calls until there is no room. The text of the error.
template <class Error, class Call>
std::string fill(Call call) {
  std::vector<ObjectRef<std::size_t>> refs;
  return error_of<Error>([&] {
    for (int i = 0; i < 100; ++i) refs.push_back(call());
  });
}

bool advises(const std::string& text, const std::string& function) {
  return text.find("put() it once and pass the ref") != std::string::npos &&
         text.find(function) != std::string::npos;
}

// Arguments of calls that wait are spilled: it is the disk that is full.
TEST_F(ClusterTest, ADiskFullOfOneArgumentSaysPutItOnce) {
  ::setenv("MANTA_FAILING_WRITES", "1", 1);
  open({.cpus = 2, .object_store_bytes = kStore, .put_timeout = 0s, .overflow = false});
  ::unsetenv("MANTA_FAILING_WRITES");
  const auto gate = actor<Gate>();
  const std::vector<double> values(500'000);
  const auto of_task = fill<OutOfDisk>([&] { return remote(size_of)(values, gate); });
  EXPECT_TRUE(advises(of_task, "size_of")) << of_task;
  gate.post(&Gate::open);
}

TEST_F(ClusterTest, AStoreFullOfOneArgumentSaysPutItOnce) {
  open({.cpus = 2, .object_store_bytes = kStore, .put_timeout = 0s, .overflow = false});
  const auto gate = actor<Gate>();
  const auto reader = actor<Reader>();
  const std::vector<double> values(500'000);
  const auto of_method =
      fill<ObjectStoreFull>([&] { return reader.call(&Reader::read, values, gate); });
  EXPECT_TRUE(advises(of_method, "read")) << of_method;
  gate.post(&Gate::open);
}

TEST_F(ClusterTest, ManySmallPartsAreAnArgumentToo) {
  open({.cpus = 2, .object_store_bytes = kStore, .put_timeout = 0s, .overflow = false});
  const auto gate = actor<Gate>();
  const std::vector<std::string> texts(100'000, std::string(50, 'x'));
  const auto text = fill<ObjectStoreFull>([&] { return remote(length_of)(texts, gate); });
  EXPECT_TRUE(advises(text, "length_of")) << text;
  gate.post(&Gate::open);
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
