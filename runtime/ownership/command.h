// A Command is something that a user thread asks of the holder of the progress baton, through the process's queue: a
// call, or work on the tables that must keep its place among the calls of that thread.
//
//   made --submit--> queued --run()--> done, or handed on: as a dependent of an object, which calls object_done()
//
// Threads: made by any; run() and object_done() by the holder of the baton, under the tables lock.
#pragma once
#include <cstdint>
#include <utility>

#include "../../base/counted.h"
#include "../../rpc/mpsc_queue.h"

namespace manta::detail {

class CallRouter;

// A base of its own, because so it lies in the four bytes that the count leaves free.
class Submitted : public base::Counted {
 public:
  std::uint32_t submitted_ms = 0;  // the lowest bits of monotonic_ms()
};

class Command : public Submitted, public rpc::MpscLink {
 public:
  // `self` is this: whoever has it decides how long it lives.
  virtual void run(base::Ref<Command> self, CallRouter& router) = 0;
  virtual void object_done(base::Ref<Command> self, CallRouter& router) {
    run(std::move(self), router);
  }
};

// A command that calls run(self).
template <class Run>
base::Ref<Command> command_of(Run run) {
  class Calling final : public Command {
   public:
    explicit Calling(Run&& what) : run_(std::move(what)) {}
    void run(base::Ref<Command> self, CallRouter&) override { run_(std::move(self)); }

   private:
    Run run_;
  };
  return base::make_ref<Calling>(std::move(run));
}

}  // namespace manta::detail
