#include "erased_function.h"

#include "../options/check_options.h"

namespace manta::detail {

void RemoteFunctionParts::set_options(const OptionsRef& options) {
  if (!options) return;
  check_task_options(*options);  // which refuses all options that do not travel
  with_options = true;
  name = options->name;
  cpus = options->cpus;
  resources = options->resources;
  max_retries = options->max_retries;
  max_buffered = options->max_buffered;
}

OptionsRef RemoteFunctionParts::options() const {
  if (!with_options) return nullptr;
  return std::make_shared<const TaskOptions>(TaskOptions{.name = name,
                                                         .cpus = cpus,
                                                         .resources = resources,
                                                         .max_retries = max_retries,
                                                         .max_buffered = max_buffered});
}

}  // namespace manta::detail
