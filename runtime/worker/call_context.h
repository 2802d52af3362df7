// A CallContext is one call as the code that runs it sees it, in the worker: decodes arguments, takes results.
//
// Threads: confined to the executor that runs the call.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <typeinfo>
#include <vector>

#include "../../serialization/encode.h"

namespace manta::detail {

// An actor's object, whatever its type.
struct Instance {
  void* object = nullptr;  // null while it is constructed
  void (*destroy)(void*) = nullptr;
  const std::type_info* type = nullptr;
  // Throws the pointer as one to its type: a base's pointer catches it.
  void (*raise)(void*) = nullptr;
};

class CallContext {
 public:
  struct Argument {
    bool is_list = false;
    std::size_t first = 0;  // index of its first value
    std::size_t count = 1;
  };

  virtual ~CallContext() = default;

  std::size_t argument_count() const { return arguments_.size(); }
  const Argument& argument(std::size_t i) const { return arguments_[i]; }
  const serialization::EncodedView& value(std::size_t i) const { return values_[i]; }

  std::uintptr_t target() const { return target_; }
  std::ptrdiff_t adjustment() const { return adjustment_; }
  void* instance() const { return instance_; }  // of the actor, at the handle's class

  // Results are given in order, by exactly result_count() calls.
  std::size_t result_count() const { return result_count_; }
  bool unpacked() const { return unpacked_; }  // the parts of what is returned are the results
  template <class T>
  void result(const T& value) {
    auto& encoded = scratch();
    encoded.clear();
    serialization::encode(value, encoded);
    add_result(encoded);
  }
  virtual void void_result() = 0;
  virtual void construct(Instance instance) = 0;  // before a constructor runs, and its result

 protected:
  virtual serialization::Encoded& scratch() = 0;
  virtual void add_result(serialization::Encoded& encoded) = 0;

  std::vector<Argument> arguments_;
  std::vector<serialization::EncodedView> values_;
  std::uintptr_t target_ = 0;
  std::ptrdiff_t adjustment_ = 0;
  void* instance_ = nullptr;
  std::size_t result_count_ = 1;
  bool unpacked_ = false;
};

}  // namespace manta::detail
