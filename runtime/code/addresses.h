// What lies at an address of a program file or library: functions, inlined ones too, with file and line where the file
// has debug information (-g), else with the symbol table's name and the distance from its start.
//
// Reads the files of this process, and of others, with libbacktrace, once each; what was found is remembered. The first
// look-up in a file with much debug information takes a while (30 MB: 0.2 s) and as much memory, so workers do not do it.
// Threads: any, one at a time. Never fails: what is not found is empty.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail {

// A place in code, as any process can find it again.
struct CodePlace {
  std::string path;          // of the file; empty: code lies in none
  std::uint64_t offset = 0;  // as the file's symbols count
  bool exact = false;        // false: a return address; the call is before it
};

struct CodeLine {
  std::string function;  // demangled, without parameters; empty: not known
  std::string file;      // empty: no debug information
  int line = 0;
  std::uint64_t distance = 0;  // from the start of the function
};

// Innermost first: a function, and those that it was inlined into.
std::vector<CodeLine> lines_at(const CodePlace& place);

// Of an address of this process.
CodePlace place_of(std::uintptr_t address);

}  // namespace manta::detail
