#include "process.h"

#include <cctype>
#include <chrono>
#include <cstring>
#include <pthread.h>
#include <random>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../calls/completion_watch.h"
#include "../launch/clock.h"
#include "../launch/crash_handler.h"
#include "../ownership/unseen_errors.h"
#include "../worker/executor.h"
#include "outside_references.h"
#include "why.h"

namespace manta::detail {
namespace {

std::mutex current_mutex;
// Under current_mutex. Never destroyed: refs are dropped in static destructors too.
base::Ref<Process>& current_process = *new base::Ref<Process>;
std::atomic<Process*> current_fast{nullptr};  // SYNC: release in open(), acquire in current()
std::atomic<std::uint32_t> session_count{0};
std::atomic<bool> forked{false};  // this process was forked from one with a session: it has none

// The child has neither the ring thread nor the control memory. The arrays that it has stay: see
// objectstore/forked_children.h.
void forget_session_in_child() {
  Process* const process = current_fast.load();
  if (process == nullptr) return;  // there was none
  process->control().reserve_in_child();
  forget_crash_record();
  forked.store(true);
  current_fast.store(nullptr);
}

base::Ref<objectstore::Store> open_store(const Attachment& attachment,
                                         const base::Ref<SharedControl>& shared, NodeLink& node) {
  objectstore::StoreOptions options;
  options.writable_fd = attachment.arena_rw.get();
  options.read_only_fd = attachment.arena_ro.get();
  options.metadata = shared->control.store_meta();
  options.keep_alive = shared;
  options.self = objectstore::tag_of_slot(attachment.slot);
  options.release_holds = [&node](std::uint64_t offset, std::uint32_t holds) {
    node.release_block(offset, holds);
  };
  return objectstore::Store::open(std::move(options));
}

}  // namespace

Process::Process(Attachment attachment)
    : attachment_(std::move(attachment)),
      shared_control_(base::make_ref<SharedControl>(attachment_.control.get())),
      control_(shared_control_->control),
      cores_(control_.cores(attachment_.slot)),
      node_(control_, attachment_.slot),
      tasks_(*this),
      actors_(*this),
      questions_(*this),
      id_prefix_(std::random_device{}() | std::uint64_t{attachment_.slot} << 48 |
                 std::uint64_t{control_.process(attachment_.slot).epoch.load()} << 32),
      session_(session_count.fetch_add(1) + 1),
      progress_(control_.process(attachment_.slot), cores_, *this) {
  rpc::bind_event_bell(attachment_.node_bell.get());
  store_ = open_store(attachment_, shared_control_, node_);
}

Process::~Process() {
  run_commands();  // of threads that submitted while it was being closed
}

base::Ref<Process> Process::open(Attachment attachment) {
  auto process = base::Ref<Process>::adopt(new Process(std::move(attachment)));
  objectstore::set_current(process->store_);
  {
    const std::lock_guard lock(current_mutex);
    current_process = process;
    current_fast.store(process.get(), std::memory_order_release);
  }
  static const int registered = ::pthread_atfork(nullptr, nullptr, forget_session_in_child);
  base::check(registered == 0, "no memory for a fork handler");
  try {
    process->progress_.start();
  } catch (...) {  // no thread is left
    process->close();
    throw;
  }
  OutsideReferences::install();
  return process;
}

void Process::refuse_if_forked(const char* what) {
  if (!forked.load()) return;
  throw InvalidArgument(std::string(what) +
                        ": this process was forked from one with a session, which stays its "
                        "parent's: call exec, or use manta in the parent only");
}

bool Process::session_is_the_parents() { return forked.load(std::memory_order_relaxed); }

Process& Process::current(const char* what) {
  Process* process = current_fast.load(std::memory_order_acquire);
  if (process == nullptr) {
    refuse_if_forked(what);
    throw InvalidArgument(
        std::string(what) +
        " needs an open session: keep the result of manta::init() alive while you use manta");
  }
  return *process;
}

base::Ref<Process> Process::current_or_null() {
  if (forked.load()) return {};
  const std::lock_guard lock(current_mutex);
  return current_process;
}

std::uint32_t Process::current_session() {
  const Process* process = current_fast.load(std::memory_order_acquire);
  return process == nullptr ? 0 : process->session();
}

objectstore::Store& Process::current_store() { return current("this call").store(); }

void Process::close() {
  if (closed_.exchange(true)) return;
  progress_.wake_all();
  callbacks_.stop();
  fail_all_pending();
  {
    const std::lock_guard lock(current_mutex);
    current_fast.store(nullptr, std::memory_order_release);
    current_process = nullptr;
  }
  objectstore::set_current(nullptr);
  progress_.stop();
  progress_.wake_all();
  store_->close();
}

// Nobody will see it, but a call that waits for another's result and that result hold each other.
void Process::fail_all_pending() {
  const TablesLock lock(*this);
  ErrorRecord ended;
  ended.kind = ErrorKind::invalid_argument;
  ended.message = "the session was shut down meanwhile; its objects went with it";
  death_ = value_of(ended);  // before dead(), with which calls fail from now on
  node_.node_died();
  run_commands();
  fail_everything();
}

// ------------------------------------------------------------------------------------------------ any thread

namespace {
thread_local void* held_tables_lock = nullptr;  // the TablesLock of this thread
}

Process::TablesLock::TablesLock(Process& process)
    : process_(process),
      lock_(process.tables_),
      outer_(static_cast<TablesLock*>(held_tables_lock)) {
  held_tables_lock = this;
}

Process::TablesLock::~TablesLock() {
  held_tables_lock = outer_;
  lock_.unlock();
  if (submitted_) process_.progress_.kick();
}

void Process::submit(Command* command) {
  queue_.push(command);
  auto* lock = static_cast<TablesLock*>(held_tables_lock);
  if (lock != nullptr && &lock->process_ == this) {
    lock->submitted_ = true;
  } else {
    progress_.kick();
  }
}

ObjectEntryRef Process::make_entry() {
  auto entry = base::make_ref<ObjectEntry>(
      ObjectId(id_prefix_, next_id_.fetch_add(1, std::memory_order_relaxed)));
  entry->session = session_;
  return entry;
}

void Process::subscribe(ObjectEntry& entry) {
  const TablesLock lock(*this);
  subscribe_locked(entry);
}

void Process::publish(const serialization::Reference& reference) {
  const TablesLock lock(*this);
  publish_locked(reference);
}

void Process::free_object(ObjectEntry& entry) {
  TablesLock lock(*this);
  lock.poll_afterwards();  // what depended on it may go on
  if (entry.home != Home::local) {
    node_.send(
        {.kind = NodeMessage::free_object, .id_hi = entry.id().hi(), .id_lo = entry.id().lo()});
  }
  ErrorRecord error;
  error.kind = ErrorKind::object_lost;
  error.message = "object " + entry.id().hex() + " was freed by manta::free()";
  entry.mark_seen();
  if (entry.done()) {
    entry.discard(value_of(error));
    failures_.fetch_add(1);
  } else {
    finish(entry, value_of(error));
  }
}

void Process::node_died() {
  ErrorRecord error;
  error.kind = ErrorKind::node_died;
  error.node = attachment_.node;
  error.message = "the node process of this session (pid " + std::to_string(attachment_.node_pid) +
                  ") died: all its objects, tasks and actors are lost; end this session "
                  "(Session::shutdown()) and "
                  "start a new one with manta::init()";
  {
    const TablesLock lock(*this);
    death_ = value_of(error);
    node_.node_died();
  }
  class Die final : public Command {
   public:
    void run(Process& process) override {
      process.fail_everything();
      delete this;
    }
  };
  submit(new Die);
  progress_.wake_all();
}

// ------------------------------------------------------------------------------------------------ under the lock

void Process::accept(Call* call) {
  if (dead()) {
    fail_with(*call, death_);
    delete call;
    return;
  }
  if (call->kept) {
    publish_references(call->kept->references);
    for (auto& part : call->kept->parts) {
      if (part.entry->done()) continue;
      ++call->missing;
      add_dependent(*part.entry, {call, {}, nullptr});
    }
  }
  if (call->actor) {
    actors_.submit(call);
  } else if (call->missing == 0) {
    start_ready(call);
  }
}

// All arguments are there: to the sender, or failed with the first that failed.
void Process::start_ready(Call* call) {
  if (const auto error = make_ready(*call)) {
    fail(*call, *error);
    delete call;
    return;
  }
  tasks_.submit(call);
}

std::unique_ptr<ErrorRecord> Process::make_ready(Call& call) {
  if (call.ready) return nullptr;
  if (const auto* failed = call.failed_argument()) {
    failed->mark_seen();
    ErrorRecord error = record_of(failed->value());
    pass_on(error, call.display_name());
    return std::make_unique<ErrorRecord>(std::move(error));
  }
  call.ready = true;
  if (!call.kept || call.kept->parts.empty()) return nullptr;  // complete since it was built
  auto& kept = *call.kept;
  for (const auto& part : kept.parts) {
    const Value& value = part.entry->value();
    publish_references(value.references());
    kept.references.insert(kept.references.end(), value.references().begin(),
                           value.references().end());
    for (const auto& buffer : value.buffers()) kept.blocks.push_back(buffer.storage);
  }
  const std::size_t size = call.arguments_size();
  if (size <= kMaxInlineValue || call.externalize(*store_).ok()) return nullptr;
  ErrorRecord error;
  error.kind = ErrorKind::object_store_full;
  error.function = call.display_name();
  error.message = "no room in the object store for the arguments of " + error.function + ", " +
                  std::to_string(size) + " bytes";
  return std::make_unique<ErrorRecord>(std::move(error));
}

void Process::run_commands() {
  for (auto commands = queue_.pop_all(); !commands.empty();) commands.pop_front()->run(*this);
}

void Process::add_dependent(ObjectEntry& entry, ObjectEntry::Dependent dependent) {
  entry.dependents().push_back(std::move(dependent));
  subscribe_locked(entry);
}

void Process::subscribe_locked(ObjectEntry& entry) {
  if (entry.done() || entry.subscribed || !entry.from_elsewhere()) return;
  entry.subscribed = true;
  node_.send({.kind = NodeMessage::subscribe, .id_hi = entry.id().hi(), .id_lo = entry.id().lo()});
}

void Process::start_dependents(ObjectEntry& entry) {
  auto dependents = std::move(entry.dependents());
  entry.dependents().clear();
  for (auto& dependent : dependents) {
    if (dependent.command != nullptr) {
      dependent.command->run(*this);
    } else if (dependent.call == nullptr) {
      callbacks_.add(std::move(dependent.callback));
    } else if (--dependent.call->missing == 0) {
      if (dependent.call->abandoned) {
        delete dependent.call;
      } else if (!dependent.call->actor) {
        start_ready(dependent.call);
      }
    }
  }
}

void Process::finish(ObjectEntry& entry, Value value) {
  if (entry.done()) return;
  entry.producer = nullptr;
  for (const auto& buffer : value.buffers()) {
    if (auto* block = store_->block_of(buffer.storage.get())) block->set_object(entry.id());
  }
  entry.complete(std::move(value));
  if (entry.state() == ObjectState::failed) failures_.fetch_add(1);
  if (closed()) entry.mark_seen();  // nobody can look at it any more
  if (entry.home == Home::published) send_value(NodeMessage::fulfil, 0, entry);
  if (entry.watchers != nullptr) CompletionWatch::completed(entry);
  if (!entry.dependents().empty()) start_dependents(entry);
}

void Process::complete(Call& call, const ReplyFrame& frame, std::span<const std::byte> rest) {
  const auto kept_bytes = std::size_t{frame.kept_count} * sizeof(std::uint64_t);
  base::check(kept_bytes <= rest.size(), "a reply is cut off");
  if (frame.kept_count != 0) {
    adopt_kept_blocks({reinterpret_cast<const std::uint64_t*>(rest.data()), frame.kept_count});
  }
  rest = rest.subspan(kept_bytes);
  base::StorageRef external;
  if (frame.external_block != 0) {
    external = store_->blocks().adopt(frame.external_block - 1, objectstore::Share::kMine);
    rest = {store_->arena().readable(frame.external_block - 1), frame.external_size};
  }
  call.each_result([&](ObjectEntryRef& entry) {
    if (frame.result_count == 0 && rest.empty())
      return finish(*entry, Value());  // of unpack(0): there was no error
    const WireReader wire(rest);
    finish(*entry, read_value(*this, wire, Arrival::held));
    rest = rest.subspan(wire.size());
  });
  if (call.one_way && call.result->state() == ObjectState::failed) log_unseen_error(*call.result);
}

void Process::complete_here(Call& call, std::vector<Value> values) {
  auto value = values.begin();
  call.each_result([&](ObjectEntryRef& entry) {
    finish(*entry, value == values.end() ? Value() : std::move(*value++));
  });
  if (call.one_way && call.result->state() == ObjectState::failed) log_unseen_error(*call.result);
}

bool Process::runs_a_task() const { return executor_ != nullptr && executor_->runs_a_task(); }

void Process::fail(Call& call, const ErrorRecord& error) { fail_with(call, value_of(error)); }

void Process::fail(Call& call, ErrorKind kind, std::string_view message) {
  ErrorRecord error;
  error.kind = kind;
  error.function = call.display_name();
  error.message = message;
  fail(call, error);
}

void Process::fail_with(Call& call, const Value& error) {
  call.each_result([&](ObjectEntryRef& entry) { finish(*entry, copy_of(error)); });
}

// The node keeps what the constructor's arguments point to until the actor has been made of them.
void Process::give_call_to_node(const Call& call) {
  const auto give = [&](objectstore::Block& block) {
    if (block.mine()) {
      node_.adopt_block(block.offset(), 1);
      block.hand_over_to_node(1);
    } else if (block.holds() == 0) {
      must_report(block.offset());
    }
  };
  if (auto* block = store_->block_of(call.external.get())) give(*block);
  if (!call.kept) return;
  publish_references(call.kept->references);
  for (const auto& storage : call.kept->blocks) {
    if (auto* block = store_->block_of(storage.get())) give(*block);
  }
}

bool Process::can_finish_something() const {
  const std::lock_guard lock(tables_);
  return tasks_.active() || actors_.active();
}

void Process::adopt_kept_blocks(std::span<const std::uint64_t> offsets) {
  for (const auto offset : offsets) {
    const auto block = store_->blocks().find(offset);
    if (!block) continue;
    if (block->mine()) {
      node_.adopt_block(offset, 1);
      block->hand_over_to_node(1);
    } else if (block->holds() == 0) {
      must_report(offset);  // lent to us: whoever lent it to us gives it to the node
    }
  }
}

// ------------------------------------------------------------------------------------------------ publishing

void Process::publish_references(std::span<const serialization::Reference> references) {
  for (const auto& reference : references) publish_locked(reference);
}

void Process::publish_locked(const serialization::Reference& reference) {
  if (reference.kind != serialization::RefKind::object || !reference.target) return;
  publish_object(static_cast<ObjectEntry&>(*reference.target));
}

void Process::publish_object(ObjectEntry& entry) {
  if (entry.home != Home::local) return;
  entry.home = Home::published;
  entry.node_holds = 1;
  objects_.add(entry);
  if (entry.done()) {
    publish_references(entry.value().references());
    send_value(NodeMessage::publish, 1, entry);
  } else {
    node_.send({.kind = NodeMessage::publish, .id_hi = entry.id().hi(), .id_lo = entry.id().lo()});
  }
}

void Process::give_blocks_to_node(const Value& value) {
  for (const auto& buffer : value.buffers()) {
    auto* block = store_->block_of(buffer.storage.get());
    if (block->mine()) {
      node_.adopt_block(block->offset(), 1);
      block->hand_over_to_node(1);
    } else if (block->holds() == 0) {
      must_report(block->offset());
    }
  }
}

void Process::send_value(NodeMessage kind, std::uint64_t arg0, const ObjectEntry& entry) {
  const Value& value = entry.value();
  publish_references(value.references());
  give_blocks_to_node(value);
  std::vector<std::byte> wire(wire_size(value));
  write_wire(wire.data(), *store_, value);
  base::StorageRef outer;  // released after the message that makes the node hold it
  if (wire.size() > kMaxInlineValue) wire = externalize(wire, outer);
  node_.send({.kind = kind, .id_hi = entry.id().hi(), .id_lo = entry.id().lo(), .arg0 = arg0},
             wire);
}

// The wire form of a large value in a block of its own, which the node owns from now on.
std::vector<std::byte> Process::externalize(std::span<const std::byte> wire,
                                            base::StorageRef& keep) {
  auto created = store_->create(wire.size());
  if (!created.ok()) {
    return error_wire(ErrorKind::object_store_full, "no room in the object store for a value of " +
                                                        std::to_string(wire.size()) +
                                                        " bytes that leaves its process");
  }
  auto& block = *created.value();
  std::memcpy(block.writable(), wire.data(), wire.size());
  block.seal();
  node_.adopt_block(block.offset(), 1);
  block.hand_over_to_node(1);
  Value outer;
  outer.flags = kExternal;
  outer.attached = std::make_unique<Value::Attached>();
  outer.attached->buffers.push_back({block.data(), wire.size(), created.value()});
  keep = created.value();
  std::vector<std::byte> bytes(wire_size(outer));
  write_wire(bytes.data(), *store_, outer);
  return bytes;
}

ObjectEntryRef Process::adopt_object(const ObjectId& id, Arrival arrival) {
  if (id.is_nil()) return {};
  auto entry = objects_.find_or_adopt(id, session_);
  if (arrival != Arrival::lent) {
    if (entry->home == Home::lent) entry->home = Home::held;
    ++entry->node_holds;
  }
  return entry;
}

base::Ref<ActorEntry> Process::adopt_actor(const ActorId& id, Arrival arrival) {
  if (id.is_nil()) return {};
  auto entry = actors_.find_or_adopt(id, session_);
  if (arrival != Arrival::lent) {
    entry->home = Home::held;
    ++entry->node_holds;
  }
  return entry;
}

// ------------------------------------------------------------------------------------------------ serving

bool Process::poll() {
  const TablesLock lock(*this);
  bool any = false;
  run_commands();
  if (closed()) return false;  // nobody waits for answers any more
  any |= node_.receive(
      [&](const NodeFrame& frame, std::span<const std::byte> payload) { on_node(frame, payload); });
  any |= tasks_.poll();
  any |= actors_.poll();
  tasks_.flush();
  actors_.flush();
  if (executor_ != nullptr) any |= executor_->poll();
  return any;
}

bool Process::pending() const {
  if (!queue_.empty()) return true;
  if (closed()) return false;
  if (node_.pending()) return true;
  const std::lock_guard lock(tables_);
  return tasks_.pending() || actors_.pending() || (executor_ != nullptr && executor_->pending());
}

void Process::on_node(const NodeFrame& frame, std::span<const std::byte> payload) {
  const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  const ActorId actor(frame.id_hi, frame.id_lo);
  switch (frame.kind) {
    case NodeMessage::lease_grant:
      return tasks_.on_grant(static_cast<std::uint32_t>(frame.arg0),
                             static_cast<std::uint32_t>(frame.arg1),
                             static_cast<rpc::Slot>(frame.arg2));
    case NodeMessage::lease_refused:
      return tasks_.on_refused(static_cast<std::uint32_t>(frame.arg0),
                               static_cast<ErrorKind>(frame.arg1), text);
    case NodeMessage::lease_recall:
      return tasks_.on_recall(static_cast<std::uint32_t>(frame.arg0));
    case NodeMessage::lane_dead:
      return on_lane_dead(frame, payload);
    case NodeMessage::actor_lane:
      return actors_.on_lane(actor, static_cast<std::uint32_t>(frame.arg0),
                             static_cast<rpc::Slot>(frame.arg1));
    case NodeMessage::actor_state:
      return actors_.on_state(actor, static_cast<ActorState>(frame.arg0), payload);
    case NodeMessage::value:
      return on_value(frame, payload);
    case NodeMessage::freed:
      return on_freed(frame);
    case NodeMessage::resources:
    case NodeMessage::why_told:
      return questions_.on_answer(frame, payload);
    case NodeMessage::wait_refused:
      return waits_.refuse(frame.arg0, text);
    case NodeMessage::needs_ask:
      return tell_needs(*this, frame);
    case NodeMessage::why_from:
      return tell_why(*this, frame, text);
    default:
      base::check(executor_ != nullptr, "a message for a worker reached a driver");
      executor_->on_node(frame, payload);
  }
}

void Process::on_value(const NodeFrame& frame, std::span<const std::byte> payload) {
  // Read first: the node counts what is inside in our name, whether or not we still want it.
  Value value = read_value(*this, WireReader(payload), Arrival::counted);
  if (const auto entry = objects_.find(ObjectId(frame.id_hi, frame.id_lo)))
    finish(*entry, std::move(value));
}

void Process::on_freed(const NodeFrame& frame) {
  const auto entry = objects_.find(ObjectId(frame.id_hi, frame.id_lo));
  if (!entry) return;
  ErrorRecord error;
  error.kind = ErrorKind::object_lost;
  error.message = "object " + entry->id().hex() + " was freed by manta::free() in another process";
  if (entry->done()) {
    entry->discard(value_of(error));
    failures_.fetch_add(1);
  } else if (!entry->from_elsewhere()) {
    finish(*entry, value_of(error));  // else the value that comes says so
  }
}

const CallLane* Process::lane_of(const Call& call) const {
  return call.actor ? actors_.lane_of(call) : tasks_.lane_of(call);
}

void Process::close_lane(std::uint32_t lane, rpc::Slot callee) {
  node_.send({.kind = NodeMessage::lane_closed, .arg0 = lane});
  const bool own = callee == slot() && executor_ != nullptr;
  if (own && executor_->forget_lane(lane)) {
    node_.send({.kind = NodeMessage::lane_closed, .arg0 = lane});
  }
}

void Process::take_back_holds(const CallLane& lane, const DeathReport& death) {
  if (death.reply_in_doubt != 0 && lane.awaits_reply(death.reply_in_doubt))
    node_.send({.kind = NodeMessage::reply_missing, .arg0 = lane.index()});
}

void Process::on_lane_dead(const NodeFrame& frame, std::span<const std::byte> payload) {
  const auto lane = static_cast<std::uint32_t>(frame.arg0);
  DeathReport death = parse_death(payload);
  death.reply_in_doubt = frame.arg1;
  const bool known = tasks_.on_lane_dead(lane, death) || actors_.on_lane_dead(lane, death) ||
                     (executor_ != nullptr && executor_->forget_lane(lane));
  if (known)
    node_.send({.kind = NodeMessage::lane_closed,
                .arg0 = lane});  // else it was closed already, or will be
}

void Process::fail_everything() {
  tasks_.fail_all(death_);
  actors_.fail_all(death_);
  for (const auto& entry : objects_.all()) {
    if (!entry->done()) finish(*entry, copy_of(death_));
  }
}

Value copy_of(const Value& error) {
  Value copy;
  copy.meta = SmallBytes(error.meta.span());
  copy.flags = error.flags;
  copy.fingerprint = error.fingerprint;
  return copy;
}

ErrorRecord record_of(const Value& error) { return decode_error(error.meta.span()); }

Value value_of(const ErrorRecord& error) {
  Value value;
  value.meta = SmallBytes(encode_error(error));
  value.flags = kError;
  return value;
}

}  // namespace manta::detail
