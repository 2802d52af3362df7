// Boost.Serialization: binary archives on a stringstream, whose memory is used again.
#include <sstream>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/unordered_map.hpp>
#include <boost/serialization/vector.hpp>

#include "trial.h"

namespace manta::bench {

template <class Archive>
void serialize(Archive& archive, Vec3& v, unsigned /*version*/) {
  archive& v.x& v.y& v.z;
}
template <class Archive>
void serialize(Archive& archive, Weapon& w, unsigned /*version*/) {
  archive& w.name& w.damage;
}
template <class Archive>
void serialize(Archive& archive, Monster& m, unsigned /*version*/) {
  archive& m.pos& m.mana& m.hp& m.name& m.inventory& m.color& m.weapons& m.equipped& m.path;
}

namespace {

class Boost {
 public:
  template <class T>
  void write(const T& value) {
    stream_.seekp(0);
    boost::archive::binary_oarchive archive(stream_);
    archive << value;
  }
  template <class T>
  void read(T& value) {
    stream_.seekg(0);
    boost::archive::binary_iarchive archive(stream_);
    archive >> value;
  }

 private:
  std::stringstream stream_;
};

}  // namespace

Trials boost_trials(Topic topic, const Size& size) { return trials_of<Boost>(topic, size); }

}  // namespace manta::bench
