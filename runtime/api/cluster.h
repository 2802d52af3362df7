// What the session runs on, its nodes with their resources, state and store; and what a running task or actor knows of
// itself.
//
// Errors:  InvalidArgument without a session; for a context, outside of a task or actor.
// Threads: any; the results are values.
#pragma once
#include <string>
#include <vector>

#include "../../base/id.h"
#include "../../objectstore/arena/store_stats.h"
#include "../options/options.h"
#include "actor_handle.h"

namespace manta {

// A node that is draining takes no new work. This version has none.
enum class NodeState { alive, draining, dead };

// One node of the session: this version has one.
struct NodeInfo {
  NodeId id = {};            // for OnNode; as TaskContext::node() says it
  std::string address = {};  // a private node has none
  NodeState state = NodeState::alive;
  Resources total = {};      // what the node has
  Resources available = {};  // what no task or actor holds at the moment
  Labels labels = {};        // InitOptions::labels
  StoreStats store = {};     // in bytes
};

// The state of a session at one moment.
struct Cluster {
  std::vector<NodeInfo> nodes = {};
  // The sums over all nodes.
  Resources total = {};
  Resources available = {};
};

// The state of the session's nodes now. Asks the node, and waits for its answer. Errors: RuntimeError if it does not
// answer: at once if its process is stopped, else after 60 s. Of a dead node the resources are empty.
Cluster cluster();

// A task, or a call of an actor, that runs.
struct TaskContext {
  TaskId id() const { return id_; }           // that of its first result
  std::string name() const { return name_; }  // as in errors and logs
  // 1, or more after crashes of the worker, and after exceptions with TaskOptions::retry_exceptions.
  int attempt() const { return attempt_; }
  NodeId node() const { return node_; }  // on which it runs
  JobId job() const { return job_; }     // the session's
  double cpus() const { return cpus_; }  // TaskOptions::cpus
  // The ids of its GPUs, as in CUDA_VISIBLE_DEVICES; where those are no numbers, their places in the node's list.
  std::vector<int> gpus() const { return gpus_; }
  // Whether it is to end (manta::cancel()): to be asked now and then by a call that runs for long. Any thread.
  bool cancelled() const;

 private:
  friend TaskContext this_task();
  TaskId id_;
  std::string name_;
  int attempt_ = 1;
  NodeId node_;
  JobId job_;
  double cpus_ = 0;
  std::vector<int> gpus_;
};
// Of the calling thread, or of the task that has started it. Errors: InvalidArgument outside of a task.
TaskContext this_task();

namespace detail {
[[noreturn]] void throw_not_a_base(const std::type_info& actor, const std::type_info& wanted);

// The distance from the actor's object to the T in it. Its class is not known here: so a pointer to it is thrown and
// caught as a pointer to T.
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

// An actor whose method or constructor runs.
struct ActorContext {
  ActorId id() const { return entry_->id(); }  // as ActorHandle::id() in other processes
  std::string name() const { return name_; }   // ActorOptions::name; empty without one
  int restarts() const { return 0; }           // not supported yet
  // A handle to the actor itself. T is its class, or a public base of it; inside the constructor only its class.
  // Errors: InvalidArgument for any other T.
  template <class T>
  ActorHandle<T> self() const {
    return detail::HandleAccess::make<T>(entry_, detail::offset_in<T>(instance_));
  }

 private:
  friend ActorContext this_actor();
  base::Ref<detail::ActorEntry> entry_;
  detail::Instance instance_;
  std::string name_;
};
// Of the calling thread. Errors: InvalidArgument outside of an actor.
ActorContext this_actor();

}  // namespace manta
