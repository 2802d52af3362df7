// Refs and handles in bytes outside the store: written to a file, loaded by another process of the session.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "node_records.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

void write_file(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.view().data(), std::streamsize(bytes.size()));
}
Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  return Bytes(text);
}

struct Notes {
  std::string title;
  std::map<std::string, std::vector<ObjectRef<std::string>>> pages;
  ObjectRef<Array<double>> samples;
  ObjectRef<int> none;
};

class Counter {
 public:
  int add(int by) { return total_ += by; }

 private:
  int total_ = 0;
};

std::string load_text(const std::string& path) {
  return get(deserialize<ObjectRef<std::string>>(read_file(path)));
}

class OutsideRefs : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 2});
    node_records_are_not_checked();  // a ref in bytes holds its object
    path_ = (session().directory() / "ref").string();
  }
  std::string path_;
};

TEST_F(OutsideRefs, AreLoadedByAnotherProcessAfterTheirRefsAreGone) {
  {
    const auto ref = put(std::string(100'000, 'x'));
    write_file(path_, serialize(ref));
  }
  EXPECT_EQ(get(remote(load_text)(path_)), std::string(100'000, 'x'));
  const auto again = deserialize<ObjectRef<std::string>>(read_file(path_));
  EXPECT_EQ(get(again).size(), 100'000U);
  free(again);
}

TEST_F(OutsideRefs, AnywhereInAValue) {
  const Bytes bytes = [] {
    const auto page = put(std::string("page"));
    return serialize(Notes{"n", {{"a", {page, page}}}, put(full<double>(1000, 2.5)), {}});
  }();
  auto notes = deserialize<Notes>(bytes);
  EXPECT_EQ(get(notes.pages["a"]).at(1), "page");
  EXPECT_EQ(notes.pages["a"][0], notes.pages["a"][1]);
  EXPECT_EQ(get(notes.samples)[999], 2.5);
  EXPECT_FALSE(notes.none);
  const auto size = remote([](const Bytes& file) {
    const auto loaded = deserialize<Notes>(file);
    return get(loaded.samples).size();
  })(bytes);
  EXPECT_EQ(get(size), 1000U);
  free(notes.pages["a"][0]);
  free(notes.samples);
}

TEST_F(OutsideRefs, OfATaskThatRuns) {
  const std::string gate = path_ + ".gate";
  const Bytes bytes = serialize(remote([](const std::string& file) {
    eventually([&] { return std::filesystem::exists(file); });
    return std::string("done");
  })(gate));
  write_file(path_, bytes);
  const auto loaded = remote(load_text)(path_);
  write_file(gate, Bytes(std::string_view("go")));
  EXPECT_EQ(get(loaded), "done");
  free(deserialize<ObjectRef<std::string>>(bytes));
}

TEST_F(OutsideRefs, AFreedOneSaysSo) {
  const auto ref = put(std::string("short"));
  write_file(path_, serialize(ref));
  free(ref);
  EXPECT_THAT(error_of<ObjectLost>([&] { get(remote(load_text)(path_)); }), HasSubstr("was freed"));
  EXPECT_THAT(error_of<ObjectLost>([&] { load_text(path_); }), HasSubstr("was freed"));
}

TEST_F(OutsideRefs, OneWhoseOwnerDiedSaysSo) {
  const auto victim = remote(
      [](const std::string& path) {
        const auto never = remote([] {
          ::pause();
          return std::string();
        })();
        write_file(path + ".part", serialize(never));
        std::filesystem::rename(path + ".part", path);
        ::raise(SIGKILL);
      },
      {.max_retries = 0})(path_);
  EXPECT_THROW(get(victim), WorkerCrashed);
  EXPECT_THAT(error_of<OwnerDied>([&] { load_text(path_); }), HasSubstr("died before it was made"));
}

TEST_F(OutsideRefs, OfAnotherSessionAreRefusedWithBothJobs) {
  const auto theirs = session().job().hex();
  const Bytes bytes = serialize(put(7));
  store_is_not_checked();  // the object is pinned to the end of its session
  close();
  EXPECT_THROW(deserialize<ObjectRef<int>>(bytes), InvalidArgument);  // there is no session
  open({.cpus = 1});
  EXPECT_THAT(error_of<SerializationError>([&] { deserialize<ObjectRef<int>>(bytes); }),
              AllOf(HasSubstr(theirs), HasSubstr(session().job().hex())));
}

TEST_F(OutsideRefs, AnObjectOfAnEndedSessionIsNotWritten) {
  const auto ref = put(7);
  close();
  EXPECT_THROW(serialize(ref), InvalidArgument);
}

TEST_F(OutsideRefs, AnActorIsPinnedUntilItIsKilled) {
  {
    const auto counter = actor<Counter>();
    write_file(path_, serialize(counter));
    EXPECT_EQ(get(counter.call(&Counter::add, 3)), 3);
  }
  const auto count = remote([](const std::string& path) {
    const auto loaded = deserialize<ActorHandle<Counter>>(read_file(path));
    return get(loaded.call(&Counter::add, 4));
  })(path_);
  EXPECT_EQ(get(count), 7);
  const auto counter = deserialize<ActorHandle<Counter>>(read_file(path_));
  EXPECT_EQ(get(counter.call(&Counter::add, 1)), 8);
  counter.kill();
  EXPECT_THROW(get(counter.ended()), ActorDied);
}

TEST_F(OutsideRefs, AFlippedBitIsRefused) {
  const auto ref = put(7);
  const Bytes bytes = serialize(ref);
  std::string text(bytes.view());
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    EXPECT_THROW(deserialize<ObjectRef<int>>(Bytes(text)), SerializationError) << bit;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  }
  free(ref);
}

}  // namespace
}  // namespace manta::testing
