// Checks of single options, each of which names the option in its error; then, from check_request() on, those of all
// options of a task, an actor and a call.
#include "check_options.h"

#include <cmath>
#include <string>
#include <utility>
#include <variant>

#include "../../base/error.h"
#include "../../base/number_text.h"
#include "../../scheduler/placement.h"
#include "check_environment.h"
#include "gpu_names.h"

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

void check_cpus(double cpus, const std::string& what) {
  if (!(cpus >= 0) || !std::isfinite(cpus)) {
    refuse(what + "::cpus is " + base::number_text(cpus) +
           "; it must be 0, a fraction or a number above");
  }
}

void check_strategy(const SchedulingStrategy& strategy, const std::string& what) {
  const auto* const on = std::get_if<OnNode>(&strategy);
  if (on != nullptr && on->id.is_nil()) {
    refuse(what + "::strategy is OnNode without an id: it is that of one of cluster().nodes");
  }
  unsupported(std::holds_alternative<InGroup>(strategy), (what + "::strategy InGroup").c_str());
}

void check_gpus(double gpus, const std::string& what) {
  if (gpus >= 0 && gpus <= 1024 && (gpus < 1 || gpus == std::floor(gpus))) return;
  refuse(what + "::gpus is " + base::number_text(gpus) +
         "; it must be 0, a part of one GPU (below 1), or a whole number");
}

[[noreturn]] void refuse_label(const std::string& what, const std::string& name) {
  refuse(what + "::label_selector has a label named \"" + name +
         "\"; a name is not empty, and has no blanks and none of , ( ) = !");
}

[[noreturn]] void refuse_condition(const std::string& what, const std::string& name,
                                   const std::string& condition) {
  refuse(what + "::label_selector: " + name + " is to be \"" + condition +
         "\"; give it as v, !v, in(a,b) or !in(a,b), where values have no blanks");
}

void check_selector(const LabelSelector& selector, const std::string& what) {
  for (const auto& [name, condition] : selector) {
    if (!scheduler::is_label(name)) refuse_label(what, name);
    if (!scheduler::parse_condition(condition)) refuse_condition(what, name, condition);
  }
}

void check_task_environment(const Environment& variables, double gpus, const std::string& what) {
  check_environment(variables, (what + "::env").c_str());
  const auto own = variables.lower_bound("MANTA_");
  if (own != variables.end() && own->first.starts_with("MANTA_")) {
    refuse(what + "::env sets " + own->first +
           ": what Manta is told by its own variables holds for a session; set it for the driver");
  }
  if (gpus != 0 && variables.contains(kVisibleGpus)) {
    refuse(what + "::env sets " + kVisibleGpus + ", which follows from " + what + "::gpus");
  }
}

// What TaskOptions and ActorOptions have in common.
template <class Options>
void check_request(const Options& options, const std::string& what) {
  check_cpus(options.cpus, what);
  check_gpus(options.gpus, what);
  check_resources(options.resources, (what + "::resources").c_str());
  check_strategy(options.strategy, what);
  check_selector(options.label_selector, what);
  check_task_environment(options.env, options.gpus, what);
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
    for (const auto& [known, field] :
         {std::pair("CPU", "cpus"), std::pair("GPU", "gpus"), std::pair("memory", "memory")}) {
      if (name != known) continue;
      refuse(std::string(what) + ": " + name + " has a field of its own, " + field);
    }
    if (!(amount >= 0) || !std::isfinite(amount)) {
      refuse(std::string(what) + ": resource " + name + " is " + base::number_text(amount) +
             ", which is no amount");
    }
  }
}

void check_name_space(const std::string& name_space, const char* what) {
  if (name_space.size() <= kMaxName) return;
  refuse(std::string(what) + " has " + std::to_string(name_space.size()) +
         " bytes; at most 1024 are allowed");
}

void check_task_options(const TaskOptions& options) {
  check_name(options.name, "TaskOptions");
  check_request(options, "TaskOptions");
  if (options.max_retries < -1) {
    refuse("TaskOptions::max_retries is " + std::to_string(options.max_retries) +
           "; -1 means for ever, 0 never");
  }
}

void check_actor_options(const ActorOptions& options) {
  check_request(options, "ActorOptions");
  check_name(options.name, "ActorOptions");
  check_name_space(options.name_space, "ActorOptions::name_space");
  for (const auto& [given, option] : {std::pair(!options.name_space.empty(), "name_space"),
                                      std::pair(options.get_if_exists, "get_if_exists")}) {
    if (given && options.name.empty())
      refuse(std::string("ActorOptions::") + option + " is given without a name");
  }
  unsupported(options.max_restarts != 0, "ActorOptions::max_restarts");
  unsupported(options.max_task_retries != 0, "ActorOptions::max_task_retries");
  unsupported(options.max_concurrency != 1, "ActorOptions::max_concurrency above 1");
  unsupported(!options.concurrency_groups.empty(), "ActorOptions::concurrency_groups");
  unsupported(options.max_pending_calls != 0, "ActorOptions::max_pending_calls");
  unsupported(options.placement != Placement::process, "ActorOptions::placement shared");
}

void check_put_options(const PutOptions& options) { check_name(options.name, "PutOptions"); }

void check_call_options(const CallOptions& options) {
  check_name(options.name, "CallOptions");
  unsupported(!options.concurrency_group.empty(), "CallOptions::concurrency_group");
  unsupported(options.max_task_retries.has_value(), "CallOptions::max_task_retries");
  unsupported(options.retry_exceptions, "CallOptions::retry_exceptions");
}

}  // namespace manta::detail

namespace manta {

InGroup::InGroup(const PlacementGroup&, int) {
  throw InvalidArgument("manta::InGroup: placement groups are not supported by this version");
}

}  // namespace manta
