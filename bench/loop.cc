#include "loop.h"

#include <cmath>

#include "loops.h"

namespace manta::bench {
namespace {

constexpr FloorOf round_trips(double count) { return {FloorOf::kRoundTrips, count}; }
constexpr FloorOf spawns(double count) { return {FloorOf::kSpawns, count}; }
constexpr FloorOf ratio{FloorOf::kRatio, 1};
constexpr FloorOf no_floor{};

}  // namespace

// In the order of the table of budgets.
const std::vector<Loop>& all_loops() {
  static const std::vector<Loop> loops{
      {"get_small", "/s", 3e6, round_trips(1), get_small},
      {"put_small", "/s", 2e6, round_trips(1), put_small},
      {"put_small_shared", "/s", 300e3, round_trips(1), put_small_shared},
      {"multi_client_put", "/s", 600e3, round_trips(1), multi_client_put},
      {"put_800mib_warm", "ratio", 0.9, ratio, put_800mib_warm},
      {"put_800mib_cold", "ratio", 0.95, ratio, put_800mib_cold},
      {"spill", "ratio", 0.8, ratio, spill},
      {"restore", "ratio", 0.8, ratio, restore},
      {"get_100mib_us", "us", 2, round_trips(1), get_100mib},
      {"tasks_sync", "/s", 200e3, round_trips(1), tasks_sync},
      {"tasks_async", "/s", 500e3, round_trips(1), tasks_async},
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
  const double floor_seconds = loop.floor.count * (loop.floor.kind == FloorOf::kRoundTrips
                                                       ? floors.at("spin_round_trip") * 1e-6
                                                       : 1 / floors.at("spawn_exec_exit"));
  if (loop.unit == "/s") return value * floor_seconds;
  const double in_seconds = loop.unit == "us" ? 1e-6 : loop.unit == "ms" ? 1e-3 : 1;
  return floor_seconds / (value * in_seconds);
}

}  // namespace manta::bench
