#include "values.h"

#include <random>

namespace manta::bench {
namespace {

class MonsterMaker {
 public:
  Monsters list(std::size_t count) {
    Monsters monsters(count);
    for (auto& monster : monsters) monster = make();
    return monsters;
  }
  std::size_t up_to(std::size_t most) { return 1 + engine_() % most; }

 private:
  std::string name() {
    std::string text(up_to(10), ' ');
    for (auto& letter : text) letter = static_cast<char>('A' + engine_() % 26);
    return text;
  }
  Vec3 point() { return {coordinate(), coordinate(), coordinate()}; }
  float coordinate() { return static_cast<float>(engine_() % 20'001) / 10'000.0f - 1.0f; }
  std::int16_t number(std::size_t below) { return static_cast<std::int16_t>(engine_() % below); }
  Weapon weapon() { return {name(), number(32'768)}; }

  Monster make() {
    Monster monster;
    monster.pos = point();
    monster.mana = number(500);
    monster.hp = number(1000);
    monster.name = name();
    monster.inventory.resize(up_to(10));
    for (auto& item : monster.inventory) item = static_cast<std::uint8_t>(up_to(10));
    monster.color = static_cast<Color>(engine_() % 3);
    monster.weapons.resize(up_to(10));
    for (auto& one : monster.weapons) one = weapon();
    monster.equipped = weapon();
    monster.path.resize(up_to(10));
    for (auto& step : monster.path) step = point();
    return monster;
  }

  std::mt19937 engine_{123};
};

}  // namespace

std::vector<Monsters> monster_lists(const Size& size) {
  MonsterMaker maker;
  std::vector<Monsters> lists;
  while (lists.size() + 1 < size.lists) lists.push_back(maker.list(maker.up_to(50)));
  lists.push_back(maker.list(50));
  return lists;
}

Rows rows(const Size& size) {
  Rows result(size.rows, std::vector<double>(size.columns));
  double next = 0;
  for (auto& row : result) {
    for (auto& number : row) number = next++;
  }
  return result;
}

SharedRow shared_row(const Size& size) {
  return {size.mentions, std::make_shared<std::vector<double>>(42)};
}

Dictionary dictionary(const Size& size) {
  Dictionary result;
  for (std::size_t i = 0; i < size.entries; ++i) {
    result.emplace("key_" + std::to_string(i), static_cast<int>(i));
  }
  return result;
}

}  // namespace manta::bench
