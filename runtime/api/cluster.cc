#include "cluster.h"

#include <algorithm>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../launch/node_process.h"
#include "../process/process.h"
#include "../wire/resources.h"
#include "../worker/executor.h"
#include "../worker/task_frame.h"

namespace manta {
namespace {

// Both are empty if the node is dead.
detail::NodeResources resources_of_node(detail::Process& process) {
  const auto patience =
      detail::patience_with_node(process.attachment().node_pid, "manta::cluster()");
  const auto answer = process.questions().ask(detail::ResourcesAsk{}, {}, patience);
  if (!answer) return {};
  auto resources = detail::decode_node_resources(*answer);
  base::check(resources.has_value(), "the node's answer about its resources is malformed");
  return *std::move(resources);
}

}  // namespace

Cluster cluster() {
  auto& process = detail::Process::current("manta::cluster()");
  NodeInfo node;
  node.id = process.attachment().node;
  node.state = process.ownership().dead() ? NodeState::dead : NodeState::alive;
  auto resources = resources_of_node(process);
  node.total = std::move(resources.total);
  node.available = std::move(resources.available);
  node.labels = std::move(resources.labels);
  node.store = process.store().stats();
  Cluster cluster;
  cluster.total = node.total;
  cluster.available = node.available;
  cluster.nodes.push_back(std::move(node));
  return cluster;
}

bool TaskContext::cancelled() const { return detail::TaskFrame::asked_to_end(id_); }

TaskContext this_task() {
  const auto frame = detail::TaskFrame::of_process();
  if (!frame) {
    throw InvalidArgument(
        "manta::this_task() was called outside of a task: only a task or an actor's method, and "
        "the threads that it starts, have one while it runs");
  }
  const auto& attachment = detail::Process::current("manta::this_task()").attachment();
  TaskContext context;
  context.id_ = frame->id;
  context.name_ = frame->name;
  context.attempt_ = frame->attempt;
  context.cpus_ = frame->cpus;
  context.gpus_ = attachment.gpus;
  const auto* const executor = detail::Executor::of_process();
  const bool of_actor = executor != nullptr && executor->is_actor();
  const std::size_t gpus = of_actor ? executor->gpus_of_actor() : frame->gpus;
  context.gpus_.resize(std::min(context.gpus_.size(), gpus));
  context.node_ = attachment.node;
  context.job_ = attachment.job;
  return context;
}

void detail::throw_not_a_base(const std::type_info& actor, const std::type_info& wanted) {
  throw InvalidArgument("this_actor().self<T>(): T is " + demangled(wanted.name()) +
                        ", which is neither the actor's class, " + demangled(actor.name()) +
                        ", nor a public base of it (nor the class itself, inside its constructor)");
}

ActorContext this_actor() {
  auto& executor =
      detail::Executor::of_this_actor("manta::this_actor() was called outside of an actor");
  ActorContext context;
  context.entry_ = executor.self();
  context.instance_ = executor.instance();
  context.name_ = executor.actor_name();
  return context;
}

}  // namespace manta
