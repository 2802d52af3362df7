#include "check_options.h"

#include <cmath>
#include <string>

#include "../../base/error.h"
#include "../../base/number_text.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMaxName = 1024;
constexpr std::size_t kMaxResourceName = 55;

[[noreturn]] void refuse(const std::string& what) { throw InvalidArgument(what); }

void check_name(const std::string& name, const char* what) {
  if (name.size() > kMaxName) {
    refuse(std::string(what) + "::name has " + std::to_string(name.size()) +
           " bytes; at most 1024 are allowed");
  }
}

void check_strategy(const SchedulingStrategy& strategy, const char* what) {
  const bool simple =
      std::holds_alternative<Default>(strategy) || std::holds_alternative<Spread>(strategy);
  unsupported(!simple, what);
}

}  // namespace

void unsupported(bool used, const char* option) {
  if (used) refuse(std::string(option) + " is not supported by this version of manta yet");
}

void check_resources(const Resources& resources, const char* what) {
  for (const auto& [name, amount] : resources) {
    if (name.empty() || name.size() > kMaxResourceName) {
      refuse(std::string(what) + ": a resource's name has 1 to 55 characters, \"" + name +
             "\" does not");
    }
    if (name == "CPU") refuse(std::string(what) + ": CPU has a field of its own, cpus");
    if (!(amount >= 0) || !std::isfinite(amount)) {
      refuse(std::string(what) + ": resource " + name + " is " + base::number_text(amount) +
             ", which is no amount");
    }
  }
}

void check_cpus(double cpus, const char* what) {
  if (!(cpus >= 0) || !std::isfinite(cpus)) {
    refuse(std::string(what) + "::cpus is " + base::number_text(cpus) +
           "; it must be 0, a fraction or a number above");
  }
}

void check_task_options(const TaskOptions& options) {
  check_name(options.name, "TaskOptions");
  check_cpus(options.cpus, "TaskOptions");
  check_resources(options.resources, "TaskOptions::resources");
  if (options.max_retries < -1) {
    refuse("TaskOptions::max_retries is " + std::to_string(options.max_retries) +
           "; -1 means for ever, 0 never");
  }
  unsupported(options.gpus != 0, "TaskOptions::gpus");
  unsupported(options.memory != 0, "TaskOptions::memory");
  unsupported(options.retry_exceptions, "TaskOptions::retry_exceptions");
  check_strategy(options.strategy, "TaskOptions::strategy OnNode and InGroup");
  unsupported(!options.label_selector.empty(), "TaskOptions::label_selector");
  unsupported(!options.env.empty(), "TaskOptions::env");
  unsupported(options.max_buffered != 0, "TaskOptions::max_buffered");
}

void check_actor_options(const ActorOptions& options) {
  check_cpus(options.cpus, "ActorOptions");
  check_resources(options.resources, "ActorOptions::resources");
  unsupported(!options.name.empty(), "ActorOptions::name");
  unsupported(!options.name_space.empty(), "ActorOptions::name_space");
  unsupported(options.lifetime != Lifetime::counted, "ActorOptions::lifetime detached");
  unsupported(options.get_if_exists, "ActorOptions::get_if_exists");
  unsupported(options.max_restarts != 0, "ActorOptions::max_restarts");
  unsupported(options.max_task_retries != 0, "ActorOptions::max_task_retries");
  unsupported(options.max_concurrency != 1, "ActorOptions::max_concurrency above 1");
  unsupported(!options.concurrency_groups.empty(), "ActorOptions::concurrency_groups");
  unsupported(options.max_pending_calls != 0, "ActorOptions::max_pending_calls");
  unsupported(options.placement != Placement::process, "ActorOptions::placement shared");
  unsupported(options.gpus != 0, "ActorOptions::gpus");
  unsupported(options.memory != 0, "ActorOptions::memory");
  check_strategy(options.strategy, "ActorOptions::strategy OnNode and InGroup");
  unsupported(!options.label_selector.empty(), "ActorOptions::label_selector");
  unsupported(!options.env.empty(), "ActorOptions::env");
}

void check_put_options(const PutOptions& options) { check_name(options.name, "PutOptions"); }

void check_call_options(const CallOptions& options) {
  check_name(options.name, "CallOptions");
  unsupported(!options.concurrency_group.empty(), "CallOptions::concurrency_group");
  unsupported(options.max_task_retries.has_value(), "CallOptions::max_task_retries");
  unsupported(options.retry_exceptions, "CallOptions::retry_exceptions");
  unsupported(options.max_buffered != 0, "CallOptions::max_buffered");
}

}  // namespace manta::detail

namespace manta {

InGroup::InGroup(const PlacementGroup&, int) {
  throw InvalidArgument("manta::InGroup: placement groups are not supported by this version");
}

}  // namespace manta
