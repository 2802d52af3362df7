#include "entry.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../base/limits.h"
#include "../../base/standard_streams.h"
#include "../../base/start_affinity.h"
#include "role.h"
#include "run_if_worker.h"

// Weak: only where a program was linked with --wrap=main does its link take wrapped_main.cc out of libmanta.a.
extern "C" [[gnu::weak]] const manta::detail::Main manta_users_main;

namespace manta::detail {
namespace {

// SYNC: none, of all accesses to these two flags: they are set on the main thread before there is another one.
std::atomic<bool> g_wrapped_main_ran = false;
std::atomic<bool> g_has_role = false;
const char* g_program_name = "manta";

int run_role(Role& role) {
  if (role.kind == RoleKind::kNode) {
    prctl(PR_SET_NAME, "manta-node");
    return run_node(role);
  }
  prctl(PR_SET_NAME, "manta-worker");
  if (getppid() != role.attachment.node_pid) throw RoleError("its node is not its parent any more");
  return worker_main(std::move(role.attachment));
}

// Allocates nothing: it may be memory that is missing.
void say_why_not(const char* why) {
  char line[2048];
  const int n = std::snprintf(line, sizeof line,
                              "manta: this process was started as a node or worker of a session "
                              "(%s was in its environment; whoever set it by hand: unset it), but: "
                              "%.1500s; it ends without running main()\n",
                              kRoleVariable, why);
  [[maybe_unused]] const ssize_t written =
      write(2, line, std::min(static_cast<std::size_t>(n), sizeof line - 1));
}

int run_as_told() {
  g_has_role.store(true, std::memory_order_relaxed);
  try {
    base::open_standard_streams();
    base::run_on_start_cores();
    Role role = take_role();
    return run_role(role);
  } catch (const std::bad_alloc&) {
    say_why_not("there is no memory");
  } catch (const std::exception& error) {
    say_why_not(base::with_limit(error).c_str());
  } catch (...) {
    say_why_not("something that is no std::exception was thrown");
  }
  _exit(kNoRoleExit);  // so that nothing of the user's runs, static destructors included
}

}  // namespace

bool wrapped_main_ran() { return g_wrapped_main_ran.load(std::memory_order_relaxed); }

bool has_role() { return g_has_role.load(std::memory_order_relaxed); }

bool main_has_started() {
  const bool is_wrapped = &manta_users_main != nullptr && manta_users_main != nullptr;
  return !is_wrapped || wrapped_main_ran();
}

const char* program_name() { return g_program_name; }

int enter(Main users_main, int argc, char** argv, char** envp) {
  if (argc > 0) g_program_name = argv[0];
  if (was_started_with_role()) return run_as_told();
  g_wrapped_main_ran.store(true, std::memory_order_relaxed);
  return users_main(argc, argv, envp);
}

}  // namespace manta::detail

void manta::run_if_worker() {
  if (detail::has_role_variable()) std::exit(detail::run_as_told());
}
