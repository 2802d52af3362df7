// A ResourceSet is an amount of each of some resources: what a node has, what is free, what a task
// asks for. CPUs are a resource like the others, named "CPU".
//
// Invariants: amounts are whole multiples of 1/10,000, so that what is given back adds up exactly;
//             a name with amount 0 is not in the set; free amounts may be negative (a worker that
//             goes on after it lent its CPU).
// Threads: a value. Units: as the user counts them. Errors: none.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <manta/base/build_settings.h>

namespace manta::scheduler {

inline constexpr std::string_view kCpu = "CPU";

class ResourceSet {
 public:
  ResourceSet() = default;
  static ResourceSet cpus(double amount);

  void set(std::string_view name, double amount);  // rounded to the nearest 1/10,000
  double amount(std::string_view name) const;
  bool empty() const { return items_.empty(); }

  void add(const ResourceSet& other);
  void subtract(const ResourceSet& other);
  ResourceSet only(std::string_view name) const;  // that resource alone

  // Whether all of `request` is here. A request for nothing always fits.
  bool fits(const ResourceSet& request) const;
  // The name of the resource of `request` that is shortest here, in proportion; empty if it fits.
  std::string shortest(const ResourceSet& request) const;

  std::string text() const;  // "CPU 2, GPU 0.5"
  std::vector<std::string> names() const;

  bool operator==(const ResourceSet&) const = default;

 private:
  std::int64_t units(std::string_view name) const;
  void change(std::string_view name, std::int64_t by);

  std::vector<std::pair<std::string, std::int64_t>> items_;  // sorted by name
};

}  // namespace manta::scheduler
