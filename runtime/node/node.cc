// The node's parts, wired (the constructor), its loop (run, round), and what it does with each message (deliver, on):
// most go to one of the parts, which has an on() for it.
#include "node.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <variant>

#include "../launch/clock.h"
#include "../wire/resources.h"
#include "spill_place_of.h"
#include "store_size.h"

namespace manta::detail::node {
namespace {

scheduler::ResourceSet total_resources(const NodeOptions& options) {
  scheduler::ResourceSet total = scheduler::ResourceSet::cpus(options.cpus);
  total.set(scheduler::kTaskSlot, std::max(8.0, 4 * options.cpus));
  total.set(scheduler::kGpu, static_cast<double>(options.gpus.size()));
  total.set(scheduler::kMemory, static_cast<double>(options.memory_bytes));
  for (const auto& [name, amount] : options.resources) total.set(name, amount);
  return total;
}

scheduler::WorkerPoolOptions pool_options(const NodeOptions& options, std::size_t cores) {
  const auto cpus = static_cast<std::size_t>(std::clamp(options.cpus, 1.0, 4.0));
  return {.prestart = options.prestart >= 0 ? static_cast<std::size_t>(options.prestart) : cpus,
          .keep = static_cast<std::size_t>(std::clamp(options.cpus, 1.0, 512.0)),
          .parallel = std::max<std::size_t>(4, 2 * cores),
          .cap = static_cast<std::size_t>(std::clamp(4 * options.cpus + 8, 16.0, 512.0))};
}

base::Fd duplicate(const base::Fd& fd) {
  base::Fd copy = fd.duplicate();
  if (!copy) throw std::system_error(errno, std::generic_category(), "the node's bell");
  return copy;
}

std::byte* initialized_metadata(const rpc::Control& control, const objectstore::ArenaSize& size) {
  objectstore::Arena::initialize(control.store_meta(), control.store_meta_size(), size);
  return control.store_meta();
}

// That of a private session.
std::map<scheduler::JobNumber, std::shared_ptr<Job>> first_jobs(const Role& role, base::Fd program,
                                                                Job::Socket socket) {
  std::map<scheduler::JobNumber, std::shared_ptr<Job>> jobs;
  if (!role.options.standing) {
    jobs[0] = std::make_shared<Job>(0, role.attachment.job, rpc::kDriverSlot, role.options,
                                    std::move(program), std::move(socket));
  }
  return jobs;
}

template <class Part, class... Message>
concept Handles =
    requires(Part& part, rpc::Slot from, const Message&... message) { part.on(from, message...); };

}  // namespace

SharedMemory::SharedMemory(const NodeOptions& options,
                           const std::filesystem::path& session_directory)
    : arena(objectstore::create_arena_files(address_bytes(options))),
      store_size{.memory = options.object_store_bytes,
                 .overflow = add_overflow_file(arena, options, session_directory),
                 .addresses = address_bytes(options)},
      control(
          rpc::Control::create({.arena_bytes = options.object_store_bytes,
                                .store_meta_bytes = objectstore::Arena::metadata_size(store_size),
                                .cores = rpc::usable_cores(),
                                .wake_cost = rpc::measure_wake_cost()})),
      bell(base::Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {
  if (!bell) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Node::Node(Role& role, base::Fd program, SessionDirectory directory, asio::io_context& io,
           Job::Socket socket)
    : role_(role),
      directory_(std::move(directory)),
      io_(io),
      memory_(role.options, directory_.path),
      control_(memory_.control.get()),
      arena_(memory_.arena.descriptors(), initialized_metadata(control_, memory_.store_size),
             objectstore::kNodeTag),
      peers_(control_),
      lanes_(control_, peers_),
      jobs_(first_jobs(role, std::move(program), std::move(socket))),
      workers_(io_, role_, control_,
               {.control = memory_.control.get(),
                .bell = memory_.bell.get(),
                .arena = memory_.arena.descriptors(),
                .overflow_bytes = memory_.store_size.overflow}),
      leasing_(
          peers_, lanes_,
          {.total = total_resources(role.options),
           .traits = {.id = role.attachment.node, .labels = role.options.labels}},
          role.options.standing || jobs_.at(0)->library_threads().differ()
              ? Leasing::Threads::kAsCpus
              : Leasing::Threads::kLeftAlone,
          pool_options(role.options, control_.session().cores.cores.load()),
          {.start_worker = [this](const scheduler::WorkerKind& kind) { return start_worker(kind); },
           .start_failure =
               [this](scheduler::JobNumber job) { return jobs_.at(job)->start_failure(); },
           .warn = [this](scheduler::JobNumber job,
                          const std::string& what) { jobs_.at(job)->warn(what); },
           .assign_actor = [this](ActorId id, rpc::Slot worker) { actors_.assign(id, worker); },
           .refuse_actor = [this](ActorId id, ErrorKind kind,
                                  const std::string& why) { actors_.refuse(id, kind, why); }}),
      actors_(
          peers_, lanes_,
          {.want_worker =
               [this](ActorId id, rpc::Slot creator, double cpus, const TaskShape& shape) {
                 if (role_.options.local) {
                   actors_.assign(id, rpc::kDriverSlot);
                 } else {
                   leasing_.want_actor(id, creator, cpus, shape);
                 }
               },
           .withdraw = [this](ActorId id) { leasing_.withdraw_actor(id); },
           .kill_worker = [this](rpc::Slot worker) { workers_.kill(worker); },
           .name_worker = [this](rpc::Slot worker,
                                 const std::string& name) { workers_.set_name(worker, name); }}),
      objects_(
          peers_, arena_,
          [this](ActorId id, rpc::Slot whose, std::int64_t count) {
            actors_.hold(id, whose, count);
          },
          [this](std::uint64_t block, rpc::Slot whose) { spilling_.block_held(block, whose); }),
      spilling_(io_, arena_, spill_place_of(role.options, directory_.path),
                role.options.put_timeout_ms, spilling_of_processes()),
      waits_({.lane = [this](std::uint32_t lane) { return lanes_.find(lane); },
              .started = [this](std::uint32_t lane) { return lanes_.started(lane); },
              .constructed_at = [this](ActorId id) { return actors_.constructed_at(id); },
              .shortage =
                  [this](rpc::Slot owner, const Need& lease) {
                    return leasing_.shortage_of(owner, lease.lane, lease.sequence);
                  },
              .shortage_of_actor = [this](ActorId id) { return leasing_.shortage_of(id); },
              .maker_of = [this](ObjectId id) { return objects_.maker_of(id); },
              .size_of = [this](std::uint64_t block) { return arena_.block_at(block).size; },
              .pid = [this](rpc::Slot slot) { return peers_.pid(slot); },
              .now_ms = [] { return monotonic_ms(); },
              .send = [this](rpc::Slot to, const Waits::Told& message,
                             std::string_view text) { tell(to, message, text); }}),
      store_room_(
          {.has_room = [this](std::uint64_t size) { return has_room(size); },
           .is_spilling = [this] { return spilling_.makes_room(); },
           .has_tried_since = [this](std::int64_t time) { return spilling_.has_tried_since(time); },
           .set_waiting = [this](std::uint32_t count) { arena_.set_waiting(count); },
           .why_not_spilled = [this] { return spilling_.why_not(); },
           .tell =
               [this](rpc::Slot to, const RoomTold& told, std::string_view text) {
                 waits_.answered(to, told.question);
                 peers_.send(to, told, text);
               }},
          role.options.put_timeout_ms),
      census_(arena_, census_of_processes()),
      ahead_(arena_, control_, role.options.object_store_bytes),
      memory_monitor_(memory_of_processes()),
      bell_(io_, duplicate(memory_.bell).release()),
      child_signal_(io_, SIGCHLD),
      end_signal_(io_, SIGTERM),
      surplus_timer_(io_),
      retry_timer_(io_),
      full_ring_timer_(io_),
      ahead_timer_(io_),
      room_timer_(io_),
      census_timer_(io_),
      spilling_timer_(io_),
      memory_timer_(io_),
      strays_timer_(io_),
      console_(
          io_, directory_.path,
          [this](std::uint64_t most, Console::Answer answer) {
            count_what_is_beside();
            census_.begin(most, [answer = std::move(answer)](const MemoryReport& report) {
              answer(encode(report));
            });
          },
          [this] { return encode(status()); }) {
  // SYNC: none: no other process has this memory yet.
  rpc::ProcessPage& page = control_.process(rpc::kNodeSlot);
  page.bell.kind.store(rpc::BellKind::kEventFd, std::memory_order_relaxed);
  page.pid.store(getpid(), std::memory_order_relaxed);
  for (const auto& [number, job] : jobs_) {
    peers_.open(job->driver(), number);
    peers_.set_pid(job->driver(), job->pid());
  }
  if (!role.options.standing) return;
  joining_.emplace(io_, directory_.path, [this](JoinRequest request, Job::Socket from) {
    admit(std::move(request), std::move(from));
  });
}

// ---------------------------------------------------------------- the loop

void Node::run() {
  watch_bell();
  for (const auto& [number, job] : jobs_) watch_driver(job);
  watch_signals();
  look_ahead();
  look_at_memory();
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
  spilling_.begin_sweep();
  const bool any =
      peers_.sweep([this](rpc::Slot from, const auto&... message) { deliver(from, message...); });
  objects_.settle();
  actors_.settle();
  spilling_.end_sweep();
  const bool enough = objects_.bytes_of_values() > arena_.small_values_cap();
  // SYNC: none: a hint.
  control_.session().node_has_enough.store(enough, std::memory_order_relaxed);
  for (const Peers::Broken& broken : peers_.take_broken()) refuse(broken);
  leasing_.dispatch();
  recycle_dead_slots();
  arm_timers();
  return any || objects_.unsettled() || actors_.unsettled() || leasing_.dispatch_needed() ||
         spilling_.sweep_needed();
}

void Node::read_to_the_end(rpc::Slot slot) {
  peers_.drain(slot, [this](rpc::Slot from, const auto&... message) { deliver(from, message...); });
}

// ---------------------------------------------------------------- messages

template <class... Message>
void Node::deliver(rpc::Slot from, const Message&... message) {
  if constexpr (requires { on(from, message...); }) {
    on(from, message...);
  } else if constexpr (Handles<Leasing, Message...>) {
    leasing_.on(from, message...);
  } else if constexpr (Handles<Actors, Message...>) {
    actors_.on(from, message...);
  } else if constexpr (Handles<Objects, Message...>) {
    objects_.on(from, message...);
  } else if constexpr (Handles<Spilling, Message...>) {
    spilling_.on(from, message...);
  } else if constexpr (Handles<MemoryCensus, Message...>) {
    census_.on(from, message...);
  } else {
    waits_.on(from, message...);
  }
}

void Node::on(rpc::Slot from, const WorkerHello&) {
  if (starting_.erase(from) != 0) leasing_.worker_ready(from);
}

void Node::on(rpc::Slot from, const HoldObject& hold) {
  objects_.on(from, hold);
  if (hold.whose == rpc::kNodeSlot && peers_.job(from) != 0) {
    job_of(from).pinned_objects.push_back(hold.object);
  }
  if (hold.reply) {
    lanes_.note_reply_hold(hold.reply, hold.whose,
                           ReleaseObject{.object = hold.object, .count = 1});
  }
}

void Node::on(rpc::Slot from, const HoldActor& hold) {
  actors_.on(from, hold);
  if (hold.whose == rpc::kNodeSlot && peers_.job(from) != 0) {
    job_of(from).pinned_actors.push_back(hold.actor);
  }
  if (hold.reply) {
    lanes_.note_reply_hold(hold.reply, hold.whose, ReleaseActor{.actor = hold.actor, .count = 1});
  }
}

void Node::on(rpc::Slot from, const HoldBlock& hold) {
  objects_.on(from, hold);
  if (hold.reply) {
    lanes_.note_reply_hold(hold.reply, hold.whose, ReleaseBlock{.block = hold.block, .count = 1});
  }
}

// As if the caller, which never heard of them, had released them.
void Node::on(rpc::Slot from, const ReplyMissing& missing) {
  for (const ReplyHold& hold : lanes_.take_back(missing.lane, from)) {
    std::visit([&](const auto& release) { deliver(from, release); }, hold);
  }
}

void Node::on(rpc::Slot from, const ResourcesAsk& question) {
  peers_.send(from, ResourcesTold{.question = question.question}, encode(resources()));
}

void Node::on(rpc::Slot from, const RoomAsk& ask, std::string_view waiter) {
  waits_.on(from, ask, waiter);
  store_room_.on(from, ask);
  // At once, for each that asks: else all together would take one block at each look. Whoever has had its turn in vain
  // waits for the next look.
  if (ask.tries == 0) store_room_.look(monotonic_ms());
}

void Node::on(rpc::Slot from, const RestoreAsk& ask, std::string_view waiter) {
  waits_.on(from, ask, waiter);
  spilling_.on(from, ask);
}

// SYNC: none: a snapshot. An executor that waits for calls is not active.
bool Node::is_idle(rpc::Slot worker) const {
  return control_.process(worker).active_threads.load(std::memory_order_relaxed) == 0;
}

// In memory; else in the overflow, if there is nothing more to spill.
bool Node::has_room(std::uint64_t size) {
  if (arena_.has_room(size, objectstore::Part::kMemory)) return true;
  const bool would_help = size <= arena_.left_for_blocks() && !arena_.has_memory(size);
  if (would_help && spilling_.make_room()) return false;
  arena_.set_may_spill(false);
  return arena_.has_room(size);
}

SpillSession Node::spilling_of_processes() {
  return {.holders_of = [this](std::uint64_t block) { return objects_.holders_of(block); },
          .is_wire = [this](std::uint64_t block) { return objects_.is_wire(block); },
          .live = [this](rpc::Slot slot) { return peers_.live(slot); },
          .ask = [this](rpc::Slot to, const SpillAsk& ask,
                        PayloadBytes blocks) { peers_.send(to, ask, blocks); },
          .tell =
              [this](rpc::Slot to, const RestoreTold& told, std::string_view text) {
                waits_.answered(to, told.question);
                peers_.send(to, told, text);
              },
          .hold = [this](std::uint64_t block, rpc::Slot slot) { objects_.hold_block(block, slot); },
          .let_go = [this](std::uint64_t block) { objects_.let_go_of_block(block); },
          .first_in_line = [this] { return store_room_.first_in_line(); },
          .warn = [this](const std::string& what) { warn(what); },
          .now_ms = [] { return monotonic_ms(); }};
}

MemoryCensus::Session Node::census_of_processes() {
  return {
      .processes = [this] { return peers_.live_slots(); },
      .ask = [this](rpc::Slot to, const MemoryAsk& ask) { peers_.send(to, ask); },
      .name_of = [this](rpc::Slot slot) -> std::string {
        if (slot == rpc::kNodeSlot) return "node";
        // SYNC: none: for messages.
        const pid_t number = control_.process(slot).pid.load(std::memory_order_relaxed);
        const std::string pid = " (pid " + std::to_string(number) + ")";
        if (is_driver(slot)) return "driver" + pid;
        return workers_.name_of(slot) + pid;
      },
      .holders_of = [this](std::uint64_t block) { return objects_.holders_of(block); },
      .is_copy = [this](std::uint64_t block) { return spilling_.is_copy(block); },
      .refs_to =
          [this](const std::set<std::uint64_t>& blocks) { return objects_.with_refs_to(blocks); },
      .records =
          [this] {
            return NodeRecords{.objects = objects_.published(),
                               .blocks = objects_.blocks(),
                               .actors = actors_.size()};
          },
      .now_ms = [] { return monotonic_ms(); }};
}

void Node::tell(rpc::Slot to, const Waits::Told& message, std::string_view text) {
  std::visit(
      [&]<class M>(const M& told) {
        if constexpr (HasPayload<M>) {
          peers_.send(to, told, text);
        } else {
          peers_.send(to, told);
        }
      },
      message);
}

}  // namespace manta::detail::node
