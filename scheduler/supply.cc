#include "supply.h"

#include <algorithm>
#include <numeric>

namespace manta::scheduler {
namespace {

using Units = ResourceSet::Units;

const Units kWhole = ResourceSet::to_units(1);
const Units kTolerance = ResourceSet::to_units(ResourceSet::kSlack);

// How many GPUs a request uses, and how much of each.
std::size_t count_of(Units wanted) {
  if (wanted <= 0) return 0;
  return std::max<std::size_t>(1, static_cast<std::size_t>((wanted + kTolerance) / kWhole));
}
Units part_of(Units wanted) {
  return wanted / static_cast<Units>(std::max<std::size_t>(1, count_of(wanted)));
}

}  // namespace

Supply::Supply(const ResourceSet& total) : amounts_(total) {
  for (Units left = total.units(kGpu); left > kTolerance; left -= kWhole) {
    gpus_.push_back(std::min(left, kWhole));
  }
}

bool Supply::fits(const ResourceSet& request) const {
  return amounts_.fits(request, kGpu) && gpus_fit(request.units(kGpu));
}

bool Supply::gpus_fit(Units wanted) const {
  const Units least = part_of(wanted) - kTolerance;
  const auto enough = std::ranges::count_if(gpus_, [&](Units left) { return left >= least; });
  return static_cast<std::size_t>(enough) >= count_of(wanted);
}

// First those of which least is left but enough; then, if there are too few, those of which most is left.
Gpus Supply::choose(Units wanted) const {
  Gpus order(gpus_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto left = [this](int gpu) { return gpus_[static_cast<std::size_t>(gpu)]; };
  const Units least = part_of(wanted) - kTolerance;
  std::ranges::stable_sort(order, [&](int a, int b) {
    const bool enough = left(a) >= least;
    if (enough != (left(b) >= least)) return enough;
    return enough ? left(a) < left(b) : left(a) > left(b);
  });
  order.resize(std::min(order.size(), count_of(wanted)));
  std::ranges::sort(order);
  return order;
}

Gpus Supply::take(const ResourceSet& request) {
  Gpus gpus = choose(request.units(kGpu));
  change(request, gpus, true);
  return gpus;
}

void Supply::take(const ResourceSet& request, const Gpus& gpus) { change(request, gpus, true); }

void Supply::give_back(const ResourceSet& request, const Gpus& gpus) {
  change(request, gpus, false);
}

void Supply::change(const ResourceSet& request, const Gpus& gpus, bool take) {
  if (take) {
    amounts_.subtract(request);
  } else {
    amounts_.add(request);
  }
  const Units part = part_of(request.units(kGpu));
  for (const int gpu : gpus) gpus_[static_cast<std::size_t>(gpu)] += take ? -part : part;
}

std::string Supply::shortest(const ResourceSet& request) const {
  std::string name = amounts_.shortest(request);
  if (name.empty() && !gpus_fit(request.units(kGpu))) name = kGpu;
  return name;
}

}  // namespace manta::scheduler
