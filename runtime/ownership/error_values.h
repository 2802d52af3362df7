// Errors as values: an object that failed holds a Value whose meta is an ErrorRecord.
//
// Threads: any.
#pragma once
#include "../wire/error_record.h"
#include "value.h"

namespace manta::detail {

ErrorRecord record_of(const Value& error);
Value value_of(const ErrorRecord& error);
Value copy_of(const Value& error);  // errors have neither buffers nor references

}  // namespace manta::detail
