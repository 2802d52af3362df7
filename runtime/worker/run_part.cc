#include "run_part.h"

#include <cxxabi.h>

#include "../ownership/open_session.h"
#include "exceptions.h"
#include "throw_stack.h"

namespace manta::detail {

// A forced unwind has no object, though it is caught by reference.
__attribute__((no_sanitize("null"))) std::optional<ErrorRecord> run_part(void (*part)(void*),
                                                                         void* state) {
  try {
    part(state);
  } catch (const ExitActor&) {
    throw;
  } catch (const abi::__forced_unwind&) {  // pthread_exit()
    throw;
  } catch (const EveryThrow&) {  // takes nothing, see throw_stack.h
  } catch (...) {
    return record_current_exception(OpenSession::current("a task").node_id());
  }
  return std::nullopt;
}

}  // namespace manta::detail
