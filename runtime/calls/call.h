// A Call is one call as its caller's process keeps it, from submission to reply.
//
//   waiting for arguments --> ready --> queued --> in flight --reply--> done
//       |                       |        |  ^---- returned, retried ---|  ^
//       |                       |        \---> runs in place (in_place.h)-/
//       |                       \--> in flight, of an actor, which has a queue of its own
//       \--> abandoned: it has failed before that
//
// The arguments are encoded on the caller's thread into a body; where a ref stands for a value, a RefArgument says at
// which position of the body the value is inserted when the call is sent.
//
// Programs queue millions, so a call is one block of memory: 72 bytes, 32 for each RefArgument, and the body, which is
// 80 bytes for two ints. With its result's entry (object_entry.h) that makes the 256 bytes of bench/README.md:
//
//   24  of a Command: virtual table, count, time of submission, link of a queue
//    8  result                                 8  site: code, name, options (call_site.h)
//    8  extras, which few have                 8  actor | previous in the queue | estimate
//    4  missing | number in the lane           8  sizes of refs and body          4  attempt, flags, state
//
// Invariants: a Call belongs to the queue, lane or table that it is in; entries of missing arguments share it. It keeps
//             alive what its arguments refer to until its reply; it owns its results until they are done.
// Threads:    built by the caller's thread, then confined to the holder of the progress baton (under the tables lock).
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../../base/result.h"
#include "../../objectstore/store.h"
#include "../ownership/actor_entry.h"
#include "../ownership/command.h"
#include "../ownership/object_entry.h"
#include "../wire/lane_messages.h"
#include "call_site.h"
#include "call_timers.h"
#include "item_stream.h"
#include "pending_bytes.h"

namespace manta::detail {

class Call;

// What a process does with its calls; the wiring of its parts decides.
class CallRouter {
 public:
  virtual void accept(base::Ref<Call> call) = 0;       // submitted just now
  virtual void send_ready(base::Ref<Call> call) = 0;   // a task; all its arguments have arrived
  virtual void start_ready(base::Ref<Call> call) = 0;  // the same, if none of them failed

 protected:
  ~CallRouter() = default;
};

// Storages that a call keeps, which count it: as one that waits, which reads nothing, or one that may read them.
class KeptStorages {
 public:
  using Keeper = base::Storage::Keeper;
  explicit KeptStorages(Keeper as) : as_(as) {}
  ~KeptStorages() { clear(); }
  KeptStorages(const KeptStorages&) = delete;

  void add(base::StorageRef storage) {
    if (storage) storage->count_keeper(as_, 1);
    storages_.push_back(std::move(storage));
  }
  void count_as(Keeper as) {
    if (as != as_) count_again(as);
  }
  void clear() {
    for (const auto& storage : storages_) {
      if (storage) storage->count_keeper(as_, -1);
    }
    storages_.clear();
  }
  auto begin() const { return storages_.begin(); }
  auto end() const { return storages_.end(); }

 private:
  void count_again(Keeper as);

  std::vector<base::StorageRef> storages_;
  Keeper as_;
};

// What few calls have: arguments with arrays or refs inside, several results, items, arguments too large for a lane, a
// time.
struct CallExtras {
  CallExtras() = default;
  ~CallExtras() { forget_time(); }
  CallExtras(const CallExtras&) = delete;

  // What the arguments refer to. Until the call is sent nobody reads that, so that it may be spilled.
  KeptStorages blocks{KeptStorages::Keeper::kWaitingCall};
  std::vector<serialization::Reference> references;
  std::vector<ObjectEntryRef> results;     // of an unpacked call: Call::result is null then
  base::Ref<ItemStream> items;             // of a generator: Call::result is its next()
  objectstore::Block* external = nullptr;  // holds the arguments,
  std::size_t external_size = 0;           // which are so many bytes
  KeptStorages keeps_external{KeptStorages::Keeper::kWaitingCall};  // as `blocks`
  std::optional<CallTimers::Time> deadline;
  bool forced = false;           // its worker was told to end itself
  std::uint64_t last_crash = 0;  // a hash of the stack with which the last attempt crashed

  void set_external(const base::Ref<objectstore::Block>& block, std::size_t size) {
    block->seal();
    keeps_external.add(block);
    external = block.get();
    external_size = size;
  }
  void count_as(KeptStorages::Keeper keeper) {
    blocks.count_as(keeper);
    keeps_external.count_as(keeper);
  }

  // Instead of the time that it had: `call` is that of these extras.
  void set_time(CallTimers& timers, Call& call, CallTimers::Time when) {
    forget_time();
    time_ = timers.add(call, when);
    timers_ = base::Ref<CallTimers>::retain(&timers);
  }
  void time_has_come() { timers_ = nullptr; }

 private:
  void forget_time() {
    if (timers_) timers_->remove(time_);
  }

  base::Ref<CallTimers> timers_;  // null: it has no time
  CallTimers::Key time_;
};

enum class CallState : std::uint8_t {
  kWaiting,    // for arguments
  kReady,      // see Completion::make_ready(); an actor's: to be sent
  kQueued,     // in a TaskSender
  kInFlight,   // in a lane
  kInPlace,    // it runs where it was submitted
  kResting,    // in a TaskSender: it is tried again later
  kAbandoned,  // it has failed; entries of missing arguments, or an actor's queue, may have it still
};

class Call final : public Command {
 public:
  // `refs` come in the order of the body; they and `extras` are taken over.
  static base::Ref<Call> make(base::Ref<const CallSite> site, std::span<RefArgument> refs,
                              std::span<const std::byte> body,
                              std::unique_ptr<CallExtras> extras = nullptr);
  ~Call() override;
  static void operator delete(Call* call, std::destroying_delete_t);  // whatever its size
  void run(base::Ref<Command> self, CallRouter& router) override;
  void object_done(base::Ref<Command> self, CallRouter& router) override;

  // ---- what is called
  const CallSite& site() const { return *site_; }
  const base::Ref<const CallSite>& shared_site() const { return site_; }
  std::string display_name() const { return site_->display_name(); }

  // ---- arguments
  std::span<RefArgument> refs() { return {first_ref(), ref_count_}; }
  std::span<const RefArgument> refs() const { return {first_ref(), ref_count_}; }
  CallExtras& extras();  // made at the first use
  const CallExtras* extras_or_null() const { return extras_.get(); }
  // Of a generator; else null.
  ItemStream* items() const { return extras_ ? extras_->items.get() : nullptr; }
  // The block that holds the arguments of a large call; null: they are in the call.
  objectstore::Block* external() const { return extras_ ? extras_->external : nullptr; }
  // Moves the arguments into a block of the store, when they are too large to travel in a lane.
  base::Status<objectstore::StoreError> externalize(objectstore::Store& store);
  // Of one that has run in this process and is about to be done: whoever sees that finds its arguments free.
  void let_go_of_arguments();
  // The first argument that failed, or null.
  const ObjectEntry* failed_argument() const;

  // ---- the call as it travels, once every argument has arrived: frame, name, arguments
  CallFrame frame() const;  // but for its size and its number
  std::size_t frame_size() const {
    return sizeof(CallFrame) + padded_name_size() + (external() != nullptr ? 0 : arguments_size());
  }
  void write_frame(std::byte* out, std::size_t size, std::uint64_t sequence,
                   const objectstore::Store& store) const;
  // Bytes of the argument section; writes them to `out`.
  std::size_t arguments_size() const {
    return ref_count_ == 0 ? body_size_ : body_size_ + referred_size();
  }
  void write_arguments(std::byte* out, const objectstore::Store& store) const {
    if (ref_count_ == 0) {
      std::copy_n(body(), body_size_, out);
    } else {
      write_with_referred(out, store);
    }
  }

  // ---- results
  bool done() const;  // they are
  template <class Visit>
  void each_result(Visit&& visit) {
    if (result) visit(result);
    if (extras_) {
      for (auto& entry : extras_->results) visit(entry);
    }
  }

  // ---- states
  CallState state() const { return state_; }
  std::uint32_t missing() const { return state_ == CallState::kWaiting ? number_ : 0; }
  void wait_for_one_more() { ++number_; }
  void be_ready() { state_ = CallState::kReady; }
  // In a TaskSender's queue, behind `previous`.
  void enter_queue(Call* previous) {
    state_ = CallState::kQueued;
    if (extras_) extras_->count_as(KeptStorages::Keeper::kWaitingCall);
    place_.previous = previous;
    next = nullptr;
  }
  Call* previous() const { return place_.previous; }  // only while it is queued
  void set_previous(Call* call) { place_.previous = call; }
  Call* next_in_queue() const { return static_cast<Call*>(next); }
  // `sequence`: the lowest bits of its number in the lane, which tell it from the others in flight.
  void enter_lane(std::uint32_t sequence, std::uint32_t estimate_ns) {
    state_ = CallState::kInFlight;
    if (extras_) extras_->count_as(KeptStorages::Keeper::kCall);
    number_ = sequence;
    if (!of_actor_) place_.estimate_ns = estimate_ns;
  }
  std::uint32_t sequence() const { return number_; }  // only while it is in flight, as the next
  std::uint32_t estimate_ns() const { return of_actor_ ? 0 : place_.estimate_ns; }
  void run_in_place() {
    state_ = CallState::kInPlace;
    if (extras_) extras_->count_as(KeptStorages::Keeper::kCall);
  }
  void rest() { state_ = CallState::kResting; }
  bool abandoned() const { return state_ == CallState::kAbandoned; }
  void abandon() { state_ = CallState::kAbandoned; }

  // Of a method call, which is in no queue of a TaskSender; else null.
  ActorEntry* actor() const { return of_actor_ ? place_.actor : nullptr; }
  void set_actor(base::Ref<ActorEntry> actor);
  void forget_actor();

  ObjectEntryRef result;
  std::uint16_t attempt = 1;  // those that failed, plus 1; stays at its largest value
  bool one_way : 1 = false;
  bool unpacked : 1 = false;
  // Nobody wants it any more: it is not tried again, and not sent when it comes back.
  bool cancelled : 1 = false;
  bool missed : 1 = false;  // the user was told that nobody waits for it

 private:
  Call(base::Ref<const CallSite> site, std::span<RefArgument> refs, std::span<const std::byte> body,
       std::unique_ptr<CallExtras> extras);
  RefArgument* first_ref() const {
    return reinterpret_cast<RefArgument*>(const_cast<Call*>(this) + 1);
  }
  std::byte* body() const { return reinterpret_cast<std::byte*>(first_ref() + ref_count_); }
  static std::size_t block_size(std::size_t refs, std::size_t body) {
    return sizeof(Call) + refs * sizeof(RefArgument) + body;
  }
  std::size_t block_size() const { return block_size(ref_count_, body_size_); }
  std::size_t bytes() const { return sizeof(ObjectEntry) + block_size(); }
  std::size_t referred_size() const;
  void write_with_referred(std::byte* out, const objectstore::Store& store) const;
  std::size_t padded_name_size() const { return (site_->name().size() + 7) & ~std::size_t{7}; }
  void add_own(CallFrame& frame) const;

  bool of_actor_ : 1 = false;
  CallState state_ = CallState::kWaiting;
  // While it waits, how many arguments have not arrived; in flight, sequence().
  std::uint32_t number_ = 0;
  const std::uint32_t ref_count_;
  const std::uint32_t body_size_;
  const base::Ref<const CallSite> site_;
  std::unique_ptr<CallExtras> extras_;
  union {
    ActorEntry* actor;  // of_actor_; counted
    Call* previous;     // queued
    std::uint32_t estimate_ns;
  } place_ = {.actor = nullptr};
};
static_assert(sizeof(void*) != 8 || sizeof(Call) == 72);

}  // namespace manta::detail
