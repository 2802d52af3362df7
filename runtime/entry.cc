#include <atomic>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <manta/runtime/entry.h>
#include <manta/runtime/node/node.h>
#include <manta/runtime/role.h>

// Weak: in a program that was linked without --wrap=main there is none, and init() says so.
extern "C" __attribute__((weak)) int __real_main(int argc, char** argv, char** envp);

namespace manta::detail {
namespace {

std::atomic<bool> g_wrapped_main_ran = false;
std::atomic<bool> g_has_role = false;
const char* g_program_name = "manta";

int run_role(Role& role) {
  g_has_role.store(true, std::memory_order_relaxed);
  if (role.kind == RoleKind::node) {
    prctl(PR_SET_NAME, "manta-node");
    return run_node(role);
  }
  prctl(PR_SET_NAME, "manta-worker");
  if (getppid() != role.attachment.node_pid) return 1;  // the node died meanwhile
  return worker_main(std::move(role.attachment));
}

}  // namespace

bool wrapped_main_ran() { return g_wrapped_main_ran.load(std::memory_order_relaxed); }

bool has_role() { return g_has_role.load(std::memory_order_relaxed); }

bool main_has_started() { return __real_main == nullptr || wrapped_main_ran(); }

const char* program_name() { return g_program_name; }

int enter(int argc, char** argv, char** envp) {
  if (argc > 0) g_program_name = argv[0];
  if (std::optional<Role> role = take_role()) return run_role(*role);
  g_wrapped_main_ran.store(true, std::memory_order_relaxed);
  return __real_main(argc, argv, envp);
}

}  // namespace manta::detail

extern "C" __attribute__((used)) int __wrap_main(int argc, char** argv, char** envp) {
  return manta::detail::enter(argc, argv, envp);
}
