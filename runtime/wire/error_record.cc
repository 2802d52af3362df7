#include "error_record.h"

#include <cstring>

#include "../../base/error.h"
#include "error_path.h"
#include "payload.h"
#include "value_wire.h"

namespace manta::detail {

ErrorRecord error_of(ErrorKind kind, std::string_view message, std::string_view function) {
  ErrorRecord error;
  error.kind = kind;
  error.function = function;
  error.message = message;
  return error;
}

void pass_on(ErrorRecord& error, std::string_view function) {
  error.path = with_step(function, error.path.empty() ? error.function : error.path);
}

// The error, its cause, the cause of that, ... Those beyond kMaxCauses are left out; one more says so.
std::vector<std::byte> encode_error(const ErrorRecord& error) {
  std::vector<ErrorFacts> chain;
  for (const ErrorRecord* each = &error; each != nullptr; each = each->cause.get()) {
    if (chain.size() > kMaxCauses) {
      chain.push_back({.message = "(further causes are left out)"});
      break;
    }
    chain.push_back(*each);
  }
  return pack(chain);
}

ErrorRecord decode_error(std::span<const std::byte> bytes) {
  auto chain = unpack<std::vector<ErrorFacts>>(bytes);
  if (!chain || chain->empty()) throw SerializationError("an error record is malformed");
  if (chain->size() > kMaxCauses + 2) {
    throw SerializationError("an error record nests too many causes");
  }
  std::shared_ptr<ErrorRecord> cause;
  for (; !chain->empty(); chain->pop_back()) {
    if (chain->back().kind > ErrorKind::kRuntimeError) {
      throw SerializationError("unknown kind of error");
    }
    cause = std::make_shared<ErrorRecord>(ErrorRecord{std::move(chain->back()), std::move(cause)});
  }
  return std::move(*cause);
}

std::vector<std::byte> error_wire(const ErrorRecord& error) {
  const auto meta = encode_error(error);
  ValueHeader header;
  header.flags = kError;
  header.meta_size = static_cast<std::uint32_t>(meta.size());
  std::vector<std::byte> out(wire_size(0, 0, meta.size()));
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, meta.data(), meta.size());
  return out;
}

std::vector<std::byte> error_wire(ErrorKind kind, std::string_view message) {
  return error_wire(error_of(kind, message));
}

std::vector<std::byte> error_wire_within(const ErrorRecord& error, std::size_t limit) {
  auto wire = error_wire(error);
  if (wire.size() <= limit) return wire;
  ErrorRecord shorter = error;
  shorter.payload.clear();
  shorter.cause.reset();
  for (std::string* text :
       {&shorter.function, &shorter.type, &shorter.message, &shorter.stack, &shorter.path}) {
    if (text->size() <= limit / 8) continue;
    text->replace(limit / 8, std::string::npos, " ...");
  }
  return error_wire(shorter);
}

}  // namespace manta::detail
