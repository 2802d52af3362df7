// A part of a call whose error is not the error of the call: one element of many, say.
//
//   if (const auto error = run_part([&] { use(element); })) call.error_result(*error);
//
// What runs in it knows that it is in a task, and its exception has the stack of its throw.
// Errors: none but what exit_actor() throws. Threads: those that run calls.
#pragma once
#include <optional>
#include <type_traits>

#include "../wire/error_record.h"

namespace manta::detail {

std::optional<ErrorRecord> run_part(void (*part)(void*), void* state);

template <class Part>
std::optional<ErrorRecord> run_part(Part&& part) {
  return run_part([](void* state) { (*static_cast<std::remove_reference_t<Part>*>(state))(); },
                  &part);
}

}  // namespace manta::detail
