// The loops of `ray microbenchmark` and a few more, by file. Payloads and batch sizes are Ray's.
#pragma once
#include "loop.h"

namespace manta::bench {

// loops_objects.cc
Measured get_small(const Run& run);
Measured put_small(const Run& run);
Measured put_small_shared(const Run& run);
Measured multi_client_put(const Run& run);
Measured put_scaling(const Run& run);
Measured get_100mib(const Run& run);
Measured get_1gib(const Run& run);
// loops_large_puts.cc
Measured put_800mib_warm(const Run& run);
Measured put_800mib_cold(const Run& run);
Measured put_800mib_built(const Run& run);
// loops_spill.cc
Measured spill(const Run& run);
Measured restore(const Run& run);
// loops_tasks.cc
Measured tasks_sync(const Run& run);
Measured tasks_async(const Run& run);
Measured multi_client_tasks_async(const Run& run);
Measured chain_2000(const Run& run);
Measured queued_1m(const Run& run);
// loops_actors.cc
Measured actor_sync(const Run& run);
Measured actor_async(const Run& run);
Measured nn_actor_with_ref(const Run& run);
Measured actors_process(const Run& run);
// loops_many_refs.cc
Measured wait_1k(const Run& run);
Measured get_10k_refs(const Run& run);
Measured args_10k(const Run& run);
Measured get_10k_objects(const Run& run);
Measured returns_3k(const Run& run);
Measured as_completed_100k(const Run& run);
Measured wait_100k(const Run& run);
Measured generator_items(const Run& run);
// loops_callbacks.cc
Measured on_ready(const Run& run);
Measured async_get(const Run& run);
// loops_memory.cc
Measured small_put_bytes(const Run& run);
Measured queued_call_bytes(const Run& run);
Measured queued_call_with_ref_bytes(const Run& run);
// loops_recursion.cc
Measured recursion_20k(const Run& run);
Measured recursion_5k(const Run& run);
// loops_parallel.cc
Measured parallel_for_loop(const Run& run);
Measured map_reduce_loop(const Run& run);
// loops_lifecycle.cc
Measured worker_private(const Run& run);
Measured init_to_first(const Run& run);
Measured shutdown(const Run& run);
Measured killed_worker_retry(const Run& run);
Measured owner_died(const Run& run);
Measured idle_cpu(const Run& run);

}  // namespace manta::bench
