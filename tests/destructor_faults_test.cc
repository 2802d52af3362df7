// Destructors that throw, wherever a call has objects: the process ends as C++ says, or the exception is the call's.
#include <stdexcept>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "sanitized.h"
#include "work.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

bool armed = false;

[[gnu::noinline]] void throw_if_armed() {
  if (std::exchange(armed, false)) throw std::range_error("of a destructor");
}

// As the language has it, unless the class says otherwise: what leaves the destructor terminates the process.
struct Quiet {
  int number = 1;
  ~Quiet() { throw_if_armed(); }
};
// Says otherwise.
struct Loud {
  int number = 1;
  ~Loud() noexcept(false) { throw_if_armed(); }
};

template <class T>
int takes(const T& argument) {
  armed = true;
  return argument.number;
}
template <class T>
int has(int number) {
  const T local;
  armed = true;
  return number;
}
template <class T>
T gives() {
  armed = true;
  return T();
}
template <class T>
int has_while_another_is_thrown() {
  const T local;
  armed = true;
  throw std::out_of_range("the first");
}

class DestructorFaults : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 1, .log_to_driver = false});
  }
  template <class R>
  void expect_crash(const ObjectRef<R>& ref) {
    const std::string said = error_of<WorkerCrashed>([&] { get(ref); });
    EXPECT_THAT(said, HasSubstr("the worker process that ran"));
    if (!kSanitized) {
      EXPECT_THAT(said, AllOf(HasSubstr("SIGABRT"), HasSubstr("of a destructor")));
    }
    expect_all_works();
  }
  template <class R>
  void expect_error(const ObjectRef<R>& ref) {
    EXPECT_THAT(error_of<std::range_error>([&] { get(ref); }), HasSubstr("of a destructor"));
    expect_all_works();
  }
};

const TaskOptions kOnce{.max_retries = 0};

TEST_F(DestructorFaults, ThatTerminateAreCrashesWithTheText) {
  expect_crash(remote(takes<Quiet>, kOnce)(Quiet{2}));
  expect_crash(remote(has<Quiet>, kOnce)(3));
  expect_crash(remote(gives<Quiet>, kOnce)());
  expect_crash(remote(has_while_another_is_thrown<Quiet>, kOnce)());
  expect_crash(remote(has_while_another_is_thrown<Loud>, kOnce)());
}

TEST_F(DestructorFaults, ThatMayThrowAreErrorsOfTheirCall) {
  expect_error(remote(takes<Loud>, kOnce)(Loud{2}));
  expect_error(remote(has<Loud>, kOnce)(3));
  expect_error(remote(gives<Loud>, kOnce)());
}

// An exception whose own destructor throws.
struct BadError : std::runtime_error {
  using std::runtime_error::runtime_error;
  BadError(const BadError&) = default;
  ~BadError() override { throw_if_armed(); }
};

TEST_F(DestructorFaults, OfAnExceptionIsACrash) {
  const auto f = [] {
    BadError error("the first");
    armed = true;
    throw BadError(error);
  };
  expect_crash(remote(f, kOnce)());
}

// ---- actors

template <class T>
struct Holder {
  int number() const { return held.number; }
  void arm() { armed = true; }
  void arm_and_exit() {
    armed = true;
    exit_actor();
  }
  T held;
};

template <class T>
void expect_that_its_end_is_told() {
  ObjectRef<void> ended;
  {
    const auto holder = actor<Holder<T>>();
    EXPECT_EQ(get(holder.call(&Holder<T>::number)), 1);
    ended = holder.ended();
    holder.post(&Holder<T>::arm);
  }
  const std::string said = error_of<ActorDied>([&] { get(ended); });
  EXPECT_THAT(said, HasSubstr("Holder"));
  if (!kSanitized) {
    EXPECT_THAT(said, AllOf(HasSubstr("SIGABRT"), HasSubstr("of a destructor")));
  }
  expect_all_works();
}

TEST_F(DestructorFaults, OfAnActorIsWhatItsEndSays) {
  expect_that_its_end_is_told<Quiet>();
  expect_that_its_end_is_told<Loud>();
}

TEST_F(DestructorFaults, OfAnActorThatExitsIsWhatItsEndSays) {
  const auto holder = actor<Holder<Loud>>();
  const auto exits = holder.call(&Holder<Loud>::arm_and_exit);
  EXPECT_THROW(get(exits), ActorDied);
  EXPECT_THAT(error_of<ActorDied>([&] { get(holder.ended()); }), HasSubstr("Holder"));
  EXPECT_THROW(get(holder.call(&Holder<Loud>::number)), ActorDied);
  expect_all_works();
}

TEST_F(DestructorFaults, OfAnActorDoesNotHoldUpTheEndOfTheSession) {
  const auto holder = actor<Holder<Quiet>>();
  get(holder.call(&Holder<Quiet>::arm));
  store_is_not_checked();  // which waits for the actor's end
  close();
}

}  // namespace
}  // namespace manta::testing
