#include "options.h"

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace codesearch {
namespace {

std::size_t positive(const std::string& option, std::string_view text) {
  constexpr std::size_t kMost = 1000;
  std::size_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || n == 0 || n > kMost) {
    throw std::invalid_argument(option + " needs a number from 1 to 1000, not \"" +
                                std::string(text) + "\"");
  }
  return n;
}

}  // namespace

Options parse_options(const std::vector<std::string>& args) {
  Options options;
  for (auto arg = args.begin(); arg != args.end(); ++arg) {
    const std::string& name = *arg;
    const auto value = [&]() -> const std::string& {
      if (++arg == args.end()) {
        throw std::invalid_argument(name + " needs a value");
      }
      return *arg;
    };
    if (name == "--help" || name == "-h") {
      options.help = true;
    } else if (name == "--workers") {
      options.workers = positive(name, value());
    } else if (name == "--shards") {
      options.shards = positive(name, value());
    } else if (name == "--query") {
      options.queries.push_back(value());
    } else if (name == "--files") {
      options.words.push_back(value());
    } else if (name == "--no-compare") {
      options.compare = false;
    } else if (name.size() > 1 && name.front() == '-') {
      throw std::invalid_argument("unknown option " + name);
    } else {
      options.directories.push_back(name);
    }
  }
  if (options.directories.empty()) {
    options.directories.push_back("/usr/include");
  }
  return options;
}

}  // namespace codesearch
