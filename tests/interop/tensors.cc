// Tensors of other libraries, as Manta reads them, and Manta's, for check_tensors.py.
#include <manta/objectstore/dlpack.h>

#include "elements.h"
#include "guarded.h"

namespace {

template <class T>
manta::Array<T> counted() {
  auto array = manta::uninitialized<T>(2, 3);
  for (int i = 0; i < 6; ++i) array[static_cast<std::size_t>(i)] = static_cast<T>(i);
  return array;
}

template <class T, class Tensor>
double sum_of(Tensor* tensor) {
  double sum = 0;
  for (const T element : manta::from_dlpack<T>(tensor)) sum += static_cast<double>(element);
  return sum;
}

}  // namespace

extern "C" {

// 0 to 5, as two rows of three.
void* counted_tensor(const char* type, bool versioned) {
  const auto make = [&]<class T>(std::type_identity<T>) -> void* {
    if (versioned) return manta::to_dlpack(counted<T>());
    return manta::to_dlpack_unversioned(counted<T>());
  };
  return with_type(type, make);
}

double sum_of_their_tensor(const char* type, bool versioned, void* tensor) {
  const auto sum = [&]<class T>(std::type_identity<T>) {
    if (versioned) return sum_of<T>(static_cast<DLManagedTensorVersioned*>(tensor));
    return sum_of<T>(static_cast<DLManagedTensor*>(tensor));
  };
  return guarded([&] { return with_type(type, sum); }, -1.0);
}

}  // extern "C"
