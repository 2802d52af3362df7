#include "resources.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace manta::scheduler {
namespace {

constexpr int kFractionBits = 60;

// Takes away the small differences that come from binary fractions. Large doubles have no such digits and stay.
double rounded(double amount) {
  constexpr double kPerWhole = 1e9;  // 1 / kSlack
  return std::abs(amount) < 1e6 ? std::round(amount * kPerWhole) / kPerWhole : amount;
}

}  // namespace

// What is larger than the limit is as good as the limit, and sums of a few such amounts do not overflow.
ResourceSet::Units ResourceSet::to_units(double amount) {
  constexpr double kLimit = 4e18;
  return static_cast<Units>(std::ldexp(std::clamp(amount, -kLimit, kLimit), kFractionBits));
}

ResourceSet ResourceSet::cpus(double amount) {
  ResourceSet set;
  set.set(kCpu, amount);
  return set;
}

void ResourceSet::set(std::string_view name, double amount) {
  change(name, to_units(amount) - units(name));
}

double ResourceSet::amount(std::string_view name) const {
  return rounded(std::ldexp(static_cast<double>(units(name)), -kFractionBits));
}

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

bool ResourceSet::fits(const ResourceSet& request, std::string_view beside) const {
  return std::ranges::all_of(request.items_, [&](const auto& item) {
    return item.first == beside || has(item.first, item.second);
  });
}

bool ResourceSet::has(const std::string& name, Units wanted) const {
  return units(name) + to_units(kSlack) >= wanted;
}

std::string ResourceSet::shortest(const ResourceSet& request) const {
  std::string name;
  double worst = 1;
  for (const auto& [wanted, amount] : request.items_) {
    if (has(wanted, amount)) continue;
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
  for (const std::string& name : names()) {
    const double value = amount(name);
    if (value == 0) continue;
    result += (result.empty() ? "" : ", ") + name + " " + amount_text(name, value);
  }
  return result.empty() ? "nothing" : result;
}

ResourceSet::Units ResourceSet::units(std::string_view name) const {
  const auto item =
      std::ranges::lower_bound(items_, name, {}, &std::pair<std::string, Units>::first);
  return item != items_.end() && item->first == name ? item->second : 0;
}

std::string amount_text(std::string_view resource, double amount) {
  const char* unit = "";
  if (resource == kMemory) {
    unit = " bytes";
    for (const char* larger : {" KiB", " MiB", " GiB", " TiB"}) {
      if (std::abs(amount) < 1024) break;
      amount /= 1024;
      unit = larger;
    }
  }
  char text[48];
  std::snprintf(text, sizeof text, "%.10g%s", amount, unit);
  return text;
}

void ResourceSet::change(std::string_view name, Units by) {
  if (by == 0) return;
  const auto item =
      std::ranges::lower_bound(items_, name, {}, &std::pair<std::string, Units>::first);
  if (item == items_.end() || item->first != name) {
    items_.emplace(item, std::string(name), by);
  } else if ((item->second += by) == 0) {
    items_.erase(item);
  }
}

}  // namespace manta::scheduler
