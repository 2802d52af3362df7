// The GPUs of a node by their names, and by the ids that tasks are told.
//
// A node that has n GPUs has the first n that CUDA_VISIBLE_DEVICES lists, or 0 to n - 1 where the variable is not set.
// A name may be a number, or a UUID; of the latter the id is its place in the list.
// Threads: any. Errors: InvalidArgument where the list is too short.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail {

inline constexpr const char* kVisibleGpus = "CUDA_VISIBLE_DEVICES";

// `visible`: the value of the variable, if it is set.
std::vector<std::string> gpu_names(double count, std::optional<std::string_view> visible);

// Of those of `names` that have these numbers: their ids, and the value of the variable.
std::vector<int> gpu_ids(const std::vector<std::string>& names, const std::vector<int>& numbers);
std::vector<int> all_gpu_ids(const std::vector<std::string>& names);
std::string visible_gpus(const std::vector<std::string>& names, const std::vector<int>& numbers);

}  // namespace manta::detail
