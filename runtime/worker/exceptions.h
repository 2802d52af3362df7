// Exceptions between processes: what a task threw becomes an ErrorRecord, and get() throws it again.
//
//   throw E --record_current_exception()--> ErrorRecord --wire--> throw_error() --> TaskErrorOf<E>
//
// E is a standard exception, one of Manta's, or registered with register_exception<E>(); any other is thrown as its
// nearest base among those, and as TaskErrorOf<RuntimeError> if there is none.
// Threads: any; registration is local to each process (declare it in an OnStart for all).
#pragma once
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>

#include "../../base/error.h"
#include "../../serialization/bytes.h"
#include "../../serialization/codec.h"
#include "../wire/error_record.h"

namespace manta {
namespace detail {

struct ExceptionType {
  const std::type_info* type = nullptr;
  bool (*matches)(const std::exception&) = nullptr;
  std::vector<std::byte> (*save)(const std::exception&) = nullptr;
  void (*raise)(std::span<const std::byte> saved, TaskErrorInfo info) = nullptr;  // throws
};
void add_exception_type(const ExceptionType& type);  // repeating it changes nothing

template <class E>
ExceptionType exception_type() {
  return {&typeid(E),
          [](const std::exception& error) { return dynamic_cast<const E*>(&error) != nullptr; },
          [](const std::exception& error) {
            const Bytes bytes = serialize(dynamic_cast<const E&>(error));
            return std::vector<std::byte>(bytes.data(), bytes.data() + bytes.size());
          },
          [](std::span<const std::byte> saved, TaskErrorInfo info) {
            throw TaskErrorOf<E>(deserialize<E>(Bytes(saved)), std::move(info));
          }};
}

bool derives_from(const std::type_info& type, const std::type_info& base);  // or is it

ErrorRecord record_current_exception(const NodeId& node);
ErrorRecord simple_error(ErrorKind kind, std::string_view message);
ErrorRecord call_error(const std::exception& error);  // of a call that makes no sense here
ErrorRecord exit_actor_error();
[[noreturn]] void throw_error(const ErrorRecord& error);
std::exception_ptr exception_of(const ErrorRecord& error);

// What exit_actor() throws through user code; not a std::exception, so that nobody catches it by accident.
struct ExitActor {};

// The stack of the last exception thrown on this thread: encode_stack(). Empty outside of tasks.
std::string last_throw_stack();
void remember_throw() noexcept;

}  // namespace detail

// From now on an E thrown in a task of this process travels as an E, and get() throws TaskErrorOf<E>, which can be caught
// as E. E must be serializable, derive from std::exception and not be final. Call it in an OnStart, for all processes.
template <class E>
void register_exception() {
  static_assert(std::is_base_of_v<std::exception, E>,
                "manta::register_exception<E>: E must derive from std::exception");
  static_assert(!std::is_final_v<E>,
                "manta::register_exception<E>: E must not be final, since get() throws a type "
                "derived from it");
  if constexpr (!serialization::root_is_serializable<E>()) {
    serialization::require_serializable<E>();
  } else if constexpr (!std::is_final_v<E>) {
    detail::add_exception_type(detail::exception_type<E>());
  }
}

}  // namespace manta
