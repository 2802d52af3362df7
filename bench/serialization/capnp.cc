// Cap'n Proto: a message in a first segment that is used again, written to a buffer that is used again; reading
// copies out of it into the same value that the others read.
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <values.capnp.h>

#include "trial.h"

namespace manta::bench {
namespace {

kj::StringPtr text_of(const std::string& s) { return {s.c_str(), s.size()}; }
unsigned count_of(const auto& container) { return static_cast<unsigned>(container.size()); }

void build(packed::Vec3::Builder to, const Vec3& from) {
  to.setX(from.x);
  to.setY(from.y);
  to.setZ(from.z);
}
void copy(packed::Vec3::Reader from, Vec3& to) { to = {from.getX(), from.getY(), from.getZ()}; }

void build(packed::Weapon::Builder to, const Weapon& from) {
  to.setName(text_of(from.name));
  to.setDamage(from.damage);
}
void copy(packed::Weapon::Reader from, Weapon& to) {
  to.name.assign(from.getName().begin(), from.getName().size());
  to.damage = from.getDamage();
}

void build(packed::Monster::Builder to, const Monster& from) {
  build(to.initPos(), from.pos);
  to.setMana(from.mana);
  to.setHp(from.hp);
  to.setName(text_of(from.name));
  to.setInventory({from.inventory.data(), from.inventory.size()});
  to.setColor(static_cast<packed::Color>(from.color));
  auto weapons = to.initWeapons(count_of(from.weapons));
  for (unsigned i = 0; i < weapons.size(); ++i) build(weapons[i], from.weapons[i]);
  build(to.initEquipped(), from.equipped);
  auto path = to.initPath(count_of(from.path));
  for (unsigned i = 0; i < path.size(); ++i) build(path[i], from.path[i]);
}
void copy(packed::Monster::Reader from, Monster& to) {
  copy(from.getPos(), to.pos);
  to.mana = from.getMana();
  to.hp = from.getHp();
  to.name.assign(from.getName().begin(), from.getName().size());
  to.inventory.assign(from.getInventory().begin(), from.getInventory().end());
  to.color = static_cast<Color>(from.getColor());
  const auto weapons = from.getWeapons();
  to.weapons.resize(weapons.size());
  for (unsigned i = 0; i < weapons.size(); ++i) copy(weapons[i], to.weapons[i]);
  copy(from.getEquipped(), to.equipped);
  const auto path = from.getPath();
  to.path.resize(path.size());
  for (unsigned i = 0; i < path.size(); ++i) copy(path[i], to.path[i]);
}

class CapnProto {
 public:
  void write(const Monsters& monsters) {
    write_message<packed::Monsters>([&](packed::Monsters::Builder root) {
      auto list = root.initList(count_of(monsters));
      for (unsigned i = 0; i < list.size(); ++i) build(list[i], monsters[i]);
    });
  }
  void read(Monsters& monsters) {
    read_message<packed::Monsters>([&](packed::Monsters::Reader root) {
      const auto list = root.getList();
      monsters.resize(list.size());
      for (unsigned i = 0; i < list.size(); ++i) copy(list[i], monsters[i]);
    });
  }

  void write(const Rows& rows) {
    write_message<packed::Rows>([&](packed::Rows::Builder root) {
      auto list = root.initList(count_of(rows));
      for (unsigned i = 0; i < list.size(); ++i) {
        auto numbers = list.init(i, count_of(rows[i]));
        for (unsigned k = 0; k < numbers.size(); ++k) numbers.set(k, rows[i][k]);
      }
    });
  }
  void read(Rows& rows) {
    read_message<packed::Rows>([&](packed::Rows::Reader root) {
      const auto list = root.getList();
      rows.resize(list.size());
      for (unsigned i = 0; i < list.size(); ++i) {
        const auto numbers = list[i];
        rows[i].resize(numbers.size());
        for (unsigned k = 0; k < numbers.size(); ++k) rows[i][k] = numbers[k];
      }
    });
  }

  void write(const Dictionary& dictionary) {
    write_message<packed::Dictionary>([&](packed::Dictionary::Builder root) {
      auto list = root.initList(count_of(dictionary));
      unsigned i = 0;
      for (const auto& [key, value] : dictionary) {
        auto entry = list[i++];
        entry.setKey(text_of(key));
        entry.setValue(value);
      }
    });
  }
  void read(Dictionary& dictionary) {
    read_message<packed::Dictionary>([&](packed::Dictionary::Reader root) {
      dictionary.clear();
      dictionary.reserve(root.getList().size());
      for (const auto entry : root.getList()) {
        const auto key = entry.getKey();
        dictionary.emplace(std::string(key.begin(), key.size()), entry.getValue());
      }
    });
  }

 private:
  // The builder wants its segment zeroed, and zeroes it again when it is done.
  template <class Root, class Fill>
  void write_message(Fill fill) {
    if (segment_.size() < words_) segment_.assign(words_, 0);  // what the last message took
    capnp::MallocMessageBuilder message(words(segment_, segment_.size()));
    fill(message.initRoot<Root>());
    words_ = capnp::computeSerializedSizeInWords(message);
    if (buffer_.size() < words_) buffer_.resize(words_);
    kj::ArrayOutputStream out(words(buffer_, words_).asBytes());
    capnp::writeMessage(out, message);
  }
  template <class Root, class Use>
  void read_message(Use use) {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = std::uint64_t{1} << 40;
    capnp::FlatArrayMessageReader message(words(buffer_, words_), options);
    use(message.getRoot<Root>());
  }

  static kj::ArrayPtr<capnp::word> words(std::vector<std::uint64_t>& memory, std::size_t count) {
    return {reinterpret_cast<capnp::word*>(memory.data()), count};
  }

  std::vector<std::uint64_t> segment_ = std::vector<std::uint64_t>(1024);
  std::vector<std::uint64_t> buffer_;
  std::size_t words_ = 0;
};

}  // namespace

Trials capnp_trials(Topic topic, const Size& size) { return trials_of<CapnProto>(topic, size); }

}  // namespace manta::bench
