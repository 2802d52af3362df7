// Manta's own two ways: what the runtime does, into an Encoded that it keeps, and bytes for files and sockets. The
// arrays are manta::Array, which neither way of reading copies.
#include <algorithm>

#include <manta/manta.h>

#include "../../serialization/bytes.h"
#include "../../serialization/encode.h"
#include "trial.h"

namespace manta::bench {

using Arrays = std::vector<Array<double>>;

// Equal, and one array where one was written.
template <>
struct Same<Arrays> {
  static bool check(const Arrays& written, const Arrays& read) {
    return std::equal(written.begin(), written.end(), read.begin(), read.end(),
                      [&](const auto& a, const auto& b) {
                        return a == b &&
                               same_storage(a, written.front()) == same_storage(b, read.front());
                      });
  }
};

namespace {

class InEncoded {
 public:
  template <class T>
  void write(const T& value) {
    serialization::encode(value, encoded_);
  }
  template <class T>
  void read(T& value) {
    value = serialization::decode<T>(encoded_);
  }

 private:
  serialization::Encoded encoded_;
};

class InBytes {
 public:
  template <class T>
  void write(const T& value) {
    bytes_ = serialize(value);
  }
  template <class T>
  void read(T& value) {
    value = deserialize<T>(bytes_);
  }

 private:
  Bytes bytes_;
};

Arrays arrays(const Size& size) {
  Arrays result;
  for (const auto& row : rows(size)) result.push_back(array_from(row));
  return result;
}

Arrays shared_array(const Size& size) { return Arrays(size.mentions, zeros<double>(42)); }

template <class Way>
Trials manta_trials_of(Topic topic, const Size& size) {
  Trials trials;
  if (topic == Topic::kRows) {
    add_trial<Way>(trials, arrays(size));
  } else if (topic == Topic::kSharedRow) {
    add_trial<Way>(trials, shared_array(size));
  } else {
    trials = trials_of<Way>(topic, size);
  }
  return trials;
}

}  // namespace

Trials manta_trials(Topic topic, const Size& size) {
  return manta_trials_of<InEncoded>(topic, size);
}
Trials manta_bytes_trials(Topic topic, const Size& size) {
  return manta_trials_of<InBytes>(topic, size);
}

}  // namespace manta::bench
