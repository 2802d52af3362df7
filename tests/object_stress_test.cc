// Random exchange of references, arrays and handles between the driver and actors, some of which are killed. Every
// array holds its own number, so that memory that was freed too early, or is another's, is seen; at the end nothing is
// left.
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include <manta/manta.h>

#include "../base/file_tree_fixture.h"
#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using Ref = ObjectRef<Array<int>>;
using Bundle = std::vector<std::pair<int, Ref>>;

bool intact(int number, const Array<int>& array) {
  for (const int x : array) {
    if (x != number) return false;
  }
  return array.size() != 0;
}
Array<int> make(int number, std::size_t size) { return full<int>(size, number); }
Array<int> same(const Array<int>& array) { return array; }
Bundle same_bundle(Bundle bundle) { return bundle; }

// Sizes of all ways to store an array: inside the value, in a shared block, in slabs of its own; or of those that are
// spilled, alone or with others.
enum class Sizes { kAll, kSpilled };
std::size_t some_size(std::mt19937& random, Sizes sizes) {
  constexpr std::size_t kAll[] = {1, 5, 50, 2'000, 20'000, 100'000, 400'000};
  constexpr std::size_t kSpilled[] = {16'384, 20'000, 30'000, 75'000, 131'072, 150'000, 524'288};
  return sizes == Sizes::kAll ? kAll[random() % std::size(kAll)]
                              : kSpilled[random() % std::size(kSpilled)];
}

class Bag {
 public:
  explicit Bag(unsigned seed = 1, Sizes sizes = Sizes::kAll) : random_(seed), sizes_(sizes) {}

  void take(Bundle bundle) {
    for (auto& item : bundle) refs_.push_back(std::move(item));
    shrink();
  }
  void take_array(int number, Array<int> array) {
    arrays_.emplace_back(number, std::move(array));
    shrink();
  }
  void meet(std::vector<ActorHandle<Bag>> peers) { peers_ = std::move(peers); }
  Bundle give() {
    Bundle some;
    for (const auto& item : refs_) {
      if (random_() % 2 == 0) some.push_back(item);
    }
    return some;
  }
  std::vector<std::pair<int, Array<int>>> give_arrays() { return arrays_; }

  // Does something; gives how many arrays were wrong.
  int step(int number) {
    switch (random_() % 8) {
      case 0:
        refs_.emplace_back(number, put(make(number, some_size(random_, sizes_))));
        break;
      case 1:
        refs_.emplace_back(number,
                           remote(make)(number, some_size(random_, sizes_)));  // not there yet
        break;
      case 2:
        if (!peers_.empty()) peers_[random_() % peers_.size()].post(&Bag::take, give());
        break;
      case 3:
        if (!peers_.empty() && !arrays_.empty()) {
          const auto& [n, array] = arrays_[random_() % arrays_.size()];
          peers_[random_() % peers_.size()].post(&Bag::take_array, n, array);
        }
        break;
      case 4:
        if (!refs_.empty()) {
          const auto& [n, ref] = refs_[random_() % refs_.size()];
          keep(n, ref);
        }
        break;
      case 5:
        if (!refs_.empty()) {
          const auto& [n, ref] = refs_[random_() % refs_.size()];
          refs_.emplace_back(n, remote(same)(ref));
        }
        break;
      case 6:
        drop();
        break;
      default:
        refs_.emplace_back(number, put(make(number, some_size(random_, sizes_))));
        pending_ = remote(same_bundle)(give());
    }
    shrink();
    return check();
  }
  int check() {
    int wrong = 0;
    for (const auto& [number, array] : arrays_) wrong += intact(number, array) ? 0 : 1;
    if (refs_.empty()) return wrong;
    const auto& [number, ref] = refs_[random_() % refs_.size()];
    try {
      wrong += intact(number, get(ref)) ? 0 : 1;
    } catch (const OwnerDied&) {  // its maker was killed before it was there
    }
    return wrong;
  }
  void clear() {
    refs_.clear();
    arrays_.clear();
    peers_.clear();
    pending_ = {};
  }

 private:
  void keep(int number, const Ref& ref) {
    try {
      arrays_.emplace_back(number, get(ref));
    } catch (const OwnerDied&) {
    }
  }
  void drop() {
    if (!refs_.empty()) refs_.erase(refs_.begin() + std::ptrdiff_t(random_() % refs_.size()));
    if (!arrays_.empty()) {
      arrays_.erase(arrays_.begin() + std::ptrdiff_t(random_() % arrays_.size()));
    }
  }
  void shrink() {
    while (refs_.size() > 12 || arrays_.size() > 6) drop();
  }

  std::mt19937 random_;
  Sizes sizes_;
  Bundle refs_;
  std::vector<std::pair<int, Array<int>>> arrays_;
  std::vector<ActorHandle<Bag>> peers_;
  ObjectRef<Bundle> pending_;
};

class ObjectStress : public ClusterTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  static void exchange(unsigned seed, Sizes sizes);
};

void ObjectStress::exchange(unsigned seed, Sizes sizes) {
  constexpr int kActors = 4;
  const int steps_of_all = sizes == Sizes::kAll ? 300 : 150;
  std::mt19937 random(seed);
  Bag here(seed, sizes);
  std::vector<ActorHandle<Bag>> actors;
  unsigned made = 0;
  const auto acquaint = [&] {
    for (const auto& actor : actors) actor.post(&Bag::meet, actors);
    here.meet(actors);
  };
  for (int i = 0; i < kActors; ++i) actors.push_back(actor<Bag>(seed * 100 + ++made, sizes));
  acquaint();
  std::vector<ObjectRef<int>> steps;
  for (int i = 0; i < steps_of_all; ++i) {
    for (auto& actor : actors) steps.push_back(actor.call(&Bag::step, i));
    EXPECT_EQ(here.step(i), 0);
    const auto& someone = actors[random() % actors.size()];
    if (random() % 4 == 0) here.take(get(someone.call(&Bag::give)));
    if (random() % 4 == 0) {
      for (auto& [number, array] : get(someone.call(&Bag::give_arrays))) {
        here.take_array(number, std::move(array));
      }
    }
    if (random() % 40 == 0) {
      auto& victim = actors[random() % actors.size()];
      victim.kill();
      victim = actor<Bag>(seed * 100 + ++made, sizes);
      acquaint();
    }
  }
  for (const auto& step : steps) {
    try {
      EXPECT_EQ(get(step), 0);
    } catch (const ActorDied&) {
    }
  }
  EXPECT_EQ(here.check(), 0);
  // Actors know each other, so they would live for ever.
  for (const auto& actor : actors) actor.post(&Bag::clear);
  here.clear();
}

TEST_P(ObjectStress, NothingIsLostOrLeft) {
  open({.cpus = 3, .object_store_bytes = std::uint64_t{1} << 30});
  exchange(GetParam(), Sizes::kAll);
}

TEST_P(ObjectStress, NothingIsLostOrLeftOfWhatIsSpilled) {
  const base::FileTree tree;
  open({.cpus = 3,
        .object_store_bytes = std::uint64_t{24} << 20,
        .spill_dirs = {tree.root().string()}});
  exchange(GetParam(), Sizes::kSpilled);
}

// More of them: MANTA_STRESS_SEEDS=500.
unsigned seeds() {
  const char* wanted = std::getenv("MANTA_STRESS_SEEDS");
  return wanted == nullptr ? 8 : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}
INSTANTIATE_TEST_SUITE_P(Seeds, ObjectStress, ::testing::Range(1U, 1U + seeds()));

}  // namespace
}  // namespace manta::testing
