// Arrays: n-dimensional, row-major, of a trivially copyable element type.
//
//   MutableArray<T>                --freeze(), or conversion of an rvalue-->   Array<T>
//   sole owner, writable           <---------------- copy() ---------------    immutable, shared
//
// An Array is a handle: copying it copies no element, and it keeps its memory alive. A MutableArray of 64 KiB
// or more that is made while a session is open lives in the object store, so that freezing, putting
// and returning it copy nothing. What get() and task arguments hand out is in a read-only mapping:
// to write there through a cast is a fault.
//
// Shapes are integers, zeros<double>(3, 4), or a braced list, zeros<double>({3, 4}); the shape `{}` is that of one
// element. Data is aligned to 64 bytes, that of a slice as its elements are. operator[] counts elements in
// row-major order, operator() takes one index per dimension; neither is checked.
//
// Invariants: the elements of an Array never change; a moved-from MutableArray is empty.
// Threads:    Array: const functions from any, as for shared_ptr; MutableArray: one at a time.
// Errors:     InvalidArgument with the reason; ObjectStoreFull, OutOfMemory and OutOfDisk from what allocates.
#pragma once
#include <cassert>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base/float16.h"
#include "../base/storage.h"
#include "array_memory.h"
#include "extents.h"

namespace manta {

// How many elements there are in each dimension, the outermost first; `{}` is the shape of one element.
using Shape = std::vector<std::size_t>;

template <class T>
class MutableArray;

namespace detail {
struct ArrayAccess;  // builds arrays from memory, for codecs and files

template <class T>
constexpr void require_array_element() {
  static_assert(std::is_trivially_copyable_v<T>,
                "manta::Array<T> needs a trivially copyable T: use std::vector<T> for others");
  static_assert(!std::is_const_v<T> && !std::is_volatile_v<T> && !std::is_pointer_v<T>,
                "manta::Array<T> needs a plain T: no const, no pointer");
  static_assert(alignof(T) <= base::kStorageAlignment,
                "manta::Array<T>: T is aligned to more than 64 bytes");
}

// The row-major position of an index.
template <class... I>
std::size_t position(const Extents& shape, I... index) {
  assert(sizeof...(I) == shape.rank());
  const std::size_t indices[] = {static_cast<std::size_t>(index)..., 0};
  std::size_t at = 0;
  for (std::size_t d = 0; d < sizeof...(I); ++d) {
    at = at * shape[d] + indices[d];
  }
  return at;
}
}  // namespace detail

// An immutable array. Its elements are shared by all copies of the handle.
template <class T>
class Array {
 public:
  using value_type = T;

  Array() {}  // without elements; not defaulted, for `const Array<T> none;`
  Array(const MutableArray<T>&) = delete;  // std::move it, or .copy()
  Array(MutableArray<T>&& array);          // freezes it

  // The number of elements, of all dimensions together.
  std::size_t size() const { return shape_.count(); }
  // The extents, the outermost first. The span is valid as long as this handle lives and is not assigned to.
  std::span<const std::size_t> shape() const { return shape_.view(); }
  // The elements in row-major order, one behind the other; valid as long as any array of this memory.
  const T* data() const { return data_; }
  std::span<const T> span() const { return {data_, size()}; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size(); }
  // Unchecked, like std::span's.
  const T& operator[](std::size_t i) const { return data_[i]; }
  template <class... I>
  const T& operator()(I... index) const {
    return data_[detail::position(shape_, index...)];
  }

  // Elements [begin, end) of the first dimension, in the same memory. InvalidArgument if they are not inside.
  Array slice(std::size_t begin, std::size_t end) const;
  // The same elements in another shape, in the same memory. InvalidArgument if it has another number of elements.
  Array reshape(std::vector<std::size_t> shape) const;
  // A writable copy of its own.
  MutableArray<T> copy() const;

  bool operator==(const Array& other) const;  // compares shapes and elements

 private:
  friend struct detail::ArrayAccess;
  Array(base::StorageRef storage, const T* data, const std::byte* origin, detail::Extents shape)
      : storage_(std::move(storage)), data_(data), origin_(origin), shape_(std::move(shape)) {
    detail::require_array_element<T>();
  }

  base::StorageRef storage_;
  const T* data_ = nullptr;
  const std::byte* origin_ = nullptr;  // where the array begins that this one is a slice of
  detail::Extents shape_;
};

// Whether two arrays are views of one array: copies of a handle, slices, reshaped ones.
template <class T>
bool same_storage(const Array<T>& a, const Array<T>& b);

// An array that is being filled. It moves, and is copied by copy() only.
template <class T>
class MutableArray {
 public:
  using value_type = T;

  MutableArray() {}  // without elements
  // Arrays of this shape, whose elements have no values yet.
  explicit MutableArray(std::vector<std::size_t> shape)
      : MutableArray(detail::Extents(std::span<const std::size_t>(shape)), detail::Fill::kNone) {}
  template <std::integral First, std::integral... N>
  explicit MutableArray(First n, N... more)
      : MutableArray(std::vector<std::size_t>{detail::extent(n), detail::extent(more)...}) {}
  // For MutableArray<T>({2, 3}), which would be ambiguous without this one.
  template <std::integral I>
  explicit MutableArray(std::initializer_list<I> shape)
      : MutableArray(std::vector<std::size_t>(shape.begin(), shape.end())) {}
  MutableArray(MutableArray&& other) noexcept { swap(other); }
  MutableArray& operator=(MutableArray&& other) noexcept {
    MutableArray(std::move(other)).swap(*this);
    return *this;
  }

  // As those of Array. A move gives the memory away: pointers into it then belong to the new owner.
  std::size_t size() const { return shape_.count(); }
  std::span<const std::size_t> shape() const { return shape_.view(); }
  T* data() { return data_; }
  const T* data() const { return data_; }
  std::span<T> span() { return {data_, size()}; }
  std::span<const T> span() const { return {data_, size()}; }
  T* begin() { return data_; }
  T* end() { return data_ + size(); }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size(); }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  template <class... I>
  T& operator()(I... index) {
    return data_[detail::position(shape_, index...)];
  }
  template <class... I>
  const T& operator()(I... index) const {
    return data_[detail::position(shape_, index...)];
  }

  // Another array with the same elements.
  MutableArray copy() const;
  // The elements as an immutable array, without a copy. This array is empty afterwards.
  Array<T> freeze() &&;

 private:
  friend struct detail::ArrayAccess;
  MutableArray(detail::Extents shape, detail::Fill fill) : shape_(std::move(shape)) {
    detail::require_array_element<T>();
    adopt(detail::allocate_array(shape_.count(), sizeof(T), fill));
  }
  void adopt(detail::ArrayMemory memory) {
    storage_ = std::move(memory.storage);
    data_ = reinterpret_cast<T*>(memory.writable);
  }
  void swap(MutableArray& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(data_, other.data_);
    shape_.swap(other.shape_);
  }

  base::StorageRef storage_;
  T* data_ = nullptr;
  detail::Extents shape_;
};

// ---------------------------------------------------------------- makers
// Elements that are zero: all their bytes are.
template <class T>
MutableArray<T> zeros(Shape shape);
template <class T, std::integral... N>
  requires(sizeof...(N) > 0)
MutableArray<T> zeros(N... extents);
// Elements that have no values yet.
template <class T>
MutableArray<T> uninitialized(Shape shape);
template <class T, std::integral... N>
  requires(sizeof...(N) > 0)
MutableArray<T> uninitialized(N... extents);
// Elements that are all `value`.
template <class T>
MutableArray<T> full(Shape shape, T value);
template <class T, std::integral N>  // not std::size_t, because full({}, x) is one element
MutableArray<T> full(N n, T value);
// 0, 1, ... n - 1.
template <class T>
MutableArray<T> arange(std::size_t n);
// A MutableArray with the values of the range, in one dimension.
template <class Range>
auto array_from(const Range& range);
template <class T>
MutableArray<T> array_from(std::initializer_list<T> values);

// ---------------------------------------------------------------- implementation
namespace detail {

struct ArrayAccess {
  template <class T>
  static MutableArray<T> make(Extents shape, Fill fill) {
    return MutableArray<T>(std::move(shape), fill);
  }
  template <class T>
  static MutableArray<T> adopt(ArrayMemory memory, Extents shape) {
    MutableArray<T> array;
    array.shape_ = std::move(shape);
    array.adopt(std::move(memory));
    return array;
  }
  // A view of bytes that `storage` keeps alive; `data` is aligned for T.
  template <class T>
  static Array<T> view(base::StorageRef storage, const std::byte* data, Extents shape) {
    return Array<T>(std::move(storage), reinterpret_cast<const T*>(data), data, std::move(shape));
  }
  template <class T>
  static Array<T> part(const Array<T>& of, const T* data, Extents shape) {
    return Array<T>(of.storage_, data, of.origin_, std::move(shape));
  }
  template <class A>
  static const Extents& extents(const A& array) {
    return array.shape_;
  }
  template <class A>
  static const base::StorageRef& storage(const A& array) {
    return array.storage_;
  }
  template <class T>
  static const std::byte* origin(const Array<T>& array) {
    return array.origin_;
  }
  template <class T>
  static MutableArray<T> copy_of(const T* data, Extents shape) {
    MutableArray<T> copy(std::move(shape), Fill::kNone);
    copy_array(reinterpret_cast<std::byte*>(copy.data_), reinterpret_cast<const std::byte*>(data),
               copy.size() * sizeof(T));
    return copy;
  }
  template <class T>
  static Array<T> freeze(MutableArray<T>& array) {
    const MutableArray<T> taken(std::move(array));
    const std::byte* data =
        freeze_array({taken.storage_, reinterpret_cast<std::byte*>(taken.data_)});
    return view<T>(taken.storage_, data, taken.shape_);
  }
};

}  // namespace detail

template <class T>
Array<T>::Array(MutableArray<T>&& array) : Array(detail::ArrayAccess::freeze(array)) {}

template <class T>
Array<T> Array<T>::slice(std::size_t begin, std::size_t end) const {
  detail::Extents extents = shape_.slice(begin, end);
  return detail::ArrayAccess::part(*this, data_ + begin * shape_.stride(), std::move(extents));
}

template <class T>
Array<T> Array<T>::reshape(std::vector<std::size_t> shape) const {
  detail::Extents extents{std::span<const std::size_t>(shape)};
  shape_.require_same_count(extents);
  return detail::ArrayAccess::part(*this, data_, std::move(extents));
}

template <class T>
MutableArray<T> Array<T>::copy() const {
  return detail::ArrayAccess::copy_of<T>(data_, shape_);
}

template <class T>
bool Array<T>::operator==(const Array& other) const {
  if (!(shape_ == other.shape_)) return false;
  for (std::size_t i = 0, n = size(); i < n; ++i) {
    if (!(data_[i] == other.data_[i])) return false;
  }
  return true;
}

template <class T>
bool same_storage(const Array<T>& a, const Array<T>& b) {
  return detail::ArrayAccess::origin(a) == detail::ArrayAccess::origin(b);
}

template <class T>
MutableArray<T> MutableArray<T>::copy() const {
  return detail::ArrayAccess::copy_of<T>(data_, shape_);
}

template <class T>
Array<T> MutableArray<T>::freeze() && {
  return detail::ArrayAccess::freeze(*this);
}

template <class T>
MutableArray<T> zeros(Shape shape) {
  return detail::ArrayAccess::make<T>(detail::Extents(std::span<const std::size_t>(shape)),
                                      detail::Fill::kZero);
}

template <class T>
MutableArray<T> uninitialized(Shape shape) {
  return MutableArray<T>(std::move(shape));
}

template <class T, std::integral... N>
  requires(sizeof...(N) > 0)
MutableArray<T> zeros(N... extents) {
  return zeros<T>(Shape{detail::extent(extents)...});
}

template <class T, std::integral... N>
  requires(sizeof...(N) > 0)
MutableArray<T> uninitialized(N... extents) {
  return MutableArray<T>(extents...);
}

template <class T>
MutableArray<T> full(Shape shape, T value) {
  MutableArray<T> array(std::move(shape));
  for (T& element : array) element = value;
  return array;
}

template <class T, std::integral N>
MutableArray<T> full(N n, T value) {
  return full<T>(Shape{detail::extent(n)}, value);
}

template <class T>
MutableArray<T> arange(std::size_t n) {
  MutableArray<T> array(n);
  T* const data = array.data();
  for (std::size_t i = 0; i < n; ++i) data[i] = static_cast<T>(i);
  return array;
}

template <class Range>
auto array_from(const Range& range) {
  using Iterator = decltype(std::begin(range));
  using T = std::iter_value_t<Iterator>;
  if constexpr (std::contiguous_iterator<Iterator>) {
    const auto n = static_cast<std::size_t>(std::end(range) - std::begin(range));
    return detail::ArrayAccess::copy_of<T>(n == 0 ? nullptr : std::to_address(std::begin(range)),
                                           detail::Extents(n));
  } else if constexpr (std::forward_iterator<Iterator>) {
    std::size_t n = 0;
    for (auto i = std::begin(range); i != std::end(range); ++i) ++n;
    MutableArray<T> array(n);
    T* to = array.data();
    for (auto&& value : range) {
      *to++ = value;
    }
    return array;
  } else {
    std::vector<T> values;
    for (auto&& value : range) {
      values.push_back(value);
    }
    return array_from(values);
  }
}

template <class T>
MutableArray<T> array_from(std::initializer_list<T> values) {
  return detail::ArrayAccess::copy_of<T>(values.begin(), detail::Extents(values.size()));
}

}  // namespace manta
