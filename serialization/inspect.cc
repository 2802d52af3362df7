#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <manta/base/standard_streams.h>
#include <manta/serialization/inspect.h>

namespace manta::serialization {
namespace {

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
    if (report_.failures.size() != failures) {  // name the way down, before what was found there
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

// An aligned word that is an address of this process, in the captures of a closure.
bool holds_address(const void* captures, std::size_t size) {
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
    for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= size; at += sizeof(std::uintptr_t)) {
      std::uintptr_t word = 0;
      std::memcpy(&word, static_cast<const char*>(captures) + at, sizeof word);
      found = found || (word >= begin && word < end);
    }
  }
  std::fclose(maps);
  return found;
}

}  // namespace

SerializabilityReport inspect(const TypeNode& root, std::string_view name, std::string_view notes) {
  SerializabilityReport report;
  const std::string path(name.empty() ? "value" : name);
  Inspection(report).visit(root, path, nullptr, 1);
  if (!notes.empty() && !report.failures.empty()) {
    report.failures.front().why += "; " + std::string(notes);
    report.text += "      " + std::string(notes) + "\n";
  }
  const std::string verdict(kConclusion[report.serializable ? 1 : 0]);
  report.text = path + " (" + std::string(root.name) + ") " + verdict + report.text;
  return report;
}

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

std::string closure_notes(const void* captures, std::size_t size, std::size_t alignment) {
  std::string notes = "globals that it uses do not travel with it; ";
  if (captures == nullptr) {
    return notes + "manta::capture(lambda, captured...) lists its captures in the open";
  }
  if (size == 0) {
    return notes + "it captures nothing, so it can be called remotely as it is";
  }
  if (alignment >= sizeof(std::uintptr_t) && holds_address(captures, size)) {
    return notes +
           "its captures hold an address of this process, which means nothing elsewhere: use "
           "manta::capture(lambda, captured...), with values instead of references";
  }
  return notes + "its captures hold no address; manta::capture(lambda, captured...) lists them";
}

}  // namespace manta::serialization
