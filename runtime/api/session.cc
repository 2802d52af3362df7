// init(), at the end, checks whether a session can be opened here, resolves the options, starts the node, and makes a
// Session::State, which owns the Process and the thread that prints the workers' output; State::end() ends all of it.
#include "session.h"

#include <atomic>
#include <iostream>
#include <pthread.h>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include "../../base/build_notes.h"
#include "../../base/error.h"
#include "../../base/limits.h"
#include "../../base/standard_streams.h"
#include "../../base/start_affinity.h"
#include "../../objectstore/forked_children.h"
#include "../../objectstore/read_only_fault.h"
#include "../code/code_id.h"
#include "../launch/join_node.h"
#include "../launch/launch.h"
#include "../launch/log_stream.h"
#include "../launch/own_library.h"
#include "../launch/role.h"
#include "../launch/run_if_worker.h"
#include "../options/resolve_options.h"
#include "../ownership/notices.h"
#include "../process/process.h"
#include "../worker/local_session.h"
#include "../worker/wait_for_room.h"
#include "cluster.h"
#include "leak_report.h"

namespace manta {
namespace {

// SYNC: nothing but the claim itself: init() and shutdown() are called from one thread at a time.
std::atomic<bool> session_open{false};

void check_can_init(const InitOptions& options) {
  // This comes before anything looks at the options, which may have another layout in another part of the program.
  if (const auto difference = base::build_difference(); !difference.empty()) {
    throw BuildMismatch("manta::init(): " + difference);
  }
  if (detail::has_role()) {
    throw InvalidArgument(
        "manta::init() was called in a worker, by a task or an actor: a worker is in its driver's "
        "session already; use manta there without init()");
  }
  if (detail::has_role_variable() && detail::main_has_started()) {
    throw InvalidArgument(
        "manta::init() was called in a process that was started as a node or worker, but runs its "
        "own main(): a program that InitOptions::worker.path names must be linked with the wrapped "
        "main (the CMake target manta::manta, or `pkg-config --libs manta`), or call "
        "manta::run_if_worker() before it does anything else with Manta");
  }
  if (detail::generation() >= detail::kMaxGeneration) {
    throw InvalidArgument(
        "manta::init(): this process is inside " + std::to_string(detail::kMaxGeneration) +
        " sessions, each begun in a task of the one before: does the program start itself? If it "
        "is meant, unset " +
        detail::kGenerationVariable + " in between");
  }
  if (!detail::main_has_started()) {
    throw InvalidArgument(
        "manta::init() was called before main(), from a static constructor: call it in main()");
  }
  if (!detail::wrapped_main_ran() && options.worker.path.empty()) {
    throw InvalidArgument("manta::init(): " + detail::worker_program_needed());
  }
}

// See NodeOptions.
detail::LibraryEntry library_entry() {
  if (detail::own_library().empty()) return {};
  const auto id = detail::identify_data(reinterpret_cast<std::uintptr_t>(&run_if_worker));
  return {id.image, id.offset};
}

}  // namespace

struct Session::State {
  explicit State(detail::Attachment attachment)
      : process(detail::Process::open(std::move(attachment))) {
    try {
      log_thread = std::thread([this] { follow_node(); });
    } catch (...) {
      process->close();
      throw;
    }
    detail::let_threads_wait_for_room(*process);
    process->cores().enter();
    if (process->attachment().local) local = std::make_unique<detail::LocalSession>(*process);
    // A write to an array prints a line about it; then the program's own handling of SIGSEGV follows.
    objectstore::install_read_only_fault(process->store(),
                                         local ? detail::end_call_that_wrote : nullptr);
  }

  void follow_node() {
    pthread_setname_np(pthread_self(), "manta-log");
    base::run_on_start_cores();
    detail::run_log_stream(
        process->attachment(),
        [](std::span<const std::byte> bytes) {
          if (const auto notice = detail::decode_notice(bytes)) {
            detail::driver_notices().add(*notice);
          }
        },
        printed);
    if (!ending.load()) process->node_died();
  }

  void end() {
    if (ended) return;
    ended = true;
    if (::getpid() != owner) {  // forked by the user: the session is the parent's
      log_thread.detach();
      (void)local.release();
      (void)process.detach();
      return;
    }
    const detail::Attachment& attachment = process->attachment();
    if (!attachment.joined) detail::report_leaks(attachment.directory);
    // Nobody else has its memory afterwards. A node that has died did not wait for its workers, which may read until
    // they are killed.
    const bool memory_is_ours = !attachment.joined && !process->ownership().dead();
    ending.store(true);
    process->cores().leave();
    process->close();
    local.reset();
    // The node gets more time while the workers' output is being printed: whoever reads it may be slow. SYNC: none, see
    // LogProgress.
    const auto still_prints = [this, before = printed.frames.load()]() mutable {
      const std::uint64_t last = std::exchange(before, printed.frames.load());
      return printed.printing.load() || last != before;
    };
    if (attachment.joined) {
      detail::leave_node(attachment, still_prints);
    } else {
      detail::shutdown_node(attachment, still_prints);
    }
    objectstore::forget_forked_children();
    log_thread.join();
    // Refs that the program still has would keep all of it.
    if (memory_is_ours) process->store().give_back_memory();
    detail::driver_notices().end();
    objectstore::remove_read_only_fault();
    session_open.store(false);
  }

  base::Ref<detail::Process> process;
  std::unique_ptr<detail::LocalSession> local;  // null: there are workers
  detail::LogProgress printed;
  std::thread log_thread;
  std::atomic<bool> ending{false};  // SYNC: the end of the log's stream, which follows, orders it
  const pid_t owner = ::getpid();
  bool ended = false;
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&& other) noexcept {
  if (this != &other) {
    shutdown();
    state_ = std::move(other.state_);
  }
  return *this;
}
Session::~Session() { shutdown(); }

void Session::shutdown() {
  if (state_) state_->end();
}

JobId Session::job() const {
  if (!state_) throw InvalidArgument("Session::job(): the session was moved from");
  return state_->process->attachment().job;
}

std::filesystem::path Session::directory() const {
  if (!state_) throw InvalidArgument("Session::directory(): the session was moved from");
  return state_->process->attachment().directory;
}

std::unique_ptr<Session::State> Session::open_session(detail::Attachment attachment) {
  const bool own_node = !attachment.joined;  // else the end of its socket ends the job
  const detail::NodeProcess node = attachment.node_process.duplicate();
  try {
    return std::make_unique<State>(std::move(attachment));
  } catch (...) {
    if (own_node) detail::end_node(node);
    throw;
  }
}

Session init(InitOptions options) {
  check_can_init(options);
  const base::StandardStreamsReserved reserved;  // resolving reads the files of cgroups
  detail::NodeOptions resolved = detail::resolve_options(std::move(options));
  const std::string about_store =
      detail::about_large_store(resolved.object_store_bytes, resolved.usable_memory);
  resolved.library_entry = library_entry();
  detail::OpenSession::refuse_if_forked("manta::init()");
  if (session_open.exchange(true)) {
    throw InvalidArgument(
        "manta::init(): a session is open already; end it first (Session::shutdown()), or share "
        "it");
  }
  try {
    objectstore::give_back_memory_of_ended();
    detail::keep_own_library();
    detail::run_on_start();
    const bool joins = !resolved.address.empty();
    detail::Attachment attachment =
        joins ? detail::join_node(resolved) : detail::launch_node(resolved);
    if (!joins && !about_store.empty()) std::cerr << "manta: " + about_store + "\n";
    if (resolved.keep_logs) {
      std::cerr << "manta: the logs of this session stay in " + attachment.directory.string() +
                       " (MANTA_KEEP_LOGS)\n";
    }
    return Session(Session::open_session(std::move(attachment)));
  } catch (const std::system_error& error) {
    session_open.store(false);
    throw RuntimeError("manta::init: " + base::with_limit(error));
  } catch (...) {
    session_open.store(false);
    throw;
  }
}

}  // namespace manta
