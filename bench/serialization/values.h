// What the cases write and read. Each value comes from a fixed seed: the same in every run and on every machine.
//
// Monster is the record of https://github.com/fraillt/cpp_serializers_benchmark, with its ranges: names of 1 to 10
// letters, 1 to 10 items, weapons and points of a path.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace manta::bench {

struct Vec3 {
  float x = 0;
  float y = 0;
  float z = 0;
  bool operator==(const Vec3&) const = default;
};

struct Weapon {
  std::string name;
  std::int16_t damage = 0;
  bool operator==(const Weapon&) const = default;
};

enum class Color : std::uint8_t { kRed, kGreen, kBlue };

struct Monster {
  Vec3 pos;
  std::int16_t mana = 0;
  std::int16_t hp = 0;
  std::string name;
  std::vector<std::uint8_t> inventory;
  Color color = Color::kRed;
  std::vector<Weapon> weapons;
  Weapon equipped;
  std::vector<Vec3> path;
  bool operator==(const Monster&) const = default;
};

using Monsters = std::vector<Monster>;
using Rows = std::vector<std::vector<double>>;
using SharedRow = std::vector<std::shared_ptr<std::vector<double>>>;  // one row, many times
using Dictionary = std::unordered_map<std::string, int>;

// How much of everything.
struct Size {
  std::size_t lists;     // of 1 to 50 monsters; the last has 50
  std::size_t monsters;  // that one try writes, and reads
  std::size_t rows;      // of `columns` doubles
  std::size_t columns;
  std::size_t mentions;     // of one row of 42 zeros
  std::size_t entries;      // of the dictionary
  std::size_t array_bytes;  // of the array in the object store
};
inline constexpr Size kFullSize{16, 300'000, 1000, 1000, 99, 100'000, std::size_t{100} << 20};
inline constexpr Size kSmokeSize{2, 200, 10, 1000, 5, 100, std::size_t{1} << 20};

std::vector<Monsters> monster_lists(const Size& size);
Rows rows(const Size& size);
SharedRow shared_row(const Size& size);
Dictionary dictionary(const Size& size);

}  // namespace manta::bench
