#include "error_record.h"

#include <cstring>

#include "../../base/error.h"
#include "error_path.h"
#include "value_wire.h"

namespace manta::detail {
namespace {

void put_bytes(std::vector<std::byte>& out, const void* data, std::size_t size) {
  const auto* from = static_cast<const std::byte*>(data);
  out.insert(out.end(), from, from + size);
}

template <class T>
void put_number(std::vector<std::byte>& out, T value) {
  put_bytes(out, &value, sizeof value);
}

void put_text(std::vector<std::byte>& out, std::string_view text) {
  put_number(out, static_cast<std::uint32_t>(text.size()));
  put_bytes(out, text.data(), text.size());
}

// Causes beyond kMaxCauses are left out; one more says so.
void put_record(std::vector<std::byte>& out, const ErrorRecord& error, int depth = 0) {
  put_number(out, static_cast<std::uint32_t>(error.kind));
  put_number(out, error.attempt);
  put_number(out, error.pid);
  put_number(out, error.signal);
  put_number(out, error.node.hi());
  put_number(out, error.node.lo());
  for (const auto* text :
       {&error.function, &error.type, &error.message, &error.stack, &error.path}) {
    put_text(out, *text);
  }
  put_number(out, static_cast<std::uint32_t>(error.payload.size()));
  put_bytes(out, error.payload.data(), error.payload.size());
  put_number(out, static_cast<std::uint8_t>(error.cause != nullptr));
  if (error.cause == nullptr) return;
  ErrorRecord others;
  others.message = "(further causes are left out)";
  put_record(out, depth == kMaxCauses ? others : *error.cause, depth + 1);
}

class Parser {
 public:
  explicit Parser(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof value);
    return value;
  }
  std::span<const std::byte> take(std::size_t size) {
    if (size > rest_.size()) throw SerializationError("an error record is cut off");
    const auto part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }
  std::string text() {
    const auto part = take(number<std::uint32_t>());
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

 private:
  std::span<const std::byte> rest_;
};

ErrorRecord parse_record(Parser& from, int depth) {
  if (depth > kMaxCauses + 1) throw SerializationError("an error record nests too many causes");
  ErrorRecord error;
  error.kind = static_cast<ErrorKind>(from.number<std::uint32_t>());
  if (error.kind > ErrorKind::runtime_error) throw SerializationError("unknown kind of error");
  error.attempt = from.number<std::int32_t>();
  error.pid = from.number<std::int32_t>();
  error.signal = from.number<std::int32_t>();
  const auto hi = from.number<std::uint64_t>();
  error.node = NodeId(hi, from.number<std::uint64_t>());
  for (auto* text : {&error.function, &error.type, &error.message, &error.stack, &error.path}) {
    *text = from.text();
  }
  const auto payload = from.take(from.number<std::uint32_t>());
  error.payload.assign(payload.begin(), payload.end());
  if (from.number<std::uint8_t>() != 0) {
    error.cause = std::make_shared<ErrorRecord>(parse_record(from, depth + 1));
  }
  return error;
}

}  // namespace

void pass_on(ErrorRecord& error, std::string_view function) {
  error.path = with_step(function, error.path.empty() ? error.function : error.path);
}

std::vector<std::byte> encode_error(const ErrorRecord& error) {
  std::vector<std::byte> out;
  put_record(out, error);
  return out;
}

ErrorRecord decode_error(std::span<const std::byte> bytes) {
  Parser from(bytes);
  return parse_record(from, 0);
}

std::vector<std::byte> error_wire(const ErrorRecord& error) {
  const auto meta = encode_error(error);
  ValueHeader header;
  header.total = static_cast<std::uint32_t>(wire_size(0, 0, meta.size()));
  header.flags = kError;
  header.meta_size = meta.size();
  std::vector<std::byte> out(header.total);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, meta.data(), meta.size());
  return out;
}

std::vector<std::byte> error_wire(ErrorKind kind, std::string_view message) {
  ErrorRecord error;
  error.kind = kind;
  error.message = message;
  return error_wire(error);
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
