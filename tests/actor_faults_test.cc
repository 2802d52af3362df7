// What a method may do to its actor's process: the call and the actor have one clear end, and the session goes on.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <pthread.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "sanitized.h"
#include "work.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

bool hangs_at_exit = false;

struct HangsAtExit {
  ~HangsAtExit() {
    while (hangs_at_exit) ::pause();
  }
} hangs;

enum class Where { kNowhere, kConstructor, kDestructor };

struct Faulty {
  explicit Faulty(int where = 0) : where_(Where(where)) {
    if (where_ == Where::kConstructor) ::pthread_exit(nullptr);
  }
  ~Faulty() {
    if (where_ == Where::kDestructor) std::exit(0);
  }
  Faulty(const Faulty&) = delete;

  void end(int which) {
    if (which == 0) std::exit(0);
    if (which == 1) ::_exit(0);
    if (which == 2) std::quick_exit(0);
    if (which == 3) ::pthread_exit(nullptr);
  }
  int pid() const { return ::getpid(); }
  int leave_a_child() {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) ::pause();
    }
    return child;
  }
  std::string go_to(const std::string& place) {
    fs::current_path(place);
    ::umask(0777);
    return fs::current_path().string();
  }
  std::string place() const { return fs::current_path().string(); }
  void stop() { ::raise(SIGSTOP); }
  void hang_at_exit() { hangs_at_exit = true; }

 private:
  Where where_;
};

class ActorFaults : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 2, .log_to_driver = false, .env = {{"MANTA_EXIT_PATIENCE_MS", "200"}}});
  }
};

template <class R>
std::string death_of(const ObjectRef<R>& ref) {
  return error_of<ActorDied>([&] { get(ref); });
}

TEST_F(ActorFaults, WhateverEndsTheProcessIsTheActorsDeath) {
  const char* const said[] = {"exited with code 0", "exited with code 0", "exited with code 0",
                              "pthread_exit"};
  for (int which = 0; which < 4; ++which) {
    SCOPED_TRACE(which);
    const auto faulty = actor<Faulty>();
    const auto ends = faulty.call(&Faulty::end, which);
    const auto behind = faulty.call(&Faulty::pid);
    for (const std::string& death : {death_of(ends), death_of(behind), death_of(faulty.ended())}) {
      EXPECT_THAT(death, HasSubstr("Faulty"));
      if (!kSanitized) {
        EXPECT_THAT(death, HasSubstr(said[which]));
      }
    }
    expect_all_works();
  }
}

TEST_F(ActorFaults, PthreadExitInAConstructorIsTheActorsDeath) {
  const auto faulty = actor<Faulty>(static_cast<int>(Where::kConstructor));
  EXPECT_THAT(death_of(faulty.ready()), HasSubstr("pthread_exit"));
  EXPECT_THAT(death_of(faulty.call(&Faulty::pid)), HasSubstr("pthread_exit"));
  expect_all_works();
}

TEST_F(ActorFaults, ExitInADestructorIsTheActorsDeath) {
  ObjectRef<void> ended;
  {
    const auto faulty = actor<Faulty>(static_cast<int>(Where::kDestructor));
    get(faulty.ready());
    ended = faulty.ended();
  }
  EXPECT_THAT(death_of(ended), HasSubstr("Faulty"));
  expect_all_works();
}

TEST_F(ActorFaults, AChildThatStaysEndsWithTheSession) {
  int child = 0;
  ObjectRef<void> ended;
  {
    const auto faulty = actor<Faulty>();
    child = get(faulty.call(&Faulty::leave_a_child));
    EXPECT_GT(get(faulty.call(&Faulty::pid)), 0);
    ended = faulty.ended();
  }
  get(ended);
  EXPECT_EQ(::kill(child, 0), 0);
  expect_all_works();
  close();
  EXPECT_NE(::kill(child, 0), 0);
}

TEST_F(ActorFaults, WhatAMethodSetsInItsProcessIsTheActorsOwn) {
  const auto one = actor<Faulty>();
  const auto other = actor<Faulty>();
  EXPECT_EQ(get(one.call(&Faulty::go_to, std::string("/"))), "/");
  EXPECT_EQ(get(one.call(&Faulty::place)), "/");
  EXPECT_EQ(get(other.call(&Faulty::place)), fs::current_path().string());
  expect_all_works();
}

TEST_F(ActorFaults, AMethodThatStopsItsProcessEndsWithItsDeadlineAndKillEndsTheActor) {
  const auto faulty = actor<Faulty>();
  const auto stopped = faulty.with({.deadline = 200ms}).call(&Faulty::stop);
  EXPECT_THROW(get(stopped), DeadlineExceeded);
  expect_all_works();
  faulty.kill();
  EXPECT_THAT(death_of(faulty.ended()), HasSubstr("ActorHandle::kill()"));
}

// Its destructor has run, so that its end is a normal one.
TEST_F(ActorFaults, AnActorWhoseProcessDoesNotEndIsEnded) {
  ObjectRef<void> ended;
  int process = 0;
  {
    const auto faulty = actor<Faulty>();
    get(faulty.call(&Faulty::hang_at_exit));
    process = get(faulty.call(&Faulty::pid));
    ended = faulty.ended();
  }
  get(ended);
  EXPECT_TRUE(eventually([&] { return ::kill(process, 0) != 0; }));
  expect_all_works();
}

}  // namespace
}  // namespace manta::testing
