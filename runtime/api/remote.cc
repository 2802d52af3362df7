#include "remote.h"

#include "../options/check_options.h"

namespace manta::detail {

bool all_default(const TaskOptions& options) {
  static const TaskOptions defaults;
  return options.name.empty() && options.cpus == defaults.cpus && options.gpus == 0 &&
         options.memory == 0 && options.resources.empty() &&
         options.max_retries == defaults.max_retries && !options.retry_exceptions &&
         options.strategy.index() == 0 && options.label_selector.empty() && options.env.empty() &&
         !options.deadline && options.max_buffered == 0;
}

void RemoteFunctionParts::set_options(const OptionsRef& options) {
  if (!options) return;
  check_task_options(*options);  // those that do not travel are not supported, so none is lost
  with_options = true;
  name = options->name;
  cpus = options->cpus;
  resources = options->resources;
  max_retries = options->max_retries;
}

OptionsRef RemoteFunctionParts::options() const {
  if (!with_options) return nullptr;
  return std::make_shared<const TaskOptions>(
      TaskOptions{.name = name, .cpus = cpus, .resources = resources, .max_retries = max_retries});
}

}  // namespace manta::detail
