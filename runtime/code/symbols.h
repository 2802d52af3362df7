// Names of functions from the symbol tables of this process's images, for the names of tasks and for messages. No debug
// information is read, so that workers can afford it; stacks need more (addresses.h).
// The first look-up of an address is slow, since it reads a file; the result is remembered.
// Threads: any. Errors: none: what is not found is empty.
#pragma once
#include <cstdint>
#include <string>

#include "../../base/build_settings.h"

namespace manta::detail {

// The mangled symbol of the function in which `address` lies; empty if the image is stripped.
std::string symbol_of(std::uintptr_t address);

// "ns::mean(manta::Array<double> const&)" -> "ns::mean". What belongs to templates and lambdas stays.
std::string without_parameters(const std::string& demangled);

// The same, also without the type of the result: "int* ns::f<int>(int)" -> "ns::f<int>".
std::string function_name(const std::string& demangled);

// The name without "(anonymous namespace)::", which users do not write.
std::string as_written(std::string name);

}  // namespace manta::detail
