#include "gpu_names.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <ranges>

#include "../../base/error.h"
#include "../../base/number_text.h"

namespace manta::detail {
namespace {

constexpr double kMostGpus = 1024;

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

// The variable ends at the first name that makes no sense, as CUDA reads it.
std::vector<std::string> listed(std::string_view visible) {
  std::vector<std::string> names;
  for (const auto item : std::views::split(visible, ',')) {
    std::string name = trimmed({item.begin(), item.end()});
    if (name.empty() || name.starts_with("-")) break;
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

std::vector<std::string> gpu_names(double count, std::optional<std::string_view> visible) {
  const std::string what = "InitOptions::gpus (MANTA_GPUS) is " + base::number_text(count);
  if (!(count >= 0 && count <= kMostGpus) || count != std::floor(count)) {
    throw InvalidArgument(what + "; a node has a whole number of GPUs, up to 1024");
  }
  const auto wanted = static_cast<std::size_t>(count);
  std::vector<std::string> names;
  if (wanted == 0) return names;
  if (visible) {
    names = listed(*visible);
    if (names.size() < wanted) {
      throw InvalidArgument(what + ", but " + kVisibleGpus + "=" + std::string(*visible) +
                            " lists " + std::to_string(names.size()) +
                            ": ask for no more, or unset the variable");
    }
    names.resize(wanted);
  } else {
    for (std::size_t i = 0; i < wanted; ++i) names.push_back(std::to_string(i));
  }
  return names;
}

std::vector<int> gpu_ids(const std::vector<std::string>& names, const std::vector<int>& numbers) {
  std::vector<int> ids;
  for (const int number : numbers) {
    const std::string& name = names.at(static_cast<std::size_t>(number));
    int id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    const bool is_number = error == std::errc() && end == name.data() + name.size();
    ids.push_back(is_number ? id : number);
  }
  return ids;
}

std::vector<int> all_gpu_ids(const std::vector<std::string>& names) {
  std::vector<int> all(names.size());
  std::iota(all.begin(), all.end(), 0);
  return gpu_ids(names, all);
}

std::string visible_gpus(const std::vector<std::string>& names, const std::vector<int>& numbers) {
  std::string text;
  for (const int number : numbers) {
    text.append(text.empty() ? "" : ",").append(names.at(static_cast<std::size_t>(number)));
  }
  return text;
}

}  // namespace manta::detail
