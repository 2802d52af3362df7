#include "known_arrays.h"

#include <memory>

namespace manta::serialization {
namespace {

// The thread owns it between two values.
thread_local std::unique_ptr<WrittenArrays> spare_arrays;

}  // namespace

WrittenArrays* WrittenArrays::acquire() {
  WrittenArrays* spare = spare_arrays.release();
  return spare != nullptr ? spare : new WrittenArrays;
}

void WrittenArrays::release(WrittenArrays* arrays) {
  arrays->clear();
  if (spare_arrays == nullptr) {
    spare_arrays.reset(arrays);
  } else {
    delete arrays;
  }
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
