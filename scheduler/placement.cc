#include "placement.h"

#include <algorithm>

namespace manta::scheduler {
namespace {

std::string list_of(const Labels& labels, std::string_view between) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text.append(text.empty() ? "" : ", ").append(name).append(between).append(value);
  }
  return text;
}

std::string describe(const NodeTraits& node) {
  return "node " + node.id.hex() +
         (node.labels.empty() ? " has no labels" : " has " + list_of(node.labels, "="));
}

}  // namespace

bool is_label(std::string_view text) {
  return !text.empty() && text.find_first_of(std::string_view(" \t\r\n,()=!\0", 10)) == text.npos;
}

bool Condition::holds(const Labels& labels, const std::string& name) const {
  const auto label = labels.find(name);
  const bool listed =
      label != labels.end() && std::ranges::find(values, label->second) != values.end();
  return listed != negated;
}

std::optional<Condition> parse_condition(std::string_view text) {
  Condition condition;
  if (text.starts_with('!')) {
    condition.negated = true;
    text.remove_prefix(1);
  }
  if (!text.starts_with("in(") || !text.ends_with(')')) {
    condition.values.emplace_back(text);
  } else {
    text = text.substr(3, text.size() - 4);
    for (std::size_t comma = 0; comma != text.npos;) {
      comma = text.find(',');
      condition.values.emplace_back(text.substr(0, comma));
      text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    }
  }
  if (!std::ranges::all_of(condition.values, is_label)) return std::nullopt;
  return condition;
}

bool matches(const Labels& labels, const Labels& selector) {
  return std::ranges::all_of(selector, [&](const auto& item) {
    const auto condition = parse_condition(item.second);
    return condition && condition->holds(labels, item.first);
  });
}

Candidates candidates(const Placement& placement, std::span<const NodeTraits> nodes) {
  Candidates found;
  const bool bound = !placement.node.is_nil() && !placement.soft;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (bound && nodes[i].id != placement.node) continue;
    if (!matches(nodes[i].labels, placement.selector)) continue;
    const bool wished = nodes[i].id == placement.node;
    found.nodes.insert(wished ? found.nodes.begin() : found.nodes.end(), i);
  }
  if (!found.nodes.empty()) return found;
  const auto named = std::ranges::find(nodes, placement.node, &NodeTraits::id);
  if (bound && named == nodes.end()) {
    found.why = "it must run on node " + placement.node.hex() +
                " (OnNode), which the session does not have";
    for (const NodeTraits& node : nodes) found.why += "; its node is " + node.id.hex();
    return found;
  }
  found.why = "no node fits its label_selector (" + list_of(placement.selector, ": ") + ")";
  for (const NodeTraits& node : nodes) {
    if (!bound || node.id == placement.node) found.why += "; " + describe(node);
  }
  return found;
}

}  // namespace manta::scheduler
