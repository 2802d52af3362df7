// cereal: binary archives on a stringstream, whose memory is used again.
#include <sstream>

#include <cereal/archives/binary.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/vector.hpp>

#include "trial.h"

namespace manta::bench {

template <class Archive>
void serialize(Archive& archive, Vec3& v) {
  archive(v.x, v.y, v.z);
}
template <class Archive>
void serialize(Archive& archive, Weapon& w) {
  archive(w.name, w.damage);
}
template <class Archive>
void serialize(Archive& archive, Monster& m) {
  archive(m.pos, m.mana, m.hp, m.name, m.inventory, m.color, m.weapons, m.equipped, m.path);
}

namespace {

class Cereal {
 public:
  template <class T>
  void write(const T& value) {
    stream_.seekp(0);
    cereal::BinaryOutputArchive archive(stream_);
    archive(value);
  }
  template <class T>
  void read(T& value) {
    stream_.seekg(0);
    cereal::BinaryInputArchive archive(stream_);
    archive(value);
  }

 private:
  std::stringstream stream_;
};

}  // namespace

Trials cereal_trials(Topic topic, const Size& size) { return trials_of<Cereal>(topic, size); }

}  // namespace manta::bench
