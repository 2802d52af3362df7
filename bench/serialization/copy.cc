// The floor: a copy of the value in memory, "written" to a copy that is kept and "read" from that. A library that
// copies cannot read faster into a new value; one that leaves arrays where they are can.
#include <any>

#include "trial.h"

namespace manta::bench {
namespace {

class Copy {
 public:
  template <class T>
    requires(!std::same_as<T, SharedRow>)
  void write(const T& value) {
    if (T* const kept = std::any_cast<T>(&copy_)) {
      *kept = value;
    } else {
      copy_ = value;
    }
  }
  template <class T>
    requires(!std::same_as<T, SharedRow>)
  void read(T& value) {
    value = std::any_cast<const T&>(copy_);
  }

 private:
  std::any copy_;
};

}  // namespace

Trials copy_trials(Topic topic, const Size& size) { return trials_of<Copy>(topic, size); }

}  // namespace manta::bench
