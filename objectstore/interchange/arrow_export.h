// Arrays as structs of the Arrow interfaces; arrow.h is what users call.
//
// Threads: any; a stream is its consumer's.   Errors: InvalidArgument with the reason, OutOfMemory: then nothing was
// exported.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../array.h"
#include "arrow_column.h"
#include "arrow_structs.h"
#include "arrow_type.h"

namespace manta {

// An array to be exported, under its name; of a MaskedArray, the rows where the mask is true are null.
class NamedColumn {
 public:
  template <class T>
  NamedColumn(std::string name, const Array<T>& array)
      : name_(std::move(name)),
        letter_(detail::arrow_letter<T>()),
        rows_(array.size()),
        data_(reinterpret_cast<const std::byte*>(array.data())),
        storage_(detail::ArrayAccess::storage(array)) {
    check_dimensions(array.shape().size());
  }
  template <class T>
  NamedColumn(std::string name, const MaskedArray<T>& array)
      : NamedColumn(std::move(name), array.values) {
    mask_ = array.mask;
    check_mask();
  }

  const std::string& name() const { return name_; }
  std::size_t rows() const { return rows_; }
  char letter() const { return letter_; }
  const std::byte* data() const { return data_; }
  const base::StorageRef& storage() const { return storage_; }
  const Array<bool>& mask() const { return mask_; }  // empty: nothing is null

 private:
  void check_dimensions(std::size_t dimensions) const;
  void check_mask() const;

  std::string name_;
  char letter_;
  std::size_t rows_;
  const std::byte* data_;
  base::StorageRef storage_;
  Array<bool> mask_;
};

namespace detail {

void export_arrow(const NamedColumn& column, ArrowArray* array, ArrowSchema* schema);

}  // namespace detail

}  // namespace manta
