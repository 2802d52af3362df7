// The Completion of a process follows its calls from their arguments to their results: who waits for an object, which
// calls are ready, what a reply makes done.
//
//   call --await_arguments()--> missing > 0 --finish() of the last--> make_ready() --> CallRouter::send_ready()
//   reply --complete()--> entries done --> dependents: calls, callbacks, commands; watches
//
// Threads: the holder of the progress baton, under the tables lock; failures(): any.
#pragma once
#include <atomic>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "../ownership/error_values.h"
#include "../ownership/ownership.h"
#include "call.h"

namespace manta::detail {

class Completion {
 public:
  Completion(Ownership& ownership, CallRouter& router) : ownership_(ownership), router_(router) {}

  // Counts the arguments that are missing, and asks for them.
  void await_arguments(const base::Ref<Call>& call);
  // All arguments have arrived: keeps what they refer to until the reply, and makes the call fit into a lane. Not null:
  // the error with which it must fail instead.
  std::optional<Value> make_ready(Call& call);
  // To its sender, or failed with the argument that failed first.
  void start_ready(base::Ref<Call> call);

  void complete(Call& call, const ReplyFrame& frame, std::span<const std::byte> rest);
  // The same in two steps: the results that the reply brings, and what they make done.
  std::vector<Value> results_of(const ReplyFrame& frame, std::span<const std::byte> rest);
  // An item of a generator. False: it is passed over, since it came before or nobody wants it.
  bool add_item(Call& call, const ReplyFrame& frame, std::span<const std::byte> rest);
  bool add_item(Call& call, Value value);
  // Also of a call that ran in place: its results, or for each the error.
  void complete_here(Call& call, std::vector<Value> values);
  void fail(Call& call, const Value& error);
  void fail(Call& call, ErrorKind kind, std::string_view message);
  void fail(ObjectEntry& entry, const Value& error);
  void finish(ObjectEntry& entry, Value value);  // completes it and starts what depended on it
  void free(ObjectEntry& entry);                 // everywhere
  // Runs it again when the pending object is done.
  void add_dependent(ObjectEntry& entry, base::Ref<Command> command);
  // The node keeps what the arguments of an actor's constructor point to until the actor has been made of them.
  void give_to_node(Call& constructor);

  // From the node.
  void on(const ObjectValue& told, PayloadBytes payload);
  void on(const ObjectFreed& told);

  // Counts objects that turned out failed: whoever waits for many looks for a failure only when it has changed.
  std::uint64_t failures() const { return failures_.load(); }

 private:
  // Gives what a reply lent us to keep to the node; gives its results, which may lie in `external`.
  std::span<const std::byte> take_kept(const ReplyFrame& frame, std::span<const std::byte> rest,
                                       base::StorageRef& external);
  // A done object turns into the error; a pending one is finished with it.
  void discard(ObjectEntry& entry, Value error);
  void start_dependents(const ObjectEntry::Pending& was);

  Ownership& ownership_;
  CallRouter& router_;
  // SYNC: counted with release when the object has failed, read with acquire: whoever has looked at the objects since
  // it read the number has seen all failures that are counted in it.
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace manta::detail
