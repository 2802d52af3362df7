#include "library_threads.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace manta::detail::node {
namespace {

bool is_set(const std::string& name, const std::optional<std::vector<std::string>>& environment) {
  if (!environment) return std::getenv(name.c_str()) != nullptr;
  return std::ranges::any_of(
      *environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
}

}  // namespace

LibraryThreads::LibraryThreads(Environment given,
                               const std::optional<std::vector<std::string>>& drivers)
    : all_(std::move(given)) {
  const auto any_is_set = [&](const std::vector<const char*>& names) {
    return std::ranges::any_of(names, [&](const char* name) { return is_set(name, drivers); });
  };
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) {
    if (!all_.contains(name) && !any_is_set({name})) counted_.emplace_back(name);
  }
  const std::vector<const char*> binding{"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"};
  const bool asked_for =
      std::ranges::any_of(binding, [this](const char* name) { return all_.contains(name); });
  if (!asked_for && any_is_set(binding)) all_["OMP_PROC_BIND"] = "false";
  if (any_is_set({"KMP_AFFINITY"})) all_.try_emplace("KMP_AFFINITY", "disabled");
}

LibraryThreads::Environment LibraryThreads::environment(std::uint32_t threads) const {
  Environment environment = all_;
  for (const std::string& name : counted_) environment[name] = std::to_string(threads);
  return environment;
}

}  // namespace manta::detail::node
