// What the session runs on: its nodes with resources, state and store; and the context of the running task or actor.
//
// Errors: InvalidArgument without a session, and for a context outside of a task or actor. Threads: any; values.
#pragma once
#include <string>
#include <vector>

#include "../../base/id.h"
#include "../../objectstore/store_stats.h"
#include "../options/options.h"
#include "actor.h"

namespace manta {

enum class NodeState { alive, draining, dead };

struct NodeInfo {
  NodeId id = {};
  std::string address = {};  // empty: a private node has none
  NodeState state = NodeState::alive;
  Resources total = {};
  Resources available = {};
  Labels labels = {};
  StoreStats store = {};
};

struct Cluster {
  std::vector<NodeInfo> nodes = {};
  Resources total = {};
  Resources available = {};
};

// Asks the node. Errors: RuntimeError when it does not answer, at once if it is stopped, else after 60 s.
Cluster cluster();

// The task that the calling thread runs.
struct TaskContext {
  TaskId id() const { return id_; }
  std::string name() const { return name_; }
  int attempt() const { return attempt_; }  // counts from 1
  NodeId node() const { return node_; }
  JobId job() const { return job_; }
  double cpus() const { return cpus_; }
  std::vector<int> gpus() const { return {}; }
  bool cancelled() const { return false; }  // cancelling is not supported by this version

 private:
  friend TaskContext this_task();
  TaskId id_;
  std::string name_;
  int attempt_ = 1;
  NodeId node_;
  JobId job_;
  double cpus_ = 0;
};
TaskContext this_task();

namespace detail {
[[noreturn]] void throw_not_a_base(const std::type_info& actor, const std::type_info& wanted);

// From the actor's object to the T in it, which only the thrown pointer's own conversions can tell.
template <class T>
std::ptrdiff_t offset_in(const Instance& actor) {
  if (*actor.type == typeid(T)) return 0;
  if (actor.object != nullptr) {
    try {
      actor.raise(actor.object);
    } catch (T* self) {
      return reinterpret_cast<char*>(self) - static_cast<char*>(actor.object);
    } catch (...) {  // not a public base
    }
  }
  throw_not_a_base(*actor.type, typeid(T));
}
}  // namespace detail

// The actor whose method or constructor the calling thread runs.
struct ActorContext {
  ActorId id() const { return entry_->id(); }
  std::string name() const { return {}; }  // actors have no names in this version
  int restarts() const { return 0; }
  // A handle to the running actor itself. T is its class or a public base of it
  // (inside its constructor only its class). Any other T: InvalidArgument.
  template <class T>
  ActorHandle<T> self() const {
    return detail::HandleAccess::make<T>(entry_, detail::offset_in<T>(instance_));
  }

 private:
  friend ActorContext this_actor();
  base::Ref<detail::ActorEntry> entry_;
  detail::Instance instance_;
};
ActorContext this_actor();

}  // namespace manta
