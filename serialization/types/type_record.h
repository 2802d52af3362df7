// A TypeRecord is a type as a value: what is needed to write, make and destroy an object whose type
// is known at run time only. make_type_record.h makes one for each type that a smart pointer points to.
//
// Threads: constants.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "../../base/build_settings.h"

namespace manta::serialization {

class Reader;
class Writer;

// Memory for an object that is built later, and its owner. The object is destroyed with the owner
// if `*built` says so.
struct Cell {
  std::shared_ptr<void> owner;
  void* object;
  bool* built;
};

struct TypeRecord {
  const char* name;  // type_name, for messages
  std::size_t size;
  std::uint64_t (*fingerprint)();
  void (*write)(Writer&, const void* object);
  void (*build)(Reader&, void* place);
  void (*destroy)(void* object);
  Cell (*make_cell)();
  void* (*allocate)();  // for unique_ptr: what `delete` takes back
  void (*deallocate)(void* memory);
};

}  // namespace manta::serialization
