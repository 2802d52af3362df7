// A Trial is one library with one value: write() turns the value into bytes in memory that the library keeps and uses
// again, read() turns these bytes into a value, same() says whether that equals what was written.
//
// A library is a class with overloads of `void write(const T&)` and `void read(T&)`: read() gets the result of the
// last read, in whose memory it may read if that is the library's way (as fraillt's benchmark has it).
// Threads: confined. Errors: whatever the library throws.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "values.h"

namespace manta::bench {

class Trial {
 public:
  Trial() = default;
  virtual ~Trial() = default;
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  virtual void write() = 0;
  virtual void read() = 0;
  virtual bool same() const = 0;
};
using Trials = std::vector<std::unique_ptr<Trial>>;  // done one after the other; none: cannot do it

enum class Topic {
  kMonsters,     // lists of Monster, read over the lists that were read last
  kNewMonsters,  // the same, each read into a new list
  kRows,         // many arrays of doubles
  kSharedRow,    // one array, mentioned many times
  kDictionary,   // strings to numbers
  kLargeGet,     // an array in the object store
};

enum class Into { kLastResult, kNewValue };

template <class T>
struct Same {
  static bool check(const T& written, const T& read) { return written == read; }
};
template <>
struct Same<SharedRow> {  // and still one row
  static bool check(const SharedRow& written, const SharedRow& read) {
    if (written.size() != read.size() || *written.front() != *read.front()) return false;
    return std::all_of(read.begin(), read.end(),
                       [&](const auto& row) { return row == read.front(); });
  }
};

template <class Library, class T>
class TrialOf final : public Trial {
 public:
  explicit TrialOf(T value, Into into = Into::kLastResult)
      : value_(std::move(value)), into_(into) {}

  void write() override { library_.write(value_); }
  void read() override {
    if (into_ == Into::kNewValue) result_ = T();
    library_.read(result_);
  }
  bool same() const override { return Same<T>::check(value_, result_); }

 private:
  const T value_;
  const Into into_;
  Library library_;
  T result_;
};

template <class Library, class T>
concept Does = requires(Library library, const T& in, T& out) {
  library.write(in);
  library.read(out);
};

template <class Library, class T>
void add_trial(Trials& trials, T value, Into into = Into::kLastResult) {
  if constexpr (Does<Library, T>) {
    trials.push_back(std::make_unique<TrialOf<Library, T>>(std::move(value), into));
  }
}

// The trials of a topic, with the values as the peers have them.
template <class Library>
Trials trials_of(Topic topic, const Size& size) {
  Trials trials;
  if (topic == Topic::kMonsters || topic == Topic::kNewMonsters) {
    const auto into = topic == Topic::kMonsters ? Into::kLastResult : Into::kNewValue;
    for (auto& list : monster_lists(size)) add_trial<Library>(trials, std::move(list), into);
  } else if (topic == Topic::kRows) {
    add_trial<Library>(trials, rows(size));
  } else if (topic == Topic::kSharedRow) {
    add_trial<Library>(trials, shared_row(size));
  } else if (topic == Topic::kDictionary) {
    add_trial<Library>(trials, dictionary(size));
  }
  return trials;
}

struct Library {
  std::string_view name;
  Trials (*trials)(Topic, const Size&);
};

// Manta's two ways first, then the peers that this program was built with, then the floor.
const std::vector<Library>& libraries();

Trials manta_trials(Topic, const Size&);  // encode and decode, as the runtime does
// manta::serialize and deserialize: bytes with a checksum.
Trials manta_bytes_trials(Topic, const Size&);
Trials cereal_trials(Topic, const Size&);
Trials boost_trials(Topic, const Size&);
Trials msgpack_trials(Topic, const Size&);
Trials flatbuffers_trials(Topic, const Size&);
Trials capnp_trials(Topic, const Size&);
Trials copy_trials(Topic, const Size&);  // the floor

}  // namespace manta::bench
