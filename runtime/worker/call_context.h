// A CallContext is one call as its stub sees it, in the worker: it gives the arguments, and takes the results.
//
// Errors: the stub throws what decoding and user code throw. Threads: confined to the executor that runs the call.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <typeinfo>
#include <vector>

#include "../../serialization/encode.h"

namespace manta::detail {

struct ErrorRecord;

// An actor's object, whatever its type.
struct Instance {
  void* object = nullptr;  // null while the object is constructed
  void (*destroy)(void*) = nullptr;
  const std::type_info* type = nullptr;
  // Throws the pointer with its own type, so that a pointer to a base class catches it.
  void (*raise)(void*) = nullptr;
};

class CallContext {
 public:
  struct Argument {
    bool is_list = false;
    std::size_t first = 0;  // the index of its first value
    std::size_t count = 1;  // of values: 1, or the length of the list
  };

  virtual ~CallContext() = default;

  std::size_t argument_count() const { return arguments_.size(); }
  const Argument& argument(std::size_t i) const { return arguments_[i]; }
  const serialization::EncodedView& value(std::size_t i) const { return values_[i]; }

  std::uintptr_t target() const { return target_; }
  std::ptrdiff_t adjustment() const { return adjustment_; }
  // The actor's object, as an object of the class of the handle.
  void* instance() const { return instance_; }

  // Results are given in their order, by exactly result_count() calls.
  std::size_t result_count() const { return result_count_; }
  // Whether the parts of what the function returns are the results.
  bool unpacked() const { return unpacked_; }
  template <class T>
  void result(const T& value) {
    auto& encoded = scratch();
    encoded.clear();
    serialization::encode(value, encoded);
    add_result(encoded);
  }
  virtual void void_result() = 0;
  // Of a generator: `most` items may wait to be taken (0: any number). Then the items, each before the next is made;
  // false: nobody wants another one, so that the generator is to end with stopped().
  virtual void begin_items(std::uint64_t most) = 0;
  template <class T>
  bool item(const T& value) {
    auto& encoded = scratch();
    encoded.clear();
    serialization::encode(value, encoded);
    return add_item(encoded);
  }
  virtual void stopped() = 0;
  // In the place of the next result.
  virtual void error_result(const ErrorRecord& error) = 0;
  // To be called before a constructor runs, with a null object, and with its result.
  virtual void construct(Instance instance) = 0;

 protected:
  virtual serialization::Encoded& scratch() = 0;
  virtual void add_result(serialization::Encoded& encoded) = 0;
  virtual bool add_item(serialization::Encoded& encoded) = 0;

  std::vector<Argument> arguments_;
  std::vector<serialization::EncodedView> values_;
  std::uintptr_t target_ = 0;
  std::ptrdiff_t adjustment_ = 0;
  void* instance_ = nullptr;
  std::size_t result_count_ = 1;
  bool unpacked_ = false;
};

}  // namespace manta::detail
