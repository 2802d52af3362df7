// A Supply is what of a node's resources is free: of most an amount, of each GPU how much of it.
//
//   Supply free(total);  Gpus gpus = free.take(request);  ...  free.give_back(request, gpus);
//
// A request for whole GPUs gets those that are free altogether. One for a part of a GPU gets it of that of which least
// is left but enough, so that parts share GPUs and whole ones stay free. Among equals the first is taken, whose worker
// may be there still.
// Invariant: what is free plus what was taken is the total, of each GPU, exactly. Amounts may be negative.
// Threads: a value. Errors: none.
#pragma once
#include <string>
#include <vector>

#include "resources.h"

namespace manta::scheduler {

using Gpus = std::vector<int>;  // by their numbers, which begin with 0; ascending

class Supply {
 public:
  explicit Supply(const ResourceSet& total);

  bool fits(const ResourceSet& request) const;
  // Takes it, also if it does not fit: then parts of a GPU, or GPUs, of which most is left.
  Gpus take(const ResourceSet& request);
  void take(const ResourceSet& request, const Gpus& gpus);
  void give_back(const ResourceSet& request, const Gpus& gpus);
  // As ResourceSet::shortest(); "GPU" also where the parts that are left of several would be enough together.
  std::string shortest(const ResourceSet& request) const;
  const ResourceSet& amounts() const { return amounts_; }  // of GPUs the sum

 private:
  using Units = ResourceSet::Units;

  Gpus choose(Units wanted) const;
  bool gpus_fit(Units wanted) const;
  void change(const ResourceSet& request, const Gpus& gpus, bool take);

  ResourceSet amounts_;
  std::vector<Units> gpus_;
};

}  // namespace manta::scheduler
