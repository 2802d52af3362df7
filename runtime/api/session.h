// Sessions: manta::init() starts a private node on this machine, the Session's end ends it and all that runs there.
//
//   auto session = manta::init();                          // no daemon, no configuration
//   auto session = manta::init({.cpus = 4});
//
// One session is open at a time; init after shutdown is allowed. The end waits for nothing: it stops tasks and actors
// (without their destructors) and leaves no process, shared memory or file, as does the death of the process, also by
// SIGKILL. Arrays that were got stay valid. Refs and handles of an ended session throw InvalidArgument when used.
// Errors: InvalidArgument: a second open session, in a task or actor, before main, a bad option or MANTA_* value, an
//         option that is not supported, a program not linked with the wrapped main. BuildMismatch: a part of the
//         program was compiled with other settings of the standard library. RuntimeError: the node did not start,
//         with the reason.
// Threads: init and shutdown from one thread at a time.
#pragma once
#include <filesystem>
#include <memory>

#include "../../base/counted.h"
#include "../../base/id.h"
#include "../launch/on_start.h"
#include "../options/options.h"

namespace manta {
namespace detail {
struct Attachment;
}

class [[nodiscard]] Session {
 public:
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  void shutdown();  // repeating it does nothing
  JobId job() const;
  // Logs and sockets of this session; removed at its end unless MANTA_KEEP_LOGS=1.
  std::filesystem::path directory() const;

 private:
  friend Session init(InitOptions options);
  struct State;
  explicit Session(std::unique_ptr<State> state);
  static std::unique_ptr<State> open_session(detail::Attachment attachment);
  std::unique_ptr<State> state_;
};

Session init(InitOptions options = {});

}  // namespace manta
