#include "converse.h"

#include <iostream>
#include <string>
#include <unistd.h>

#include "ask.h"
#include "report.h"
#include "stopwatch.h"
#include "words.h"

namespace codesearch {
namespace {

constexpr const char* kSamples[] = {"mutex lock unlock", "socket bind listen accept",
                                    "stable sort merge buffer"};

void answer(const Index& index, const std::string& query) {
  const Stopwatch watch;
  const Answers answers = ask(index, query);
  print_answers(std::cout, query, answers, watch.seconds());
}

void prompt(const Index& index) {
  std::cout << "\nWords to search for; an empty line ends.\n";
  std::string query;
  while (std::cout << "\nsearch> " << std::flush && std::getline(std::cin, query) &&
         !words_of_query(query).empty()) {
    answer(index, query);
  }
  std::cout << "\n";
}

}  // namespace

void converse(const Index& index, const Options& options) {
  for (const std::string& word : options.words) {
    for (const std::string& file : files_with(index, word)) {
      std::cout << file << "\n";
    }
  }
  for (const std::string& query : options.queries) {
    answer(index, query);
  }
  if (!options.words.empty() || !options.queries.empty()) {
    return;
  }
  if (isatty(STDIN_FILENO) != 0) {
    prompt(index);
    return;
  }
  for (const char* query : kSamples) {
    answer(index, query);
  }
}

}  // namespace codesearch
