// msgpack-cxx: records as arrays in an sbuffer, which is used again. It has no identity: a shared row would come back
// as many.
#include <msgpack.hpp>

#include "trial.h"

MSGPACK_ADD_ENUM(manta::bench::Color)

namespace msgpack {
MSGPACK_API_VERSION_NAMESPACE(MSGPACK_DEFAULT_API_NS) {
  namespace adaptor {

  // A record as an array of its members.
  template <class T>
  struct Record {
    template <class... M>
    static void pack(auto& packer, const M&... member) {
      packer.pack_array(sizeof...(M));
      (packer.pack(member), ...);
    }
    template <class... M>
    static void convert(const msgpack::object& o, M&... member) {
      if (o.type != msgpack::type::ARRAY || o.via.array.size != sizeof...(M)) throw type_error();
      const msgpack::object* from = o.via.array.ptr;
      ((from++)->convert(member), ...);
    }
  };

  template <>
  struct pack<manta::bench::Vec3> {
    auto& operator()(auto& packer, const manta::bench::Vec3& v) const {
      Record<manta::bench::Vec3>::pack(packer, v.x, v.y, v.z);
      return packer;
    }
  };
  template <>
  struct convert<manta::bench::Vec3> {
    const msgpack::object& operator()(const msgpack::object& o, manta::bench::Vec3& v) const {
      Record<manta::bench::Vec3>::convert(o, v.x, v.y, v.z);
      return o;
    }
  };

  template <>
  struct pack<manta::bench::Weapon> {
    auto& operator()(auto& packer, const manta::bench::Weapon& w) const {
      Record<manta::bench::Weapon>::pack(packer, w.name, w.damage);
      return packer;
    }
  };
  template <>
  struct convert<manta::bench::Weapon> {
    const msgpack::object& operator()(const msgpack::object& o, manta::bench::Weapon& w) const {
      Record<manta::bench::Weapon>::convert(o, w.name, w.damage);
      return o;
    }
  };

  template <>
  struct pack<manta::bench::Monster> {
    auto& operator()(auto& packer, const manta::bench::Monster& m) const {
      Record<manta::bench::Monster>::pack(packer, m.pos, m.mana, m.hp, m.name, m.inventory, m.color,
                                          m.weapons, m.equipped, m.path);
      return packer;
    }
  };
  template <>
  struct convert<manta::bench::Monster> {
    const msgpack::object& operator()(const msgpack::object& o, manta::bench::Monster& m) const {
      Record<manta::bench::Monster>::convert(o, m.pos, m.mana, m.hp, m.name, m.inventory, m.color,
                                             m.weapons, m.equipped, m.path);
      return o;
    }
  };

  }  // namespace adaptor
}
}  // namespace msgpack

namespace manta::bench {
namespace {

class Msgpack {
 public:
  template <class T>
    requires(!std::same_as<T, SharedRow>)
  void write(const T& value) {
    buffer_.clear();
    msgpack::pack(buffer_, value);
  }
  template <class T>
    requires(!std::same_as<T, SharedRow>)
  void read(T& value) {
    msgpack::unpack(buffer_.data(), buffer_.size()).get().convert(value);
  }

 private:
  msgpack::sbuffer buffer_;
};

}  // namespace

Trials msgpack_trials(Topic topic, const Size& size) { return trials_of<Msgpack>(topic, size); }

}  // namespace manta::bench
