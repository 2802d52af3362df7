#include "error_values.h"

#include "../wire/value_wire.h"

namespace manta::detail {

Value copy_of(const Value& error) {
  Value copy;
  copy.meta = SmallBytes(error.meta.span());
  copy.flags = error.flags;
  return copy;
}

ErrorRecord record_of(const Value& error) { return decode_error(error.meta.span()); }

Value value_of(const ErrorRecord& error) {
  Value value;
  value.meta = SmallBytes(encode_error(error));
  value.flags = kError;
  return value;
}

}  // namespace manta::detail
