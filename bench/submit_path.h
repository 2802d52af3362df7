// remote(f)(x) as far as the queue, for hot_paths.cc. A source of its own: the others' counts depend on what the
// compiler sees beside them.
#pragma once

namespace manta::bench {

// Calls of two ints: each is made, submitted, and put into the queue of its scheduling key, which gets no lease. They
// stay there, so that their end is not counted.
void submit_call(int count);

}  // namespace manta::bench
