#include "known_arrays.h"

#include "../../base/thread_own.h"

namespace manta::serialization {

WrittenArrays* WrittenArrays::acquire() {
  WrittenArrays* const spare = base::ThreadSpare<WrittenArrays>::take();
  return spare != nullptr ? spare : new WrittenArrays;
}

void WrittenArrays::release(WrittenArrays* arrays) {
  arrays->clear();
  base::ThreadSpare<WrittenArrays>::give(arrays);
}

void WrittenArrays::clear() {
  // So that the memory of the largest value is not kept for ever.
  constexpr std::size_t kKeep = 4096;
  numbers.clear();
  if (written.size() > kKeep) {
    written = {};
  }
  written.clear();
  inline_arrays = 0;
  if (owners.size() > kKeep) {
    owners = {};
  }
  owners.clear();
}

}  // namespace manta::serialization
