#include "submit_path.h"

#include <cstddef>
#include <utility>
#include <vector>

#include <manta/manta.h>

#include "../base/check.h"
#include "../objectstore/arena/arena.h"
#include "../objectstore/arena/arena_files.h"
#include "../rpc/control.h"
#include "../runtime/process/process.h"

namespace manta::bench {
namespace {

constexpr objectstore::ArenaSize kSize{.memory = std::size_t{16} << 20};

int add(int x, int y) { return x + y; }

// A driver whose node is silent and whose ring thread has stopped: the thread that submits serves, too. It lives as
// long as the program.
detail::Process& lonely_driver() {
  detail::Attachment attachment;
  attachment.slot = rpc::kDriverSlot;
  attachment.cpus = 1;
  attachment.control = rpc::Control::create(
      {.arena_bytes = kSize.memory, .store_meta_bytes = objectstore::Arena::metadata_size(kSize)});
  const rpc::Control control(attachment.control.get());
  objectstore::Arena::initialize(control.store_meta(), control.store_meta_size(), kSize);
  attachment.arena = objectstore::create_arena_files(kSize.memory);
  detail::Process& process = *detail::Process::open(std::move(attachment)).detach();
  process.progress().stop();
  return process;
}

}  // namespace

void submit_call(int count) {
  static detail::Process& process = lonely_driver();
  static auto& refs = *new std::vector<ObjectRef<int>>;
  refs.reserve(refs.size() + static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) refs.push_back(remote(add)(i, i));
  base::check(process.senders().tasks.any_queued(), "calls in the queue");
}

}  // namespace manta::bench
