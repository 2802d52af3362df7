// What lies at an address of a program or library: the functions, also those that are inlined there, with file and line
// if the program has debug information (-g), else with the name in the symbol table and the distance from its start.
//
// The files, of this process and of others, are read with libbacktrace, once each, and what is found is remembered. The
// first look-up in a file with much debug information takes long (0.2 s for 30 MB) and needs as much memory: workers,
// of which there are many, do without.
// Threads: any; one look-up runs at a time. Errors: none: what is not found is empty.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail {

// A place in code, so named that another process can find it.
struct CodePlace {
  std::string path;          // of the program or library; empty: the address lies in none
  std::uint64_t offset = 0;  // as the symbols of the file count
  bool exact = false;        // false: a return address, which is behind the call that is meant
};

struct CodeLine {
  std::string function;  // demangled, without parameters; empty: unknown
  std::string file;      // empty: there is no debug information
  int line = 0;
  std::uint64_t distance = 0;  // from the start of the function
};

// The innermost function first, then those that it was inlined into.
std::vector<CodeLine> lines_at(const CodePlace& place);

// The place of an address of this process.
CodePlace place_of(std::uintptr_t address);

}  // namespace manta::detail
