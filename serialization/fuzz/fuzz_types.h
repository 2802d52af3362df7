// What the fuzzers and the mutation test read bytes as: a value with nearly everything in it.
#pragma once
#include <array>
#include <bitset>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "../bytes.h"
#include "../types/observer.h"

namespace manta::serialization {

struct Flags {
  char kind;
  bool on;
  int count;
  auto operator<=>(const Flags&) const = default;
};

struct Everything {
  std::string name;
  std::vector<double> numbers;
  std::vector<Flags> flags;
  std::list<std::string> words;
  std::list<std::uint8_t> digits;
  std::vector<Bytes> chunks;
  std::deque<bool> bits;
  std::map<std::string, std::vector<std::optional<int>>> index;
  std::unordered_map<std::uint64_t, std::set<Flags>> sets;
  std::variant<std::monostate, int, std::string, std::vector<Everything>> choice;
  std::array<std::string, 2> pair;
  std::bitset<20> mask;
  Bytes bytes;
  std::shared_ptr<Everything> shared;
  std::weak_ptr<Everything> weak;
  std::unique_ptr<Everything> unique;
  observer<Everything> link;
};

inline Everything make_everything() {
  Everything value{};
  value.name = "everything";
  value.numbers = std::vector<double>(600, 1.25);
  value.flags = {{'a', true, 1}, {'b', false, -1}};
  value.words = {"one", "two", std::string(5000, 'x')};
  value.bits = {true, false, true};
  value.index = {{"k", {1, {}, 3}}, {"l", {}}};
  value.sets = {{7, {{'c', true, 2}}}, {8, {}}};
  value.choice.emplace<3>(2);
  value.pair = {"left", "right"};
  value.mask = 0x5a5a5;
  value.bytes = Bytes(std::string(100, 'b'));
  value.digits = {1, 2, 3};
  value.chunks = {value.bytes, Bytes("in line"), value.bytes};
  value.chunks.push_back(value.chunks[1]);
  value.shared = std::make_shared<Everything>();
  value.shared->bytes = value.bytes;
  value.shared->weak = value.shared;
  value.weak = value.shared;
  value.unique = std::make_unique<Everything>();
  value.link = value.unique.get();
  return value;
}

// Reads, and looks at what was read: a value that is not well-formed shows here.
inline std::size_t use(const Everything& value) {
  std::size_t sum = value.name.size() + value.bytes.size() + value.words.size();
  for (const Flags& flags : value.flags) {
    sum += flags.on ? 1 : 2;
  }
  for (const bool bit : value.bits) {
    sum += bit ? 1 : 2;
  }
  for (const std::byte byte : value.bytes.span()) {
    sum += static_cast<std::size_t>(byte);
  }
  for (const Bytes& chunk : value.chunks) {
    sum += chunk.size();
  }
  for (const auto& [key, values] : value.index) {
    sum += key.size() + values.size();
  }
  sum += value.shared != nullptr ? value.shared->name.size() : 0;
  sum += value.link ? value.link->name.size() : 0;
  if (const auto shared = value.weak.lock()) {
    sum += shared->flags.size();
  }
  return sum;
}

// A mutated value may be a cycle, which is well-formed but never freed: takes all pointers out.
inline void dissolve(Everything& value, std::vector<std::shared_ptr<Everything>>& taken) {
  if (value.shared != nullptr) {
    taken.push_back(std::move(value.shared));
    value.shared = nullptr;
    dissolve(*std::shared_ptr<Everything>(taken.back()), taken);
  }
  if (value.unique != nullptr) {
    dissolve(*value.unique, taken);
  }
  if (auto* values = std::get_if<3>(&value.choice)) {
    for (Everything& inner : *values) {
      dissolve(inner, taken);
    }
  }
}

inline std::size_t use_up(Everything value) {
  const std::size_t sum = use(value);
  std::vector<std::shared_ptr<Everything>> taken;
  dissolve(value, taken);
  return sum;
}

}  // namespace manta::serialization
