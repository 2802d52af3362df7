// The node process of a session: reads what the processes say, keeps the tables, starts and buries workers.
//
//   sweep all rings --> grant, start, settle, send --> anything left? --no--> arm the bell, sleep in epoll
//        ^-----------------------------------------------------------------------'
//
// It ends when its driver does (EOF of the socket, or the process is gone), on `shutdown`, or on SIGTERM: then it
// kills and reaps every process below it, removes the session's directory, and exits.
// Threads: one. No CPU when idle but a look once a second whether free memory should be committed ahead.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <unordered_set>
#include <utility>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include "../../base/limits.h"
#include "../../objectstore/arena/arena.h"
#include "../../objectstore/arena/arena_files.h"
#include "../../serialization/stream/encoded.h"
#include "../launch/hello.h"
#include "../launch/role.h"
#include "../launch/session_directory.h"
#include "actors.h"
#include "children.h"
#include "death_report.h"
#include "driver_log.h"
#include "lanes.h"
#include "leasing.h"
#include "memory_ahead.h"
#include "memory_kills.h"
#include "objects.h"
#include "peers.h"
#include "waits.h"
#include "worker_processes.h"

namespace manta::detail {
namespace node {
namespace {

using namespace std::chrono_literals;

base::Fd own(int fd) {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  return base::Fd(fd);
}

scheduler::ResourceSet total_resources(const NodeOptions& options) {
  scheduler::ResourceSet total = scheduler::ResourceSet::cpus(options.cpus);
  total.set(scheduler::kTaskSlot, std::max(8.0, 4 * options.cpus));
  for (const auto& [name, amount] : options.resources) total.set(name, amount);
  return total;
}

scheduler::WorkerPoolOptions pool_options(const NodeOptions& options) {
  const auto cores = static_cast<std::size_t>(rpc::usable_cores());
  const auto cpus = static_cast<std::size_t>(std::clamp(options.cpus, 1.0, 4.0));
  return {.prestart = options.prestart >= 0 ? static_cast<std::size_t>(options.prestart) : cpus,
          .parallel = std::max<std::size_t>(4, 2 * cores)};
}

// The shared memory of the session, before anybody else has it.
struct SharedMemory {
  objectstore::ArenaFiles arena;
  base::Fd control;
  base::Fd bell;

  explicit SharedMemory(const NodeOptions& options)
      : arena(objectstore::create_arena_files(options.object_store_bytes)),
        control(rpc::Control::create(
            {.arena_bytes = options.object_store_bytes,
             .store_meta_bytes = objectstore::Arena::metadata_size(options.object_store_bytes),
             .cores = rpc::usable_cores(),
             .wake_cost = rpc::measure_wake_cost()})),
        bell(base::Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
    if (!bell) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
};

class Node {
 public:
  Node(Role& role, base::Fd program, SessionDirectory directory, asio::io_context& io,
       asio::local::stream_protocol::socket& socket);
  void run();
  const SharedMemory& memory() const { return memory_; }
  [[noreturn]] void end();

 private:
  bool round();
  void handle(rpc::Slot from, const NodeFrame& frame, std::span<const std::byte> payload);
  void handle_lane(rpc::Slot from, const NodeFrame& frame);
  void take_back_holds(rpc::Slot caller, std::uint64_t lane);
  void tell_resources(rpc::Slot to, std::uint64_t question);
  std::optional<rpc::Slot> start_worker();
  void worker_hello(rpc::Slot slot);
  void reap();
  void bury(const WorkerProcesses::Exit& exit);
  void recycle_dead_slots();
  void watch_startup(rpc::Slot slot);

  void watch_bell();
  void watch_driver();
  void watch_signals();
  void arm_timers();
  void look_ahead();

  const Role& role_;
  base::Fd program_;
  SessionDirectory directory_;
  asio::io_context& io_;
  asio::local::stream_protocol::socket& socket_;
  SharedMemory memory_;
  rpc::Control control_;
  objectstore::Arena arena_;
  Peers peers_;
  Lanes lanes_;
  DriverLog log_;
  WorkerProcesses workers_;
  Leasing leasing_;
  Actors actors_;
  Objects objects_;
  Waits waits_;
  MemoryAhead ahead_;
  MemoryKills memory_kills_;
  std::unordered_set<rpc::Slot> starting_;
  std::vector<rpc::Slot> dead_;  // slots whose lanes are not closed by all others yet
  asio::posix::stream_descriptor bell_;
  asio::posix::stream_descriptor driver_process_;
  asio::signal_set child_signal_;
  asio::signal_set end_signal_;
  asio::steady_timer surplus_timer_;
  asio::steady_timer retry_timer_;
  asio::steady_timer full_ring_timer_;
  asio::steady_timer ahead_timer_;
  char ignored_byte_ = 0;
  bool ending_ = false;
  bool full_ring_armed_ = false;
  bool surplus_armed_ = false;
  bool retry_armed_ = false;
};

// Empty where pidfd_open is refused: its end then shows itself by the end of its socket only.
base::Fd driver_pidfd(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  return base::Fd(static_cast<int>(syscall(SYS_pidfd_open, peer.pid, 0)));
}

std::byte* initialized_metadata(const rpc::Control& control, std::uint64_t bytes) {
  objectstore::Arena::initialize(control.store_meta(), control.store_meta_size(), bytes);
  return control.store_meta();
}

Node::Node(Role& role, base::Fd program, SessionDirectory directory, asio::io_context& io,
           asio::local::stream_protocol::socket& socket)
    : role_(role),
      program_(std::move(program)),
      directory_(std::move(directory)),
      io_(io),
      socket_(socket),
      memory_(role.options),
      control_(memory_.control.get()),
      arena_(memory_.arena.writable.get(), memory_.arena.read_only.get(),
             initialized_metadata(control_, role.options.object_store_bytes),
             objectstore::kNodeTag),
      peers_(control_),
      lanes_(control_, peers_),
      log_(socket_, role.options.log_to_driver),
      workers_(io_, log_, role_, control_,
               {.program = program_.get(),
                .control = memory_.control.get(),
                .arena_rw = memory_.arena.writable.get(),
                .arena_ro = memory_.arena.read_only.get(),
                .bell = memory_.bell.get()}),
      leasing_(
          peers_, lanes_, total_resources(role.options), pool_options(role.options),
          {.start_worker = [this] { return start_worker(); },
           .start_failure = [this] { return workers_.failure(); },
           .warn = [this](const std::string& what) { log_.add(2, "manta: " + what + "\n", 1); },
           .assign_actor = [this](ActorId id, rpc::Slot worker) { actors_.assign(id, worker); },
           .refuse_actor = [this](ActorId id, ErrorKind kind,
                                  const std::string& why) { actors_.refuse(id, kind, why); }}),
      actors_(
          peers_, lanes_,
          {.want_worker =
               [this](ActorId id, const scheduler::ResourceSet& request) {
                 leasing_.want_actor(id, request);
               },
           .withdraw = [this](ActorId id) { leasing_.withdraw_actor(id); },
           .kill_worker = [this](rpc::Slot worker) { workers_.kill(worker); },
           .name_worker = [this](rpc::Slot worker,
                                 const std::string& name) { workers_.set_name(worker, name); }}),
      objects_(peers_, arena_,
               [this](ActorId id, rpc::Slot whose, std::int64_t count) {
                 actors_.hold(id, whose, count);
               }),
      waits_({.lane = [this](std::uint32_t lane) { return lanes_.find(lane); },
              .started = [this](std::uint32_t lane) { return lanes_.started(lane); },
              .constructed_at = [this](ActorId id) { return actors_.constructed_at(id); },
              .maker_of = [this](ObjectId id) { return objects_.maker_of(id); },
              .pid = [this](rpc::Slot slot) { return peers_.pid(slot); },
              .send =
                  [this](rpc::Slot to, const NodeFrame& frame, std::span<const std::byte> payload) {
                    if (peers_.live(to)) peers_.send(to, frame, payload);
                  }}),
      ahead_(arena_, control_, role.options.object_store_bytes),
      bell_(io_, memory_.bell.duplicate().release()),
      driver_process_(io_),
      child_signal_(io_, SIGCHLD),
      end_signal_(io_, SIGTERM),
      surplus_timer_(io_),
      retry_timer_(io_),
      full_ring_timer_(io_),
      ahead_timer_(io_) {
  rpc::ProcessPage& page = control_.process(rpc::kNodeSlot);
  page.bell.kind.store(rpc::BellKind::kEventFd, std::memory_order_relaxed);
  page.pid.store(getpid(), std::memory_order_relaxed);
  peers_.open(rpc::kDriverSlot);
  if (base::Fd driver = driver_pidfd(socket_.native_handle()))
    driver_process_.assign(driver.release());
}

// ---------------------------------------------------------------- the loop

void Node::run() {
  watch_bell();
  watch_driver();
  watch_signals();
  look_ahead();
  rpc::Doorbell& bell = control_.process(rpc::kNodeSlot).bell;
  while (!ending_) {
    if (round()) {
      io_.poll();
      continue;
    }
    rpc::arm(bell);
    if (!peers_.pending()) io_.run_one();
    rpc::disarm(bell);
    io_.poll();
  }
  end();
}

// One sweep over all rings and what follows from it. False: nothing is left to do now.
bool Node::round() {
  objects_.begin_sweep();
  actors_.begin_sweep();
  const bool any =
      peers_.sweep([this](rpc::Slot from, const NodeFrame& frame,
                          std::span<const std::byte> payload) { handle(from, frame, payload); });
  objects_.settle();
  actors_.settle();
  for (const rpc::Slot slot : peers_.take_broken()) workers_.kill(slot);
  leasing_.dispatch();
  recycle_dead_slots();
  arm_timers();
  return any || objects_.unsettled() || actors_.unsettled() || leasing_.dispatch_needed();
}

void Node::handle(rpc::Slot from, const NodeFrame& frame, std::span<const std::byte> payload) {
  switch (frame.kind) {
    case NodeMessage::hello:
      worker_hello(from);
      break;
    case NodeMessage::lease_want:
      leasing_.want(from, frame, payload);
      break;
    case NodeMessage::lease_return:
      leasing_.give_back(from, frame.arg0);
      break;
    case NodeMessage::blocked:
      leasing_.blocked(from);
      break;
    case NodeMessage::unblocked:
      leasing_.unblocked(from);
      break;
    case NodeMessage::notice:
      log_.add_notice(payload);
      break;
    case NodeMessage::wait_begun:
    case NodeMessage::wait_over:
    case NodeMessage::needs_told:
    case NodeMessage::why_ask:
    case NodeMessage::why_on:
      waits_.handle(from, frame, payload);
      break;
    case NodeMessage::resources_ask:
      tell_resources(from, frame.arg0);
      break;
    case NodeMessage::actor_declare:
    case NodeMessage::actor_watch:
    case NodeMessage::actor_create:
    case NodeMessage::actor_connect:
    case NodeMessage::actor_kill:
    case NodeMessage::actor_alive:
    case NodeMessage::actor_failed:
    case NodeMessage::actor_exiting:
      actors_.handle(from, frame, payload);
      break;
    case NodeMessage::hold:
    case NodeMessage::release:
      if (frame.arg0 == static_cast<std::uint64_t>(serialization::RefKind::actor)) {
        actors_.handle(from, frame, payload);
      } else {
        objects_.handle(from, frame, payload);
      }
      if (frame.kind == NodeMessage::hold && frame.arg2 != 0) lanes_.note_reply_hold(frame);
      break;
    case NodeMessage::publish:
    case NodeMessage::fulfil:
    case NodeMessage::subscribe:
    case NodeMessage::free_object:
    case NodeMessage::adopt_block:
    case NodeMessage::hold_block:
    case NodeMessage::release_block:
      objects_.handle(from, frame, payload);
      if (frame.kind == NodeMessage::hold_block && frame.arg2 != 0) lanes_.note_reply_hold(frame);
      break;
    case NodeMessage::reply_missing:
      take_back_holds(from, frame.arg0);
      break;
    case NodeMessage::lane_closed:
    case NodeMessage::lane_kill:
      handle_lane(from, frame);
      break;
    case NodeMessage::shutdown:
      ending_ = true;
      break;
    default:
      std::fprintf(stderr, "manta node: unknown message %u from slot %u\n",
                   static_cast<unsigned>(frame.kind), static_cast<unsigned>(from));
  }
}

void Node::tell_resources(rpc::Slot to, std::uint64_t question) {
  std::vector<ResourceItem> items;
  const auto names = leasing_.total().names();
  const auto append = [&](const scheduler::ResourceSet& amounts) {
    for (const std::string& name : names) {
      if (name == scheduler::kTaskSlot) continue;
      ResourceItem item;
      name.copy(item.name, sizeof item.name - 1);
      item.amount = std::max(0.0, amounts.amount(name));
      items.push_back(item);
    }
  };
  append(leasing_.total());
  const std::uint64_t totals = items.size();
  append(leasing_.available([this](rpc::Slot worker) {
    // SYNC: none: a snapshot. An executor that waits for calls is not active.
    return control_.process(worker).active_threads.load(std::memory_order_relaxed) == 0;
  }));
  peers_.send(to, {.kind = NodeMessage::resources, .arg0 = question, .arg1 = totals},
              std::as_bytes(std::span(items)));
}

void Node::handle_lane(rpc::Slot from, const NodeFrame& frame) {
  if (frame.kind == NodeMessage::lane_closed) {
    leasing_.lane_closed(from, frame.arg0);
    lanes_.close(frame.arg0, from);
    return;
  }
  const LaneRecord* lane = lanes_.find(frame.arg0);
  if (lane != nullptr && lane->caller == from) workers_.kill(lane->callee);
}

// As if the caller, who never heard of them, had released them.
void Node::take_back_holds(rpc::Slot caller, std::uint64_t lane) {
  for (const ReplyHold& hold : lanes_.take_back(lane, caller)) {
    NodeFrame release{.kind = NodeMessage::release_block, .arg0 = hold.lo, .arg1 = 1};
    if (hold.kind != HeldKind::block) {
      const auto kind = hold.kind == HeldKind::object ? serialization::RefKind::object
                                                      : serialization::RefKind::actor;
      release = {.kind = NodeMessage::release,
                 .id_hi = hold.hi,
                 .id_lo = hold.lo,
                 .arg0 = static_cast<std::uint64_t>(kind),
                 .arg1 = 1};
    }
    handle(caller, release, {});
  }
}

// ---------------------------------------------------------------- workers

std::optional<rpc::Slot> Node::start_worker() {
  const std::optional<rpc::Slot> slot = peers_.free_slot();
  if (!slot) {
    workers_.note_failure("a worker process could not be started: the node has 2,046 processes");
    return std::nullopt;
  }
  peers_.open(*slot);
  const std::optional<pid_t> pid = workers_.start(*slot);
  if (!pid) {
    peers_.mark_dead(*slot);
    peers_.release(*slot);
    return std::nullopt;
  }
  peers_.set_pid(*slot, *pid);
  starting_.insert(*slot);
  watch_startup(*slot);
  return slot;
}

// A worker that never says hello (a static constructor that hangs) counts as failed.
void Node::watch_startup(rpc::Slot slot) {
  auto timer = std::make_shared<asio::steady_timer>(io_, 60s);
  timer->async_wait([this, slot, timer, pid = peers_.pid(slot)](asio::error_code) {
    if (starting_.contains(slot) && peers_.pid(slot) == pid) workers_.kill(slot);
  });
}

void Node::worker_hello(rpc::Slot slot) {
  if (starting_.erase(slot) != 0) leasing_.worker_ready(slot);
}

void Node::reap() {
  for (const WorkerProcesses::Exit& exit : workers_.reap()) bury(exit);
}

void Node::bury(const WorkerProcesses::Exit& exit) {
  const rpc::Slot slot = exit.slot;
  peers_.drain(slot, [this](rpc::Slot from, const NodeFrame& frame,
                            std::span<const std::byte> payload) { handle(from, frame, payload); });
  DeathReport death = describe_death(exit.pid, exit.status, control_.process(slot).crash);
  death.expected = exit.killed_by_us || actors_.expects_exit(slot);
  death.output = exit.output->last_lines();
  if (death.signal == SIGKILL && !death.expected) {
    const std::string why = memory_kills_.explain_kill();
    if (!why.empty()) death.detail = ": " + why;
  }
  if (!death.stack.empty()) exit.output->note("(manta) stack of the crash:\n" + death.stack + "\n");
  if (starting_.erase(slot) != 0) {
    workers_.note_failure("a worker process ended before it was ready: " + death.text());
  }
  peers_.mark_dead(slot);
  leasing_.process_died(slot);
  lanes_.process_died(slot, death.payload());
  actors_.process_died(slot, death);
  objects_.process_died(slot, exit.pid);
  waits_.process_died(slot);
  dead_.push_back(slot);
}

void Node::recycle_dead_slots() {
  std::erase_if(dead_, [this](rpc::Slot slot) {
    if (!lanes_.unused(slot)) return false;
    actors_.release_all(slot);
    if (actors_.needs_arguments_of(slot)) return false;
    objects_.sweep_memory(slot);
    peers_.release(slot);
    return true;
  });
}

// ---------------------------------------------------------------- what wakes the loop

void Node::watch_bell() {
  bell_.async_wait(asio::posix::stream_descriptor::wait_read, [this](asio::error_code error) {
    if (error) return;
    eventfd_t count = 0;
    eventfd_read(bell_.native_handle(), &count);
    watch_bell();
  });
}

void Node::watch_driver() {
  socket_.async_read_some(asio::buffer(&ignored_byte_, 1),
                          [this](asio::error_code error, std::size_t) {
                            if (error) {
                              ending_ = true;
                            } else {
                              watch_driver();
                            }
                          });
  // A child that the driver forked may keep the socket open.
  if (!driver_process_.is_open()) return;
  driver_process_.async_wait(asio::posix::stream_descriptor::wait_read,
                             [this](asio::error_code error) { ending_ |= !error; });
}

void Node::watch_signals() {
  child_signal_.async_wait([this](asio::error_code error, int) {
    if (error) return;
    reap();
    watch_signals();
  });
  end_signal_.async_wait([this](asio::error_code error, int) { ending_ |= !error; });
}

void Node::arm_timers() {
  if (peers_.flush() && !full_ring_armed_) {
    full_ring_armed_ = true;
    full_ring_timer_.expires_after(1ms);
    full_ring_timer_.async_wait([this](asio::error_code) { full_ring_armed_ = false; });
  }
  if (const auto retry = leasing_.next_retry(); retry && !retry_armed_) {
    retry_armed_ = true;
    retry_timer_.expires_at(*retry);
    retry_timer_.async_wait([this](asio::error_code) {
      retry_armed_ = false;
      leasing_.retry();
    });
  }
  const auto surplus = leasing_.next_surplus();
  if (!surplus || surplus_armed_) return;
  surplus_armed_ = true;
  surplus_timer_.expires_at(*surplus);
  surplus_timer_.async_wait([this](asio::error_code) {
    surplus_armed_ = false;
    leasing_.tell_surplus(std::chrono::steady_clock::now());
  });
}

void Node::look_ahead() {
  ahead_timer_.expires_after(ahead_.step());
  ahead_timer_.async_wait([this](asio::error_code error) {
    if (!error) look_ahead();
  });
}

void Node::end() {
  kill_all_children(1800ms);
  workers_.finish_output();
  peers_.sweep([this](rpc::Slot, const NodeFrame& frame, std::span<const std::byte> payload) {
    if (frame.kind == NodeMessage::notice) log_.add_notice(payload);
  });
  if (!role_.options.keep_logs) {
    std::error_code ignored;
    std::filesystem::remove_all(directory_.path, ignored);
  }
  // While the driver lives it may take its time: what reads its output is slow.
  const bool known = driver_process_.is_open();
  log_.write_rest(known ? driver_process_.native_handle() : -1, known ? -1ms : 8000ms);
  _exit(0);
}

void prepare_process() {
  become_subreaper();
  signal(SIGINT, SIG_IGN);  // the terminal's: the driver decides
  signal(SIGHUP, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file that the limit forbids is an error with a reason
  rlimit files;              // two pipes per worker
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

// From here on what the node prints is in its directory; what came before is copied there.
void print_into(const std::filesystem::path& file) {
  const base::Fd log(open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  if (!log) return;
  char early[4096];
  const ssize_t n = pread(2, early, sizeof early, 0);
  if (n > 0 && write(log.get(), early, static_cast<std::size_t>(n)) != n) return;
  dup2(log.get(), 1);
  dup2(log.get(), 2);
}

std::string why_not_started(const std::exception& error, const NodeOptions& options) {
  const auto* failed = dynamic_cast<const std::system_error*>(&error);
  std::string need;
  if (failed != nullptr && (failed->code().value() == ENOMEM || failed->code().value() == EFBIG)) {
    const std::uint64_t store = options.object_store_bytes;
    const std::uint64_t bytes =
        rpc::Control::size_for(objectstore::Arena::metadata_size(store)) + 2 * store;
    need = "; each process of a session maps " + std::to_string(bytes >> 20) +
           " MiB, mostly empty files and twice the object store";
  }
  return "the node could not start: " + base::with_limit(error) + need;
}

}  // namespace
}  // namespace node

int run_node(Role& role) {
  using namespace node;
  prepare_process();
  base::Fd driver = own(kNodeSocket);
  const int driver_fd = driver.get();  // stays open: an error is told after the socket's end
  try {
    SessionDirectory directory = make_session_directory();
    role.attachment.directory = directory.path;
    print_into(directory.path / "node.log");
    asio::io_context io(1);
    asio::local::stream_protocol::socket socket(io, asio::local::stream_protocol(),
                                                driver.duplicate().release());
    Node process(role, own(kNodeProgram), std::move(directory), io, socket);
    NodeHello hello;
    hello.directory = role.attachment.directory;
    hello.control = process.memory().control.duplicate();
    hello.arena_rw = process.memory().arena.writable.duplicate();
    hello.arena_ro = process.memory().arena.read_only.duplicate();
    hello.bell = process.memory().bell.duplicate();
    if (!hello.send(driver_fd)) process.end();
    hello = {};
    process.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manta node: %s\n", error.what());
    NodeHello{.error = why_not_started(error, role.options)}.send(driver_fd);
    kill_all_children(1800ms);
    std::error_code ignored;
    if (!role.attachment.directory.empty())
      std::filesystem::remove_all(role.attachment.directory, ignored);
  }
  _exit(1);
}

}  // namespace manta::detail
