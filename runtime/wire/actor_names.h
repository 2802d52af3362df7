// What a process asks its node about names of actors, and is told: the payloads of NameClaim, NameAsk and NameTold.
// Threads: values. Errors: what cannot be decoded is nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../../base/id.h"

namespace manta::detail {

struct NameQuestion {
  std::string name_space = {};
  std::string name = {};   // of a NameAsk, empty: which names there are,
  std::string after = {};  // behind this one
  std::string type = {};   // the actor's class
  bool detached = false;   // of a NameClaim: the new actor
  bool wants_held = true;  // an actor that has the name already, of this class
};

struct NameAnswer {
  bool found = false;  // an actor has the name
  ActorId actor = {};  // it is held for who asked; nil: it is of another class, or was not wanted
  std::string type = {};
  std::vector<std::string> names = {};  // if all were asked for, sorted; so many as a message holds
  bool more = false;
};

std::vector<std::byte> encode(const NameQuestion& question);
std::vector<std::byte> encode(const NameAnswer& answer);
std::optional<NameQuestion> decode_name_question(std::span<const std::byte> bytes);
std::optional<NameAnswer> decode_name_answer(std::span<const std::byte> bytes);

}  // namespace manta::detail
