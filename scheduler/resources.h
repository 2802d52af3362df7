// A ResourceSet is an amount of each of some resources: what a node has, what is free, what a task
// asks for. CPUs are a resource like the others, named "CPU".
//
// Invariants: amounts are whole multiples of 2^-60, so that each is added, subtracted and given back
//             exactly as it was asked for; a name with amount 0 is not in the set; free amounts may
//             be negative (when a worker continues that had lent its CPU).
//
// n requests of 1.0 / n together fill one. As a double 1.0 / n is not quite 1 / n, so what fits is compared
// with a tolerance, kSlack. Because the sums are exact, the tolerance does not add up: what is taken in all
// never exceeds what exists by more than one kSlack.
// Threads: a value like any other. Units: as the user counts them. Errors: none.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../base/build_settings.h"

namespace manta::scheduler {

inline constexpr std::string_view kCpu = "CPU";
inline constexpr std::string_view kGpu = "GPU";        // see supply.h
inline constexpr std::string_view kMemory = "memory";  // bytes

class ResourceSet {
 public:
  ResourceSet() = default;
  static ResourceSet cpus(double amount);

  static constexpr double kSlack = 1e-9;
  __extension__ typedef __int128 Units;  // of 2^-60: up to 1.4e20 of anything
  static Units to_units(double amount);
  Units units(std::string_view name) const;

  void set(std::string_view name, double amount);
  double amount(std::string_view name) const;  // for people, rounded to kSlack
  bool empty() const { return items_.empty(); }

  void add(const ResourceSet& other);
  void subtract(const ResourceSet& other);
  ResourceSet only(std::string_view name) const;  // a set of that resource alone

  // Whether all of `request` is here, but for `beside`. A request for nothing always fits.
  bool fits(const ResourceSet& request, std::string_view beside = {}) const;
  // The name of the resource of which the smallest part of `request` is here; empty if all of it fits.
  std::string shortest(const ResourceSet& request) const;

  std::string text() const;  // "CPU 2, GPU 0.5, memory 3 GiB"; "nothing" if it is empty
  std::vector<std::string> names() const;

  bool operator==(const ResourceSet&) const = default;

 private:
  bool has(const std::string& name, Units wanted) const;
  void change(std::string_view name, Units by);

  std::vector<std::pair<std::string, Units>> items_;  // sorted by name
};

// "0.5"; of memory "3 GiB".
std::string amount_text(std::string_view resource, double amount);

}  // namespace manta::scheduler
