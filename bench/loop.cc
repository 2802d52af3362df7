#include "loop.h"

#include <cmath>

#include "loops.h"

namespace manta::bench {
namespace {

constexpr FloorOf round_trips(double count) { return {FloorOf::kRoundTrips, count}; }
constexpr FloorOf spawns(double count) { return {FloorOf::kSpawns, count}; }
constexpr FloorOf tbb_tasks{FloorOf::kTbbTasks, 1};
constexpr FloorOf ratio{FloorOf::kRatio, 1};
constexpr FloorOf no_floor{};

// Of the store's loops, which are as fast as they should be, 0.8 of what they were on a quiet machine with a round trip
// of 0.11 us.
constexpr Budget of_floor(double ratio_to_floor) {
  Budget budget(ratio_to_floor);
  budget.of_floor = true;
  return budget;
}

// Seconds that the floor of one operation takes.
double floor_seconds(const Loop& loop, const Floors& floors) {
  double once = floors.at("spin_round_trip") * 1e-6;
  if (loop.floor.kind == FloorOf::kSpawns) once = 1 / floors.at("spawn_exec_exit");
  if (loop.floor.kind == FloorOf::kTbbTasks) once = 1 / floors.at("tbb_task_group");
  return loop.floor.count * once;
}

double in_seconds(std::string_view unit) { return unit == "us" ? 1e-6 : unit == "ms" ? 1e-3 : 1; }

}  // namespace

// In the order of the table of budgets.
const std::vector<Loop>& all_loops() {
  static const std::vector<Loop> loops{
      {"get_small", "/s", of_floor(4.8), round_trips(1), get_small},
      {"put_small", "/s", of_floor(1.5), round_trips(1), put_small},
      {"put_small_shared", "/s", of_floor(0.66), round_trips(1), put_small_shared},
      {"multi_client_put", "/s", of_floor(1.4), round_trips(1), multi_client_put},
      {"put_scaling", "ratio", 1.7, ratio, put_scaling},
      {"put_800mib_warm", "ratio", 0.9, ratio, put_800mib_warm},
      {"put_800mib_cold", "ratio", 0.95, ratio, put_800mib_cold},
      {"put_800mib_built_us", "us", 200, round_trips(1), put_800mib_built},
      {"spill", "ratio", 0.8, ratio, spill},
      {"restore", "ratio", 0.8, ratio, restore},
      {"get_100mib_us", "us", of_floor(2.5), round_trips(1), get_100mib},
      {"get_1gib_us", "us", of_floor(2.5), round_trips(1), get_1gib},
      {"tasks_sync", "/s", 200e3, round_trips(1), tasks_sync},
      {"tasks_async", "/s", of_floor(0.5), tbb_tasks, tasks_async},
      {"multi_client_tasks_async", "/s", 500e3, round_trips(1), multi_client_tasks_async},
      {"actor_sync", "/s", 200e3, round_trips(1), actor_sync},
      {"actor_async", "/s", 1e6, round_trips(1), actor_async},
      {"nn_actor_with_ref", "/s", 200e3, round_trips(1), nn_actor_with_ref},
      {"wait_1k", "/s", 200, round_trips(1000), wait_1k},
      {"get_10k_refs", "/s", 500, round_trips(10e3), get_10k_refs},
      {"queued_1m_s", "s", 3, round_trips(1e6), queued_1m},
      {"args_10k_ms", "ms", 20, round_trips(10e3), args_10k},
      {"get_10k_objects_ms", "ms", 10, round_trips(10e3), get_10k_objects},
      {"returns_3k_ms", "ms", 10, round_trips(3e3), returns_3k},
      {"chain_2000", "/s", 100e3, round_trips(1), chain_2000},
      {"actors_process", "/s", 300, spawns(1), actors_process},
      {"recursion_20k_ratio", "x", 1.3, no_floor, recursion_20k},
      {"recursion_5k_ratio", "x", 2, no_floor, recursion_5k},
      {"parallel_for_ratio", "x", 1.1, no_floor, parallel_for_loop},
      {"map_reduce_ratio", "x", 1.1, no_floor, map_reduce_loop},
      {"worker_private_mb", "MB", 3, no_floor, worker_private},
      {"init_to_first_ms", "ms", 100, spawns(2), init_to_first},
      {"shutdown_ms", "ms", 50, spawns(1), shutdown},
      {"killed_worker_retry_ms", "ms", 30, spawns(1), killed_worker_retry},
      {"owner_died_ms", "ms", 1000, no_floor, owner_died},
      {"idle_cpu_percent", "%", 0.2, no_floor, idle_cpu},
      {"as_completed_100k_s", "s", 0.1, round_trips(100e3), as_completed_100k},
      {"wait_100k_s", "s", 1, round_trips(100e3), wait_100k},
      {"generator_items", "/s", 300e3, round_trips(1), generator_items},
      {"on_ready", "/s", 500e3, round_trips(1), on_ready},
      {"async_get", "/s", 300e3, round_trips(1), async_get},
      {"small_put_bytes", "B", 96, no_floor, small_put_bytes},
      {"queued_call_bytes", "B", 256, no_floor, queued_call_bytes},
      {"queued_call_with_ref_bytes", "B", 300, no_floor, queued_call_with_ref_bytes},
  };
  return loops;
}

double floor_ratio(const Loop& loop, double value, const Floors& floors) {
  if (std::isnan(value) || loop.floor.kind == FloorOf::kNoFloor) return kNone;
  if (loop.floor.kind == FloorOf::kRatio) return value;
  const double least = floor_seconds(loop, floors);
  return loop.unit == "/s" ? value * least : least / (value * in_seconds(loop.unit));
}

double budget_of(const Loop& loop, const Floors& floors) {
  if (!loop.budget.of_floor) return loop.budget.value;
  const double least = floor_seconds(loop, floors);
  return loop.unit == "/s" ? loop.budget.value / least
                           : least / (loop.budget.value * in_seconds(loop.unit));
}

bool reached(const Loop& loop, double value, const Floors& floors) {
  const double budget = budget_of(loop, floors);
  return loop.more_is_better() ? value >= budget : value <= budget;
}

}  // namespace manta::bench
