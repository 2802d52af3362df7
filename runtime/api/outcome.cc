#include "outcome.h"

#include "../ownership/open_session.h"
#include "../worker/exceptions.h"

namespace manta::detail {

std::vector<std::byte> error_of(const ObjectEntry& entry) {
  entry.mark_seen();
  return entry.read([](const Value& value) {
    const auto error = value.meta();
    return std::vector<std::byte>(error.begin(), error.end());
  });
}

std::vector<std::byte> error_of_current_exception() {
  try {
    throw;
  } catch (const TaskError&) {  // of user code that was called to read the value
  } catch (const std::exception& error) {
    const ErrorKind kind = kind_of(error);
    if (kind != ErrorKind::kRuntimeError) return encode_error(error_of(kind, error.what()));
  } catch (...) {
  }
  return encode_error(
      record_current_exception(OpenSession::current("manta::get_each()").node_id()));
}

std::exception_ptr exception_of(const std::vector<std::byte>& error) {
  return exception_of(decode_error(error));
}

}  // namespace manta::detail
