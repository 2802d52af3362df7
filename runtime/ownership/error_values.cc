#include "error_values.h"

#include <string>

#include "../wire/value_wire.h"

namespace manta::detail {
namespace {

ErrorKind kind_of(objectstore::StoreError error) {
  switch (error) {
    case objectstore::StoreError::kFull:
    case objectstore::StoreError::kTooLarge:
      return ErrorKind::kObjectStoreFull;
    case objectstore::StoreError::kNoDisk:
      return ErrorKind::kOutOfDisk;
    case objectstore::StoreError::kNoMemory:
      break;
  }
  return ErrorKind::kOutOfMemory;
}

}  // namespace

Value copy_of(const Value& error) { return Value(error.meta(), error.flags()); }

ErrorRecord record_of(const Value& error) { return decode_error(error.meta()); }

Value value_of(const ErrorRecord& error) { return Value(encode_error(error), kError); }

ErrorRecord no_room_error(objectstore::StoreError error, const objectstore::Store& store,
                          std::size_t size, std::string_view what, std::string_view function) {
  std::string text = objectstore::text_of(error, size, store, objectstore::Asked::kNow);
  text.append("\n  This was ").append(what).append(", which does not wait for room");
  return error_of(kind_of(error), text, function);
}

}  // namespace manta::detail
