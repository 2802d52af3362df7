// Answers what the command line asks; without questions there: a prompt on a terminal, a few sample
// queries elsewhere.
#pragma once
#include "build_index.h"
#include "options.h"

namespace codesearch {

void converse(const Index& index, const Options& options);

}  // namespace codesearch
