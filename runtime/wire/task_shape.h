// A TaskShape is what a task or an actor asks of its worker and its node beside CPUs. Tasks of one shape that ask for
// the same CPUs can use the same leases.
//
// It travels as the payload of LeaseWant, and in an ActorPayload. Threads: a value. Errors: what cannot be decoded is
// nothing.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../options/options.h"

namespace manta::detail {

struct TaskShape {
  Resources resources = {};  // also "GPU" and "memory"; without zeros
  Environment env = {};
  LabelSelector labels = {};
  NodeId node = {};   // where it must run; nil: anywhere
  bool soft = false;  // `node` is only a wish

  std::size_t gpus() const;  // how many it sees: one, if it has a part of it
  bool operator==(const TaskShape&) const = default;
  std::string text() const;  // ", 0.5 GPU and 1 gpu_mem", behind the CPUs; may be empty
};

TaskShape shape_of(const TaskOptions& options);
TaskShape shape_of(const ActorOptions& options);
// Whether that would be an empty one.
bool is_plain(const TaskOptions& options);

std::vector<std::byte> encode(const TaskShape& shape);  // empty if the shape is
std::optional<TaskShape> decode_shape(std::span<const std::byte> bytes);

}  // namespace manta::detail
