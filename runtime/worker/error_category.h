// Error codes between processes. A code means something only together with its category, and a
// category is an object that is known by its address:
//
//   a standard one              --index------------->  the one here
//   an object in an image       --(image, offset)--->  the same object of the same image, if that is loaded here
//   any other (heap, a library  --its name, the text
//   that is not loaded here)        of this error--->  a category that is equal to nothing else
//
// An object that is found counts as the category only if its type derives from std::error_category and it has the same
// name. A category that needs a constructor, which has not run yet in the receiving process, counts as not loaded; the
// usual ones need none, and are found before anybody has asked for them.
// Errors: none. Threads: any.
#pragma once
#include <cstdint>
#include <string>
#include <system_error>

#include "../code/code_id.h"

namespace manta::detail {

struct SavedCode {
  int value = 0;
  int standard = -1;          // the index of a standard category; -1: it is none of them
  CodeId place = {};          // of the category
  std::string category = {};  // its name()
  std::string message = {};   // code.message()
};

SavedCode save_code(const std::error_code& code);
std::error_code load_code(const SavedCode& saved);

}  // namespace manta::detail
