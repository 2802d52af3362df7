// The walk over a type first (Inspection), then the report, then what is said of closures.
#include "inspect.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "../base/standard_streams.h"

namespace manta::serialization {
namespace {

constexpr std::string_view kGlobals = "globals that it uses do not travel with it; ";
constexpr std::string_view kConclusion[2] = {"cannot be serialized\n", "can be serialized\n"};

// Walks all paths down to refused types; each type is entered once.
class Inspection {
 public:
  explicit Inspection(SerializabilityReport& report) : report_(report) {}

  void visit(const TypeNode& node, const std::string& path, const TypeNode* parent, int depth) {
    if (node.refusal != Refusal::kNone) {
      const std::string why = advice(node.refusal);
      report_.serializable = false;
      report_.failures.push_back(
          {path, std::string(node.name), parent == nullptr ? "" : std::string(parent->name), why});
      line(depth, "x " + path + ": " + std::string(node.name));
      line(depth, "    " + why);
      return;
    }
    if (std::find(entered_.begin(), entered_.end(), &node) != entered_.end()) {
      return;
    }
    entered_.push_back(&node);
    const auto parts = node.parts();
    const std::size_t at = report_.text.size();
    const std::size_t failures = report_.failures.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::string_view name = node.member_names == nullptr ? "[]" : node.member_names[i];
      const std::string member = path + (name == "[]" ? "" : ".") + std::string(name);
      visit(*parts[i], member, &node, depth + 1);
    }
    // The way down is named before what was found at its end.
    if (report_.failures.size() != failures) {
      report_.text.insert(at, indent(depth) + "! " + path + ": " + std::string(node.name) + "\n");
    }
  }

 private:
  static std::string indent(int depth) {
    return std::string(2 * static_cast<std::size_t>(depth), ' ');
  }
  void line(int depth, const std::string& text) { report_.text += indent(depth) + text + "\n"; }

  SerializabilityReport& report_;
  std::vector<const TypeNode*> entered_;
};

// Whether one of the words is an address in a mapping of this process.
bool holds_address(std::span<const std::uint64_t> words) {
  const base::StandardStreamsReserved reserved;
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) {
    return false;
  }
  bool found = false;
  char line[512];
  while (!found && std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line, "%lx-%lx", &begin, &end) != 2) {  // NOLINT: kernel text
      continue;
    }
    found = std::any_of(words.begin(), words.end(),
                        [&](std::uint64_t word) { return word >= begin && word < end; });
  }
  std::fclose(maps);
  return found;
}

std::string conclusion(std::string_view path, std::string_view type, bool serializable) {
  return std::string(path) + " (" + std::string(type) + ") " +
         std::string(kConclusion[serializable ? 1 : 0]);
}

}  // namespace

SerializabilityReport inspect(const TypeNode& root, std::string_view name) {
  SerializabilityReport report;
  const std::string path(name.empty() ? "value" : name);
  Inspection(report).visit(root, path, nullptr, 1);
  report.text = conclusion(path, root.name, report.serializable) + report.text;
  return report;
}

SerializabilityReport inspect_closure(const TypeNode& node, std::string_view name,
                                      const ClosureVerdict& verdict) {
  if (!verdict.serializable) {
    SerializabilityReport report = inspect(node, name);
    if (!report.failures.empty()) {
      report.failures.front().why += "; " + verdict.notes;
    }
    report.text += "      " + verdict.notes + "\n";
    return report;
  }
  SerializabilityReport report;
  report.text =
      conclusion(name.empty() ? "value" : name, node.name, true) + "      " + verdict.notes + "\n";
  return report;
}

SerializabilityReport inspect_code(const TypeNode& node, std::string_view name,
                                   std::string_view how) {
  return inspect_closure(node, name, {true, std::string(kGlobals) + std::string(how)});
}

// The report says so far that the type can be serialized: its path and type are taken from that text.
void add_failure(SerializabilityReport& report, std::string_view why) {
  const std::size_t open = report.text.find(" (");
  const std::string path = report.text.substr(0, open);
  const std::size_t end = report.text.find(") can", open);
  const std::string type = report.text.substr(open + 2, end - open - 2);
  report.serializable = false;
  report.failures.push_back({path, type, "", std::string(why)});
  report.text = path + " (" + type + ") " + std::string(kConclusion[0]) + "  x " + path + ": " +
                type + "\n      " + std::string(why) + "\n";
}

void print(const SerializabilityReport& report) {
  std::fwrite(report.text.data(), 1, report.text.size(), stderr);
}

ClosureVerdict judge_closure(Captures captures, const std::span<const std::uint64_t>* words) {
  const std::string globals(kGlobals);
  if (captures == Captures::kNone) {
    return {true, globals + "it captures nothing, so it can be called remotely as it is"};
  }
  if (captures == Captures::kOther) {
    return {false, globals + "manta::capture(lambda, captured...) lists its captures in the open"};
  }
  if (words == nullptr) {
    return {true, globals +
                      "its captures are copied as bytes, and refused at the call if they hold an "
                      "address; manta::capture(lambda, captured...) lists them in the open"};
  }
  if (holds_address(*words)) {
    return {false, globals +
                       "its captures hold an address of this process, which means nothing "
                       "elsewhere: use manta::capture(lambda, captured...), with values instead "
                       "of references"};
  }
  return {true, globals +
                    "its captures, which cannot be listed, are copied as bytes and hold no "
                    "address; manta::capture(lambda, captured...) lists them in the open"};
}

}  // namespace manta::serialization
