// FlatBuffers: a builder that is used again; reading verifies the bytes, as they may come from outside, and copies
// out of them into the same value that the others read.
#include <stdexcept>
#include <values_generated.h>

#include <flatbuffers/flatbuffers.h>

#include "trial.h"

namespace manta::bench {
namespace {

using flatbuffers::Offset;

class FlatBuffers {
 public:
  void write(const Monsters& monsters) {
    start();
    std::vector<Offset<flat::Monster>> list;
    list.reserve(monsters.size());
    for (const auto& monster : monsters) list.push_back(add(monster));
    finish(flat::CreateMonsters(builder_, builder_.CreateVector(list)));
  }
  void read(Monsters& monsters) {
    const auto& list = *root<flat::Monsters>().list();
    monsters.resize(list.size());
    for (flatbuffers::uoffset_t i = 0; i < list.size(); ++i) copy(*list.Get(i), monsters[i]);
  }

  void write(const Rows& rows) {
    start();
    std::vector<Offset<flat::Row>> list;
    list.reserve(rows.size());
    for (const auto& row : rows) {
      list.push_back(flat::CreateRow(builder_, builder_.CreateVector(row)));
    }
    finish(flat::CreateRows(builder_, builder_.CreateVector(list)));
  }
  void read(Rows& rows) {
    const auto& list = *root<flat::Rows>().list();
    rows.resize(list.size());
    for (flatbuffers::uoffset_t i = 0; i < list.size(); ++i) {
      const auto& numbers = *list.Get(i)->numbers();
      rows[i].assign(numbers.data(), numbers.data() + numbers.size());
    }
  }

  void write(const Dictionary& dictionary) {
    start();
    std::vector<Offset<flat::Entry>> list;
    list.reserve(dictionary.size());
    for (const auto& [key, value] : dictionary) {
      list.push_back(flat::CreateEntry(builder_, builder_.CreateString(key), value));
    }
    finish(flat::CreateDictionary(builder_, builder_.CreateVector(list)));
  }
  void read(Dictionary& dictionary) {
    const auto& list = *root<flat::Dictionary>().list();
    dictionary.clear();
    dictionary.reserve(list.size());
    for (const auto* entry : list) dictionary.emplace(entry->key()->str(), entry->value());
  }

 private:
  void start() { builder_.Clear(); }
  template <class T>
  void finish(Offset<T> root) {
    builder_.Finish(root);
  }
  template <class T>
  const T& root() {
    flatbuffers::Verifier verifier(builder_.GetBufferPointer(), builder_.GetSize(), kMaxDepth,
                                   kMaxTables);
    if (!verifier.VerifyBuffer<T>()) throw std::runtime_error("FlatBuffers: corrupt bytes");
    return *flatbuffers::GetRoot<T>(builder_.GetBufferPointer());
  }

  static flat::Vec3 flat_of(const Vec3& v) { return {v.x, v.y, v.z}; }
  static Vec3 copy(const flat::Vec3& v) { return {v.x(), v.y(), v.z()}; }

  Offset<flat::Weapon> add(const Weapon& weapon) {
    return flat::CreateWeapon(builder_, builder_.CreateString(weapon.name), weapon.damage);
  }
  static void copy(const flat::Weapon& from, Weapon& to) {
    to.name.assign(from.name()->data(), from.name()->size());
    to.damage = from.damage();
  }

  Offset<flat::Monster> add(const Monster& m) {
    weapons_.clear();
    for (const auto& weapon : m.weapons) weapons_.push_back(add(weapon));
    path_.clear();
    for (const auto& point : m.path) path_.push_back(flat_of(point));
    const auto pos = flat_of(m.pos);
    const auto name = builder_.CreateString(m.name);
    const auto inventory = builder_.CreateVector(m.inventory);
    const auto weapons = builder_.CreateVector(weapons_);
    const auto equipped = add(m.equipped);
    const auto path = builder_.CreateVectorOfStructs(path_);
    return flat::CreateMonster(builder_, &pos, m.mana, m.hp, name, inventory,
                               static_cast<flat::Color>(m.color), weapons, equipped, path);
  }
  static void copy(const flat::Monster& from, Monster& to) {
    to.pos = copy(*from.pos());
    to.mana = from.mana();
    to.hp = from.hp();
    to.name.assign(from.name()->data(), from.name()->size());
    to.inventory.assign(from.inventory()->begin(), from.inventory()->end());
    to.color = static_cast<Color>(from.color());
    to.weapons.resize(from.weapons()->size());
    for (flatbuffers::uoffset_t i = 0; i < from.weapons()->size(); ++i) {
      copy(*from.weapons()->Get(i), to.weapons[i]);
    }
    copy(*from.equipped(), to.equipped);
    to.path.resize(from.path()->size());
    for (flatbuffers::uoffset_t i = 0; i < from.path()->size(); ++i) {
      to.path[i] = copy(*from.path()->Get(i));
    }
  }

  static constexpr flatbuffers::uoffset_t kMaxDepth = 64;
  static constexpr flatbuffers::uoffset_t kMaxTables = 10'000'000;
  flatbuffers::FlatBufferBuilder builder_;
  std::vector<Offset<flat::Weapon>> weapons_;
  std::vector<flat::Vec3> path_;
};

}  // namespace

Trials flatbuffers_trials(Topic topic, const Size& size) {
  return trials_of<FlatBuffers>(topic, size);
}

}  // namespace manta::bench
