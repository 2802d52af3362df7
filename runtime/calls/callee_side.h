// The CalleeSide of a process is its other side: what runs the calls of others, in a worker. A driver has none.
//
// Threads: the holder of the progress baton, under the tables lock; runs_a_task() and what_runs(): any.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "../ownership/number_range.h"
#include "../wire/node_messages.h"

namespace manta::detail {

class CalleeSide {
 public:
  virtual void on(const LaneOpen& open) = 0;
  virtual void on(const LaneClose& close) = 0;
  virtual void on(const CallCancel& cancel) = 0;
  virtual void on(const ActorStart& start, PayloadBytes payload) = 0;
  virtual void on(const ActorEnd& end) = 0;
  virtual void on(const ExitNow& exit) = 0;
  // The lane is closed or dead at the other end. True: it is to be closed at this end too, now. False: it is unknown,
  // or a call of it runs, after which the callee closes it.
  virtual bool forget_lane(std::uint32_t lane) = 0;
  virtual bool poll() = 0;
  virtual bool pending() const = 0;
  virtual bool runs_a_task() const = 0;  // and does not wait in it
  // The call that runs now, of several in a local session the last to begin, as name_in_waits() gives it; or "".
  virtual std::string what_runs() const = 0;
  // Of a call that runs here: this_task().cancelled() is true from now on, with `nested` also for the calls that run in
  // its place. Gives the numbers of what it had called when it was asked first; nothing if it runs no more.
  virtual std::optional<NumberRange> ask_to_end(const TaskId& task, bool nested) = 0;

 protected:
  ~CalleeSide() = default;
};

}  // namespace manta::detail
