#include "remote_function.h"

namespace manta::detail {

bool all_default(const TaskOptions& options) {
  static const TaskOptions defaults;
  return options.name.empty() && options.cpus == defaults.cpus && options.gpus == 0 &&
         options.memory == 0 && options.resources.empty() &&
         options.max_retries == defaults.max_retries && !options.retry_exceptions &&
         options.strategy.index() == 0 && options.label_selector.empty() && options.env.empty() &&
         !options.deadline && options.max_buffered == 0;
}

}  // namespace manta::detail
