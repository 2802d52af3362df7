// Exceptions between processes: what a task threw becomes an ErrorRecord, and get() throws it again.
//
//   throw E --record_current_exception()--> ErrorRecord --wire--> throw_error() --> TaskErrorOf<E>
//
// E is a standard exception, one of Manta's, or was registered with register_exception<E>(). Any other is thrown as its
// nearest base class among those, or as TaskErrorOf<RuntimeError> if it has none.
// Threads: any. A registration holds for its process only: an OnStart makes it in all of them.
#pragma once
#include <exception>
#include <string>
#include <string_view>
#include <typeinfo>

#include "../../base/error.h"
#include "../../serialization/codec/codec.h"
#include "../wire/error_record.h"
#include "exception_types.h"

namespace manta {
namespace detail {

// Of the exception that is being handled, which user code has thrown.
ErrorRecord record_current_exception(const NodeId& node);
// Of a call that this process cannot run: unknown code, or arguments that cannot be read.
ErrorRecord call_error(const std::exception& error);
// Of a call that has run exit_actor().
ErrorRecord exit_actor_error();
[[noreturn]] void throw_error(const ErrorRecord& error);
std::exception_ptr exception_of(const ErrorRecord& error);

// What exit_actor() throws through user code. It is no std::exception, so that nobody catches it by accident.
struct ExitActor {};

}  // namespace detail

// From now on an E that a task of this process throws travels as an E, and get() throws TaskErrorOf<E>, which can be
// caught as E. E must be serializable and derive from std::exception, and must not be final; else it does not compile.
// To be called in an OnStart, so that it holds in all processes. Threads: any.
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
