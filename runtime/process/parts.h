// The parts of a session that is open, for files which use one or two of them: they include the headers of these, and
// not those of the whole Process. The session comes from OpenSession::current(what), which is the check that one is
// open and the error that names the user's call.
//
// Threads: as of each part. Errors: none.
#pragma once
#include "../../base/counted.h"

namespace manta::detail {

class Cancelling;
class Command;
class NodeLink;
class NodeQuestions;
class OpenSession;
class Ownership;
class ReadyWaits;
struct Attachment;
struct Senders;
}  // namespace manta::detail

namespace manta::rpc {
class Progress;
}

namespace manta::detail {
namespace parts {

const Attachment& attachment(OpenSession& session);
NodeLink& node(OpenSession& session);
NodeQuestions& questions(OpenSession& session);
Ownership& ownership(OpenSession& session);
rpc::Progress& progress(OpenSession& session);
Cancelling& cancelling(OpenSession& session);
ReadyWaits& ready_waits(OpenSession& session);
Senders& senders(OpenSession& session);

void submit(OpenSession& session, base::Ref<Command> command);  // as Process::submit()
void run_commands(OpenSession& session);                        // as Process::run_commands()

}  // namespace parts
}  // namespace manta::detail
