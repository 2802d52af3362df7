// The life of a worker process: it joins the session, runs what every process runs once (OnStart), says hello to the
// node, and executes calls until it is told to exit.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <exception>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

#include "../../base/build_notes.h"
#include "../../base/error.h"
#include "../../base/failpoint.h"
#include "../../base/fd.h"
#include "../../objectstore/read_only_fault.h"
#include "../launch/crash_handler.h"
#include "../launch/entry.h"
#include "../launch/give_up.h"
#include "../launch/on_start.h"
#include "../launch/role.h"
#include "../process/process.h"
#include "../wire/death_report.h"
#include "executor.h"
#include "hand_over.h"
#include "lost_descriptors.h"
#include "thread_stacks.h"
#include "wait_for_room.h"

namespace manta::detail {
namespace {

// Runs in the signal handler, which has printed a line about the write. That line is the last that this process says;
// the exit code tells the node to look for it.
void on_write(const objectstore::ReadOnlyFault& fault) {
  record_crash_stack(fault.context);
  ::_exit(kReadOnlyWriteExit);
}

void load_libraries(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
      throw RuntimeError("InitOptions::worker.libraries: " + std::string(::dlerror()));
    }
  }
}

bool prepare(const Attachment& attachment) {
  try {
    load_libraries(attachment.libraries);
    if (const auto difference = base::build_difference(); !difference.empty()) {
      throw BuildMismatch(difference);
    }
    run_on_start();
    return true;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manta: a worker could not start: %s\n", error.what());
  } catch (...) {
    std::fprintf(stderr, "manta: an OnStart function threw in a worker\n");
  }
  return false;
}

// When memory runs out, the kernel shall kill a worker, whose task can be tried again, and not the driver or the node,
// however much memory those have: 1000 counts more than all of the memory (proc(5), oom_score_adj). Processes that
// tasks start inherit it.
void be_the_first_to_go() {
  const base::Fd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view kFirst = "1000";
  // If this is not allowed, or if there is no such file, the kernel chooses as it otherwise would.
  if (file && ::write(file.get(), kFirst.data(), kFirst.size()) < 0) return;
}

// Of exit handlers and static destructors. Tests have less of it.
std::chrono::milliseconds patience_at_end() {
  const char* const text = std::getenv("MANTA_EXIT_PATIENCE_MS");
  return std::chrono::milliseconds(text != nullptr ? std::atoi(text) : 10'000);
}

}  // namespace

int worker_main(Attachment&& attachment) {
  hand_over(attachment);
  move_apart(attachment);
  be_the_first_to_go();
  // It is a pipe, but people read its lines as they come.
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const auto process = Process::open(std::move(attachment));
  let_give_up(process->control().process(process->slot()).crash);
  let_threads_wait_for_room(*process);
  const objectstore::SignalStack stack;
  give_new_threads_signal_stacks();
  install_crash_handler(process->control().process(process->slot()).crash);
  objectstore::install_read_only_fault(process->store(), on_write);
  base::arm_failpoint();
  Executor executor(*process);
  if (!prepare(process->attachment())) {
    process->progress().stop();
    return 1;
  }
  watch_for_lost_descriptors();
  process->node().send(WorkerHello{});
  const int code = executor.run();
  stop_watching_for_lost_descriptors();
  process->progress().stop();
  give_up_unless_ended_within(patience_at_end());
  std::fflush(nullptr);
  return code;
}

}  // namespace manta::detail
