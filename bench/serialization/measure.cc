#include "measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <exception>

namespace manta::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTries = 5;
constexpr double kLeastSeconds = 0.05;  // of one try

double seconds_of(std::uint64_t rounds, auto&& round) {
  const auto began = Clock::now();
  for (std::uint64_t i = 0; i < rounds; ++i) round();
  return std::chrono::duration<double>(Clock::now() - began).count();
}

std::uint64_t calibrated(auto&& round) {  // also warms up
  std::uint64_t rounds = 1;
  while (seconds_of(rounds, round) < kLeastSeconds) rounds *= 2;
  return rounds;
}

// One library in one case. An exception ends it; its row says why.
class Contender {
 public:
  Contender(const Library& library, const Case& of, const Size& size, Pace pace)
      : pace_(pace),
        size_(size),
        monsters_(of.topic == Topic::kMonsters || of.topic == Topic::kNewMonsters) {
    row_.library = library.name;
    guard([&] {
      trials_ = library.trials(of.topic, size);
      if (trials_.empty()) return;
      write_all();  // and once more, into memory that is there
      write_all();
      read_all();
      check();
      choose_rounds();
    });
  }

  bool takes_part() const { return !trials_.empty() && row_.error.empty(); }
  bool has_row() const { return !trials_.empty() || !row_.error.empty(); }

  void take_turn() {
    guard([&] {
      keep_best(kWrite, seconds_of(rounds_[kWrite], [&] { write_all(); }));
      keep_best(kRead, seconds_of(rounds_[kRead], [&] { read_all(); }));
      check();
    });
  }

  const Row& row() const { return row_; }

 private:
  void guard(auto&& action) {
    try {
      action();
    } catch (const std::exception& error) {
      row_.error = error.what();
    }
  }

  void write_all() {
    for (const auto& trial : trials_) trial->write();
  }
  void read_all() {
    for (const auto& trial : trials_) trial->read();
  }
  void check() {
    const bool same =
        std::all_of(trials_.begin(), trials_.end(), [](const auto& t) { return t->same(); });
    if (!same) row_.error = "what was read is not what was written";
  }

  void choose_rounds() {
    if (monsters_) {
      std::size_t monsters_a_round = 0;
      for (const auto& list : monster_lists(size_)) monsters_a_round += list.size();
      const std::uint64_t rounds = (size_.monsters + monsters_a_round - 1) / monsters_a_round;
      rounds_[kWrite] = rounds_[kRead] = rounds;
      operations_a_round_ =
          static_cast<double>(monsters_a_round) / static_cast<double>(size_.monsters);
    } else if (pace_ == Pace::kFull) {
      rounds_[kWrite] = calibrated([&] { write_all(); });
      rounds_[kRead] = calibrated([&] { read_all(); });
    }
  }

  void keep_best(Column column, double seconds) {
    const double one = seconds / static_cast<double>(rounds_[column]) / operations_a_round_;
    double& best = row_.seconds[column];
    if (std::isnan(best) || one < best) best = one;
  }

  const Pace pace_;
  const Size size_;
  const bool monsters_;
  Trials trials_;
  std::uint64_t rounds_[kColumns] = {1, 1};
  double operations_a_round_ = 1;  // monsters: the part of all of them
  Row row_;
};

}  // namespace

Table measure(const Case& of, Pace pace) {
  Table table{&of, {}};
  if (of.topic == Topic::kLargeGet) {
    table.rows.push_back(large_get(pace));
    return table;
  }
  const Size& size = pace == Pace::kFull ? kFullSize : kSmokeSize;
  std::vector<std::unique_ptr<Contender>> contenders;
  for (const auto& library : libraries()) {
    contenders.push_back(std::make_unique<Contender>(library, of, size, pace));
  }
  for (int i = 0; i < (pace == Pace::kFull ? kTries : 1); ++i) {
    for (const auto& contender : contenders) {
      if (contender->takes_part()) contender->take_turn();
    }
  }
  for (const auto& contender : contenders) {
    if (contender->has_row()) table.rows.push_back(contender->row());
  }
  return table;
}

}  // namespace manta::bench
