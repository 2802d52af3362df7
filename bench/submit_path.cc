#include "submit_path.h"

#include <cstddef>
#include <utility>
#include <vector>

#include <manta/manta.h>

#include "../base/check.h"
#include "../runtime/process/attachment_fixture.h"
#include "../runtime/process/process.h"

namespace manta::bench {
namespace {

int add(int x, int y) { return x + y; }

// A driver whose node is silent and whose ring thread has stopped: the thread that submits serves, too. It lives as
// long as the program.
detail::Process& lonely_driver() {
  detail::Attachment attachment = detail::attachment_without_node();
  attachment.cpus = 1;
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
