// A Command is something that a user thread asks of the holder of the progress baton, through the process's queue: a
// call, or work on the tables that must keep its place among the calls of that thread.
//
//   made --submit--> queued --run()--> done, or handed on: as a dependent of an object, which calls object_done()
//
// Threads: made by any; run() and object_done() by the holder of the baton, under the tables lock.
#pragma once
#include "../../base/counted.h"
#include "../../rpc/mpsc_queue.h"

namespace manta::detail {

class CallRouter;

class Command : public base::Counted, public rpc::MpscLink {
 public:
  // `self` is this: whoever has it decides how long it lives.
  virtual void run(base::Ref<Command> self, CallRouter& router) = 0;
  virtual void object_done(base::Ref<Command> self, CallRouter& router) {
    run(std::move(self), router);
  }
};

}  // namespace manta::detail
