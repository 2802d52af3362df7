// Which nodes a request may go to: those whose labels it selects, or the one that it names.
//
// A condition of a selector is "v", "!v", "in(a,b)" or "!in(a,b)": the label has that value, or one of those; with "!",
// it has none of them, which is so too where a node lacks the label. All conditions must hold.
//
// Threads: any; pure functions. Errors: texts for the user.
#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../base/id.h"

namespace manta::scheduler {

using Labels = std::map<std::string, std::string>;

// What a node is known by, as far as placement goes.
struct NodeTraits {
  NodeId id = {};
  Labels labels = {};
};

struct Placement {
  Labels selector = {};  // name and condition
  NodeId node = {};      // nil: any
  bool soft = false;     // `node` is only a wish
};

// Whether a text can be the name or a value of a label: it is not empty, and has no blanks and none of , ( ) = !
bool is_label(std::string_view text);

struct Condition {
  bool negated = false;
  std::vector<std::string> values = {};  // at least one

  bool holds(const Labels& labels, const std::string& name) const;
};
// Nothing: it has none of the four forms.
std::optional<Condition> parse_condition(std::string_view text);
bool matches(const Labels& labels, const Labels& selector);

// Those of `nodes` that will do, as positions there, the wished one first. None: `why` says so.
struct Candidates {
  std::vector<std::size_t> nodes = {};
  std::string why = {};
};
Candidates candidates(const Placement& placement, std::span<const NodeTraits> nodes);

}  // namespace manta::scheduler
