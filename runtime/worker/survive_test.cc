// Which crashes end a call of a local session, and which the process.
#include "survive.h"

#include <csignal>
#include <cstdlib>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "../../rpc/cores.h"
#include "../../rpc/progress.h"
#include "../ownership/tables.h"

namespace manta::detail {
namespace {

class NoWork final : public rpc::Progress::Work {
 public:
  bool poll() override { return false; }
  bool pending() const override { return false; }
};

// What a child that survives the crash of `body` exits with; or minus the signal that it dies of.
int end_of_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const CrashesSurvived survived;
    ::_exit(survive(body).signal);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(Survive, ACrashEndsTheCallWhateverItsSignal) {
  for (const int signal : CrashesSurvived::kSignals) {
    EXPECT_EQ(end_of_child([signal] { ::raise(signal); }), signal);
  }
  EXPECT_EQ(end_of_child([] { std::abort(); }), SIGABRT);
  EXPECT_EQ(end_of_child([] {}), 0);
}

TEST(Survive, ACrashInsideTheTablesIsNotTheCallsAndEndsTheProcess) {
  const auto crash_in_tables = [](bool inside) {
    rpc::CoresPage session{};
    rpc::ProcessPage page{};
    rpc::Cores cores(session, page.active_threads);
    NoWork work;
    rpc::Progress progress(page, cores, work);
    Tables tables(progress);
    if (inside) {
      const TablesLock lock(tables);
      ::raise(SIGSEGV);
    }
    { const TablesLock lock(tables); }
    ::raise(SIGSEGV);
  };
  EXPECT_EQ(end_of_child([=] { crash_in_tables(true); }), -SIGSEGV);
  EXPECT_EQ(end_of_child([=] { crash_in_tables(false); }), SIGSEGV);
}

TEST(Survive, AChildThatACallHasForkedDiesByItself) {
  EXPECT_EQ(end_of_child([] {
              const pid_t child = ::fork();
              if (child == 0) std::abort();
              int status = 0;
              ::waitpid(child, &status, 0);
              ::_exit(WIFSIGNALED(status) ? 100 + WTERMSIG(status) : 1);
            }),
            100 + SIGABRT);
}

}  // namespace
}  // namespace manta::detail
