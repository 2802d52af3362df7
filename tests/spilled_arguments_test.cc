// Arguments by value of calls that wait make room for others, as what refs point to does.
#include <algorithm>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../base/fd.h"
#include "spilled_files.h"
#include "spilled_parts.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

// Both wait for the other end.
void read_from(const std::string& fifo) { const base::Fd end(::open(fifo.c_str(), O_RDONLY)); }
void write_to(const std::string& fifo) { const base::Fd end(::open(fifo.c_str(), O_WRONLY)); }

// 40 KB.
Words few_words(long which) {
  return Words(40, std::string(1'000, static_cast<char>('a' + which % 26)));
}
bool are_few_words(const Words& one, const Words& two, const Words& three, long which) {
  return one == few_words(which) && two == few_words(which + 1) && three == few_words(which + 2);
}

// Calls behind one that has the only worker: some of them have one large argument each, 200 MB in all, the others
// several small ones, which lie in one block of the call's own, 120 MB.
class SpilledArguments : public SpilledParts {
 protected:
  void SetUp() override {
    SpilledParts::SetUp();
    open_small(1);
    ASSERT_EQ(::mkfifo(fifo_.c_str(), 0600), 0);
    first_ = remote(read_from)(fifo_);
    for (long i = 0; i < 100; ++i) {
      calls_.push_back(remote(are_words)(words(3 * i + 1), 3 * i + 1));
      for (int k = 0; k < 10; ++k) {
        calls_.push_back(
            remote(are_few_words)(few_words(i), few_words(i + 1), few_words(i + 2), i));
      }
    }
    EXPECT_GE(store().spilled, 220 * kMiB);
  }
  void let_them_run() {
    write_to(fifo_);
    get(first_);
  }

  const std::string fifo_ = (tree_.root() / "fifo").string();
  ObjectRef<void> first_;
  std::vector<ObjectRef<bool>> calls_;
};

TEST_F(SpilledArguments, ByValueOfCallsThatWaitAreReadBack) {
  let_them_run();
  for (std::size_t i = 0; i < calls_.size(); ++i) EXPECT_TRUE(get(calls_[i])) << i;
  EXPECT_TRUE(all_gone());
}

TEST_F(SpilledArguments, DamagedOnesAreAnErrorAndNeverRead) {
  ASSERT_TRUE(damage_spilled(node_pid(), directory()));
  let_them_run();
  int lost = 0;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    try {
      EXPECT_TRUE(get(calls_[i])) << i;
    } catch (const ObjectLost& error) {
      EXPECT_THAT(error.what(), HasSubstr("what a call passes by value was on disk"));
      ++lost;
    }
  }
  EXPECT_GT(lost, 20);
  EXPECT_TRUE(all_gone());
}

struct SlowReader {
  SlowReader(const Array<long>& array, std::string_view text, const Words& one, const Words& two,
             const std::string& begun, const std::string& fifo) {
    write_to(begun);
    read_from(fifo);
    sound_ = std::ranges::all_of(array, [](long x) { return x == 7; }) &&
             text == std::string(3'000, 't') && one == few_words(1) && two == few_words(2);
  }
  bool sound() const { return sound_; }
  bool sound_ = false;
};

// Its call is in no lane.
TEST_F(SpilledParts, WhatAConstructorReadsStaysInMemory) {
  open_small(2);
  const std::string begun = (tree_.root() / "begun").string();
  const std::string fifo = (tree_.root() / "fifo").string();
  for (const auto& path : {begun, fifo}) ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  auto reader = actor<SlowReader>(full<long>(kMiB, 7), std::string(3'000, 't'), few_words(1),
                                  few_words(2), begun, fifo);
  read_from(begun);
  const auto refs = put_many(kMany);
  EXPECT_GE(store().spilled, 190 * kMiB);
  write_to(fifo);
  EXPECT_TRUE(get(reader.call(&SlowReader::sound)));
}

}  // namespace
}  // namespace manta::testing
