#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include <manta/scheduler/resources.h>

namespace manta::scheduler {
namespace {

constexpr double kUnitsPerWhole = 10'000;

std::int64_t to_units(double amount) {
  const double units = std::round(amount * kUnitsPerWhole);
  constexpr double kLimit = 4e18;
  return static_cast<std::int64_t>(std::clamp(units, -kLimit, kLimit));
}

double from_units(std::int64_t units) { return static_cast<double>(units) / kUnitsPerWhole; }

}  // namespace

ResourceSet ResourceSet::cpus(double amount) {
  ResourceSet set;
  set.set(kCpu, amount);
  return set;
}

void ResourceSet::set(std::string_view name, double amount) {
  change(name, to_units(amount) - units(name));
}

double ResourceSet::amount(std::string_view name) const { return from_units(units(name)); }

void ResourceSet::add(const ResourceSet& other) {
  for (const auto& [name, units] : other.items_) change(name, units);
}

void ResourceSet::subtract(const ResourceSet& other) {
  for (const auto& [name, units] : other.items_) change(name, -units);
}

ResourceSet ResourceSet::only(std::string_view name) const {
  ResourceSet result;
  result.change(name, units(name));
  return result;
}

bool ResourceSet::fits(const ResourceSet& request) const {
  return std::ranges::all_of(request.items_,
                             [&](const auto& item) { return units(item.first) >= item.second; });
}

std::string ResourceSet::shortest(const ResourceSet& request) const {
  std::string name;
  double worst = 1;
  for (const auto& [wanted, amount] : request.items_) {
    const double ratio = static_cast<double>(units(wanted)) / static_cast<double>(amount);
    if (ratio < worst) {
      worst = ratio;
      name = wanted;
    }
  }
  return name;
}

std::vector<std::string> ResourceSet::names() const {
  std::vector<std::string> names;
  for (const auto& item : items_) names.push_back(item.first);
  return names;
}

std::string ResourceSet::text() const {
  std::string result;
  for (const auto& [name, units] : items_) {
    char amount[32];
    std::snprintf(amount, sizeof amount, " %.10g", from_units(units));
    result += (result.empty() ? "" : ", ") + name + amount;
  }
  return result.empty() ? "nothing" : result;
}

std::int64_t ResourceSet::units(std::string_view name) const {
  const auto item =
      std::ranges::lower_bound(items_, name, {}, &std::pair<std::string, std::int64_t>::first);
  return item != items_.end() && item->first == name ? item->second : 0;
}

void ResourceSet::change(std::string_view name, std::int64_t by) {
  if (by == 0) return;
  const auto item =
      std::ranges::lower_bound(items_, name, {}, &std::pair<std::string, std::int64_t>::first);
  if (item == items_.end() || item->first != name) {
    items_.emplace(item, std::string(name), by);
  } else if ((item->second += by) == 0) {
    items_.erase(item);
  }
}

}  // namespace manta::scheduler
