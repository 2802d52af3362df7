#include "library_threads.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace manta::detail::node {
namespace {

bool any_is_set(const std::vector<const char*>& names) {
  return std::ranges::any_of(names, [](const char* name) { return std::getenv(name) != nullptr; });
}

}  // namespace

LibraryThreads::LibraryThreads(Environment given) : all_(std::move(given)) {
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
