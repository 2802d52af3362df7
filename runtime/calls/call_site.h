// A CallSite is what all calls of one place in a program have in common: which code runs, under which name, with which
// options. A million queued calls share one, so that each keeps 8 bytes of what would be 190.
//
//   remote(f)(x) --CallKey--> CallSite::known() --> the record of the last call like it, or null, and then
//                --CallSpec--> CallSite::of()   --> the same, or a new one
//
// A CallKey is made of addresses that the caller has at hand; a CallSpec has to be put together. Each thread remembers
// a few records by either. Two places that fall together make records by turns, which costs memory, no more.
// Invariant: a record never changes.
// Threads:   any; the memory of the last records is the thread's own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../../base/counted.h"
#include "../code/code_id.h"
#include "../options/options.h"
#include "../wire/lane_messages.h"

namespace manta::detail {

// What a remote function is made of, before its arguments.
struct CallSpec {
  CallKind kind = CallKind::kTask;
  CodeId stub = {};
  CodeId target = {};             // the function or method; image 0: there is none, only the stub
  std::ptrdiff_t adjustment = 0;  // of the object, for a member pointer (MemberPointer)
  std::ptrdiff_t object_offset = 0;  // from the actor's object to the handle's base class
  // Of a task; null, or null inside: the defaults.
  const std::shared_ptr<const TaskOptions>* options = nullptr;
  std::string_view name = {};  // display name known before the call; empty: the function's own
  std::optional<Timeout> deadline = {};  // of a method; that of a task is in its options
  // How many elements of a range each call works on: how long it runs is learned by the element (run_times.h).
  std::uint32_t elements = 1;
  bool gives_items = false;  // it is a generator
};

// The calls of a remote function by addresses, which say as much as its CallSpec.
struct CallKey {
  Stub stub = nullptr;
  std::uintptr_t target = 0;             // the function; 0: there is none, only the stub
  const TaskOptions* options = nullptr;  // null: the defaults
  const char* name = nullptr;            // as CallSpec::name, which lies in static memory
  bool operator==(const CallKey&) const = default;
};

class CallSite final : public base::Counted {
 public:
  explicit CallSite(const CallSpec& spec);
  static base::Ref<const CallSite> of(const CallSpec& spec);
  // Null if this thread has forgotten it, or knows it not yet.
  // A site keeps its options: so no others have their address.
  static base::Ref<const CallSite> known(const CallKey& key);
  static void remember(const CallKey& key, base::Ref<const CallSite> site);

  // The frame of its calls, but for what differs from one to the next.
  const CallFrame& frame() const { return frame_; }
  const std::string& name() const { return name_; }  // given by the user; empty: the function's own
  const TaskOptions& options() const { return *options_; }
  const std::optional<Timeout>& deadline() const { return deadline_; }
  std::uint32_t elements() const { return elements_; }
  bool is_plain() const { return plain_; }  // it asks for nothing of its worker but CPUs
  std::string display_name() const;

 private:
  bool is_of(const CallSpec& spec) const;

  CallFrame frame_;
  std::shared_ptr<const TaskOptions> given_options_;  // null: the defaults
  const TaskOptions* options_;
  const std::uint32_t elements_;
  std::string name_;
  std::optional<Timeout> deadline_;
  bool plain_;
};

}  // namespace manta::detail
