// Names of actors (decision 045): what processes ask of them, and which actors outlive their job.
//
//   NameClaim --the name is free--> the actor is declared, and has the name until it ends
//             --it is taken-->      NameTold names that actor, which the asker holds from now on if it wants it
//
// An actor whose last handle has just been counted down may end with this sweep of the rings: questions about its name
// are put off until that is known.
#include <algorithm>
#include <utility>

#include "actors.h"

namespace manta::detail::node {
namespace {

constexpr std::size_t kMostBytes = 32 << 10;  // of names in one message
constexpr std::size_t kBytesBesideAName = 16;

}  // namespace

void Actors::on(rpc::Slot from, const NameClaim& claim, PayloadBytes payload) {
  auto question = decode_name_question(payload);
  if (!question) return;
  answer({.from = from,
          .number = claim.question,
          .actor = claim.actor,
          .question = *std::move(question)});
  run_steps();
}

void Actors::on(rpc::Slot from, const NameAsk& ask, PayloadBytes payload) {
  auto question = decode_name_question(payload);
  if (!question) return;
  answer({.from = from, .number = ask.question, .question = *std::move(question)});
}

void Actors::answer(Asked asked) {
  const NameQuestion& question = asked.question;
  NameAnswer answer;
  NameTold told{.question = asked.number};
  if (question.name.empty()) {
    std::size_t bytes = 0;
    names_.visit(question.name_space, question.after,
                 [&](const std::string& name, const ActorId& actor) {
                   if (!table_.lives(actor)) return true;
                   answer.more = bytes >= kMostBytes;
                   if (answer.more) return false;
                   bytes += name.size() + kBytesBesideAName;
                   answer.names.push_back(name);
                   return true;
                 });
    peers_.send(asked.from, told, encode(answer));
    return;
  }
  const scheduler::ActorName name{question.name_space, question.name};
  const scheduler::NameTable::Bearer* const bearer = names_.find(name);
  answer.found = bearer != nullptr && table_.lives(bearer->actor);
  if (answer.found) {
    const scheduler::ActorTable::Actor& actor = *table_.find(bearer->actor);
    if (actor.holders.unused() && !actor.detached) {
      put_off_.push_back(std::move(asked));
      return;
    }
    answer.type = bearer->type;
    if (question.wants_held && question.type == bearer->type) {
      table_.add_holds(bearer->actor, asked.from, 1);
      answer.actor = told.held = bearer->actor;
    }
  } else if (!asked.actor.is_nil()) {
    names_.give(name, {.actor = asked.actor, .type = question.type});
    note_start(asked.actor, {.declared_only = true,
                             .creator = asked.from,
                             .name = question.name,
                             .detached = question.detached});
  }
  peers_.send(asked.from, told, encode(answer));
}

void Actors::answer_put_off() {
  for (Asked& asked : std::exchange(put_off_, {})) {
    if (peers_.live(asked.from)) answer(std::move(asked));
  }
  run_steps();
}

bool Actors::end_at(rpc::Slot worker, const std::string& why) {
  const auto entry = workers_.find(worker);
  if (entry == workers_.end()) return false;
  const ActorId id = entry->second;
  table_.kill(id, error_wire(ErrorKind::kActorDied, describe(id) + " died: " + why));
  run_steps();
  return true;
}

bool Actors::any_detached(scheduler::JobNumber job) const {
  return std::ranges::any_of(starts_, [&](const auto& item) {
    return item.second.detached && item.second.job == job && table_.lives(item.first);
  });
}

}  // namespace manta::detail::node
