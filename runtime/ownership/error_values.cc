#include "error_values.h"

#include "../wire/value_wire.h"

namespace manta::detail {

Value copy_of(const Value& error) { return Value(error.meta(), error.flags()); }

ErrorRecord record_of(const Value& error) { return decode_error(error.meta()); }

Value value_of(const ErrorRecord& error) { return Value(encode_error(error), kError); }

}  // namespace manta::detail
