#include "parts.h"

#include <utility>

#include "process.h"

namespace manta::detail::parts {
namespace {

// There is no session but a Process.
Process& whole(OpenSession& session) { return static_cast<Process&>(session); }

}  // namespace

const Attachment& attachment(OpenSession& session) { return whole(session).attachment(); }
NodeLink& node(OpenSession& session) { return whole(session).node(); }
NodeQuestions& questions(OpenSession& session) { return whole(session).questions(); }
Ownership& ownership(OpenSession& session) { return whole(session).ownership(); }
rpc::Progress& progress(OpenSession& session) { return whole(session).progress(); }
Cancelling& cancelling(OpenSession& session) { return whole(session).cancelling(); }
ReadyWaits& ready_waits(OpenSession& session) { return whole(session).ready_waits(); }
Senders& senders(OpenSession& session) { return whole(session).senders(); }

void submit(OpenSession& session, base::Ref<Command> command) {
  whole(session).submit(std::move(command));
}
void run_commands(OpenSession& session) { whole(session).run_commands(); }

}  // namespace manta::detail::parts
