// The peers whose packages were found when this was configured: CMakeLists.txt defines MANTA_BENCH_WITH_*.
#include "trial.h"

namespace manta::bench {

const std::vector<Library>& libraries() {
  static const std::vector<Library> all = {
      {"Manta", manta_trials},
      {"Manta as bytes", manta_bytes_trials},
#ifdef MANTA_BENCH_WITH_CEREAL
      {"cereal", cereal_trials},
#endif
#ifdef MANTA_BENCH_WITH_BOOST
      {"Boost", boost_trials},
#endif
#ifdef MANTA_BENCH_WITH_MSGPACK
      {"msgpack", msgpack_trials},
#endif
#ifdef MANTA_BENCH_WITH_FLATBUFFERS
      {"FlatBuffers", flatbuffers_trials},
#endif
#ifdef MANTA_BENCH_WITH_CAPNP
      {"Cap'n Proto", capnp_trials},
#endif
      {"a copy (floor)", copy_trials},
  };
  return all;
}

}  // namespace manta::bench
