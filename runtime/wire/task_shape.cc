#include "task_shape.h"

#include <cmath>
#include <variant>

#include "../../base/number_text.h"
#include "../options/size_text.h"
#include "payload.h"

namespace manta::detail {
namespace {

constexpr const char* kGpu = "GPU";
constexpr const char* kMemory = "memory";

template <class Options>
TaskShape shape_of_any(const Options& options) {
  TaskShape shape{
      .resources = options.resources, .env = options.env, .labels = options.label_selector};
  if (options.gpus != 0) shape.resources[kGpu] = options.gpus;
  if (options.memory != 0) shape.resources[kMemory] = static_cast<double>(options.memory);
  std::erase_if(shape.resources, [](const auto& item) { return item.second == 0; });
  if (const auto* on = std::get_if<OnNode>(&options.strategy)) {
    shape.node = on->id;
    shape.soft = on->soft;
  }
  return shape;
}

}  // namespace

TaskShape shape_of(const TaskOptions& options) { return shape_of_any(options); }
TaskShape shape_of(const ActorOptions& options) { return shape_of_any(options); }

bool is_plain(const TaskOptions& options) {
  return options.gpus == 0 && options.memory == 0 && options.resources.empty() &&
         options.env.empty() && options.label_selector.empty() &&
         !std::holds_alternative<OnNode>(options.strategy);
}

std::size_t TaskShape::gpus() const {
  const auto amount = resources.find(kGpu);
  return amount == resources.end() ? 0 : static_cast<std::size_t>(std::ceil(amount->second));
}

std::string TaskShape::text() const {
  std::string text;
  const auto add = [&text](const std::string& part) { text.append(" and ").append(part); };
  for (const auto& [name, amount] : resources) {
    if (name == kMemory) {
      add(size_text(static_cast<std::uint64_t>(amount)) + " of memory");
    } else {
      add(base::number_text(amount) + " " + name);
    }
  }
  for (const auto& [name, value] : env) add("variable " + name);  // the value may be a secret
  for (const auto& [name, condition] : labels) {
    add("label " + name);
    text.append(": ").append(condition);
  }
  if (!node.is_nil()) add("node " + node.hex());
  return text;
}

std::vector<std::byte> encode(const TaskShape& shape) {
  return shape == TaskShape() ? std::vector<std::byte>() : pack(shape);
}

std::optional<TaskShape> decode_shape(std::span<const std::byte> bytes) {
  if (bytes.empty()) return TaskShape();
  return unpack<TaskShape>(bytes);
}

}  // namespace manta::detail
