// Names of functions from the symbol tables of this process's images, for messages: errors, crash stacks, logs.
// The first look-up of an address is slow (reads files), then it is remembered.
// Threads: any. Never fails: what is not found is empty.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include <manta/base/build_settings.h>

namespace manta::detail {

// The mangled symbol of the function that holds `address`; empty when the image is stripped.
std::string symbol_of(std::uintptr_t address);

// "ns::mean(manta::Array<double> const&)" -> "ns::mean": brackets of templates and lambdas are kept.
std::string without_parameters(const std::string& demangled);

// One frame a line, of addresses relative to their image: "  0x55d0 mean", "  0x1f3a sort (libuser.so)".
std::string stack_text(std::span<const std::uintptr_t> addresses);

}  // namespace manta::detail
