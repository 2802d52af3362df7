// Names of functions from the symbol tables of this process's images, for the names of tasks and messages; without
// debug information, so that it is light enough for workers (stacks: addresses.h).
// The first look-up of an address is slow (reads files), then it is remembered.
// Threads: any. Never fails: what is not found is empty.
#pragma once
#include <cstdint>
#include <string>

#include "../../base/build_settings.h"

namespace manta::detail {

// The mangled symbol of the function that holds `address`; empty when the image is stripped.
std::string symbol_of(std::uintptr_t address);

// "ns::mean(manta::Array<double> const&)" -> "ns::mean": brackets of templates and lambdas are kept.
std::string without_parameters(const std::string& demangled);

// The same without the type that it returns: "int* ns::f<int>(int)" -> "ns::f<int>".
std::string function_name(const std::string& demangled);

// Without "(anonymous namespace)::", which users do not write.
std::string as_written(std::string name);

}  // namespace manta::detail
