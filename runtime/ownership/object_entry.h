// An ObjectEntry is one process's record of one object: what an ObjectRef points to.
//
//   pending --complete--> ready | failed           (once; a freed object turns from ready to failed: see discard())
//
//   kLocal: only this process knows it.   kPublished: made here, the node holds the record.
//   kLent:  arrived inside the arguments of a running call; valid while that call runs.
//   kHeld:  the node counts this process as a holder (`node_holds` times).
//
// Invariants: (1) `value` is written before the state that announces it, and only by its maker or the holder of the
//             progress baton; (2) `home`, `node_holds`, `dependents` and `watchers` change only under the tables lock.
// Threads:    state and value may be read from any thread; the count is atomic.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "../../base/counted.h"
#include "../../base/id.h"
#include "command.h"
#include "value.h"

namespace manta::detail {

class Call;
class CompletionWatch;

// One entry's place in the list of those who watch it (completion_watch.h); all under the tables lock.
struct WatchLink {
  WatchLink* next = nullptr;
  WatchLink** here = nullptr;  // what points to this
  CompletionWatch* watch = nullptr;
};

enum class ObjectState : std::uint8_t { kPending, kReady, kFailed };
enum class Home : std::uint8_t { kLocal, kPublished, kLent, kHeld };

class ObjectEntry final : public base::Counted {
 public:
  explicit ObjectEntry(ObjectId id) : id_(id) {}
  ~ObjectEntry() override;

  const ObjectId& id() const { return id_; }

  // SYNC: acquire pairs with complete()'s release: who sees `ready` or `failed` sees the value.
  ObjectState state() const { return state_.load(std::memory_order_acquire); }
  bool done() const { return state() != ObjectState::kPending; }

  // Calls `read(value)` with the value of a done object; it stays alive meanwhile, also when another thread frees it.
  template <class Read>
  decltype(auto) read(Read&& read) const {
    const Reading reading(readers_);
    return read(*current_.load());
  }
  // The same for who holds the tables lock or knows that nobody frees it.
  const Value& value() const { return *current_.load(std::memory_order_acquire); }

  // Ends the wait. `value.flags & kError` decides between ready and failed.
  void complete(Value value);
  // Replaces the value of a freed object by an error and destroys it once nobody reads it. Arrays keep their blocks.
  void discard(Value error);

  // An error that nobody looks at is logged once, when the entry goes.
  void mark_seen() const { seen_.store(true, std::memory_order_relaxed); }
  bool seen() const { return seen_.load(std::memory_order_relaxed); }

  // ---- under the tables lock
  struct Dependent {
    base::Ref<Command> command = {};      // a call that waits for this argument, or other work
    std::function<void()> callback = {};  // or one of on_ready
  };
  std::vector<Dependent>& dependents() { return dependents_; }
  WatchLink* watchers = nullptr;
  // Whether the value comes through the node. Also for threads without the lock: it never turns back to true.
  bool from_elsewhere() const { return home == Home::kLent || home == Home::kHeld; }
  std::atomic<Home> home = Home::kLocal;
  bool subscribed = false;  // the node was asked for the value
  std::uint32_t node_holds = 0;
  std::uint32_t session = 0;       // number of the session that made it; 0: none
  const Call* producer = nullptr;  // the call that makes it, while it is pending

 private:
  // SYNC: sequentially consistent with discard(): it swaps `current_`, then waits for the readers.
  class Reading {
   public:
    explicit Reading(std::atomic<std::uint32_t>& count) : count_(count) { count_.fetch_add(1); }
    ~Reading() { count_.fetch_sub(1); }
    Reading(const Reading&) = delete;

   private:
    std::atomic<std::uint32_t>& count_;
  };

  const ObjectId id_;
  std::atomic<ObjectState> state_{ObjectState::kPending};
  mutable std::atomic<bool> seen_{false};
  mutable std::atomic<std::uint32_t> readers_{0};
  Value value_;
  std::unique_ptr<Value> replacement_;  // of a freed object
  std::atomic<const Value*> current_{&value_};
  std::vector<Dependent> dependents_;
};

using ObjectEntryRef = base::Ref<ObjectEntry>;

}  // namespace manta::detail
