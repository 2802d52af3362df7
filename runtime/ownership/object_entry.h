// An ObjectEntry is one process's record of one object: what an ObjectRef points to.
//
//   pending --complete--> ready | failed           (once; a freed object turns from ready to failed: see discard())
//
//   local: only this process knows it.   published: made here, the node holds the record.
//   lent:  arrived inside the arguments of a running call; valid while that call runs.
//   held:  the node counts this process as a holder (`node_holds` times).
//
// A program may have millions, so an entry has 88 bytes, which malloc makes 96:
//
//   12  virtual table, count              16  id
//    8  session, node_holds                8  what stands for a freed value
//    4  state with home, seen, readers    40  Pending, later the Value: never both
//
// Invariants: (1) the value is written before the state that announces it, and only by its maker or the holder of the
//             tables lock; (2) the home, `node_holds` and what is Pending change only under the tables lock.
// Threads:    state and value may be read from any thread; the count is atomic.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../../base/counted.h"
#include "../../base/id.h"
#include "../../base/recycled.h"
#include "command.h"
#include "value.h"

namespace manta::detail {

class Call;
class CompletionWatch;
struct RefArgument;

// One entry's place in the list of those that watch it (completion_watch.h); all under the tables lock.
struct WatchLink {
  WatchLink* next = nullptr;
  WatchLink** here = nullptr;  // what points to this
  CompletionWatch* watch = nullptr;
};

enum class ObjectState : std::uint8_t { kPending, kReady, kFailed };
enum class Home : std::uint8_t { kLocal, kPublished, kLent, kHeld };

class ObjectEntry final : public base::Counted {
 public:
  explicit ObjectEntry(ObjectId id, std::uint32_t number_of_session = 0, Home home = Home::kLocal)
      : session(number_of_session),
        status_(status(ObjectState::kPending, home)),
        id_(id),
        pending_() {}
  ~ObjectEntry() override;
  static void* operator new(std::size_t size) { return base::take_recycled(size); }
  static void operator delete(void* place, std::size_t size) { base::give_recycled(place, size); }

  const ObjectId& id() const { return id_; }

  // SYNC: acquire pairs with complete()'s release: whoever sees `ready` or `failed` sees the value.
  ObjectState state() const {
    return static_cast<ObjectState>(status_.load(std::memory_order_acquire) & kStateBits);
  }
  bool done() const { return state() != ObjectState::kPending; }

  // Calls `read(value)` with the value of a done object; it stays alive meanwhile, also when another thread frees it.
  template <class Read>
  decltype(auto) read(Read&& read) const {
    const Reading reading(readers_);
    return read(value());
  }
  // The same for whoever holds the tables lock or knows that nobody frees it.
  const Value& value() const {
    // SYNC: sequentially consistent with discard(), see Reading.
    const Value* const instead = instead_.load();
    return instead == nullptr ? value_ : *instead;
  }

  // An error that nobody looks at is logged once, when the entry goes.
  void mark_seen() const { seen_.store(true, std::memory_order_relaxed); }
  bool seen() const { return seen_.load(std::memory_order_relaxed); }

  // ---- under the tables lock, but for an entry that no other thread knows yet
  struct Pending {
    Call* producer = nullptr;  // that makes it
    // Of calls that wait for it, and other work: each is a count of the command. The newest come first.
    RefArgument* arguments = nullptr;
    rpc::MpscLink* commands = nullptr;
    WatchLink* watchers = nullptr;
    bool subscribed = false;  // the node was asked for the value
  };
  Pending& pending() { return pending_; }  // only while it is pending, as the next two
  void add_dependent(RefArgument& argument, base::Ref<Command> call);
  void add_dependent(base::Ref<Command> command);
  Call* producer() const { return done() ? nullptr : pending_.producer; }
  // The command of each argument that waits for it.
  template <class Visit>
  void each_waiting_argument(Visit&& visit) const;
  bool has_dependents() const {
    return !done() && (pending_.arguments != nullptr || pending_.commands != nullptr);
  }
  // Ends the wait. An error makes it failed, all else ready. Gives what it was until now.
  Pending complete(Value value);
  // Replaces the value of a freed object by an error and destroys it once nobody reads it. Arrays keep their blocks.
  void discard(Value error);

  // Also for threads without the lock.
  Home home() const {
    return static_cast<Home>(status_.load(std::memory_order_acquire) >> kHomeShift);
  }
  // Whether the value comes through the node. It never turns back to true.
  bool from_elsewhere() const { return home() == Home::kLent || home() == Home::kHeld; }
  // SYNC: release as in complete(): whoever sees the state in it sees the value.
  void set_home(Home home) { status_.store(status(state(), home), std::memory_order_release); }

  const std::uint32_t session;  // number of the session that made it; 0: none
  std::uint32_t node_holds = 0;

 private:
  // SYNC: sequentially consistent with discard(): that sets `instead_`, then waits for the readers.
  class Reading {
   public:
    explicit Reading(std::atomic<std::uint16_t>& count) : count_(count) { count_.fetch_add(1); }
    ~Reading() { count_.fetch_sub(1); }
    Reading(const Reading&) = delete;

   private:
    std::atomic<std::uint16_t>& count_;
  };

  static constexpr unsigned kStateBits = 3;
  static constexpr unsigned kHomeShift = 2;
  static constexpr std::uint8_t status(ObjectState state, Home home) {
    return static_cast<std::uint8_t>(static_cast<unsigned>(state) | static_cast<unsigned>(home)
                                                                        << kHomeShift);
  }
  void leave_session();

  // The state and the home. SYNC: stored with release after the value, loaded with acquire before it.
  std::atomic<std::uint8_t> status_;
  mutable std::atomic<bool> seen_{false};
  // How often read() runs now: once for a thread, a few times more where decoding reads the object again.
  mutable std::atomic<std::uint16_t> readers_{0};
  const ObjectId id_;
  std::atomic<const Value*> instead_{nullptr};  // of a freed object: the error, owned
  union {
    Pending pending_;
    Value value_;
  };
};
static_assert(sizeof(void*) != 8 || sizeof(ObjectEntry) == 88);

using ObjectEntryRef = base::Ref<ObjectEntry>;

// An argument of a call that is a ref and meets a parameter that is a value: the call waits for the object.
struct RefArgument {
  RefArgument* next = nullptr;  // of those that wait for the same object (ObjectEntry::Pending)
  Command* call = nullptr;      // a count of it, while it waits
  ObjectEntryRef entry;
  std::size_t at = 0;  // where in the call's body its value is inserted
};

template <class Visit>
void ObjectEntry::each_waiting_argument(Visit&& visit) const {
  if (done()) return;
  for (auto* next = pending_.arguments; next != nullptr; next = next->next) visit(*next->call);
}

}  // namespace manta::detail
