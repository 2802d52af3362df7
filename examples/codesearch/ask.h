// Asks all searchers and joins their answers, so that the shards look like one index.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "build_index.h"
#include "searcher.h"

namespace codesearch {

// The best documents for the words of `query`, best first; none if it has no words.
Answers ask(const Index& index, std::string_view query, std::size_t limit = 10);

// The files that hold `word`, in the order of the list of files: those that
// `LC_ALL=C grep -rlwI word` names. Empty if it is not one word.
std::vector<std::string> files_with(const Index& index, std::string_view word);

}  // namespace codesearch
