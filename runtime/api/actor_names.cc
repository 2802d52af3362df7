#include "actor_names.h"

#include "../../base/check.h"
#include "../../base/error.h"
#include "../launch/entry.h"
#include "../ownership/open_session.h"
#include "../ownership/ownership.h"
#include "../process/in_turn.h"
#include "../process/node_questions.h"
#include "../process/parts.h"
#include "../wire/actor_names.h"

namespace manta {
namespace detail {
namespace {

std::string quoted(std::string_view name, const std::string& name_space) {
  std::string text = "\"" + std::string(name) + "\"";
  if (!name_space.empty()) text += " in name space \"" + name_space + "\"";
  return text;
}

NameQuestion question_of(OpenSession& session, std::string_view name, std::string_view name_space,
                         const std::string& type = {}) {
  return {.name_space =
              name_space.empty() ? parts::attachment(session).name_space : std::string(name_space),
          .name = std::string(name),
          .type = type};
}

template <class Question>
NameAnswer ask(OpenSession& session, const char* who, Question question,
               const NameQuestion& payload) {
  // What this thread did before may have ended an actor, or made one.
  run_in_turn([&](base::Ref<Command> command) { parts::submit(session, std::move(command)); },
              parts::progress(session), [] {});
  const auto bytes = encode(payload);
  const auto answer = parts::questions(session).ask(
      question, bytes, patience_with_node(parts::attachment(session).node_pid, who));
  if (!answer && parts::ownership(session).dead()) {
    throw NodeDied(std::string(who) + ": the node of this session has died");
  }
  if (!answer) throw InvalidArgument(std::string(who) + ": the session is being shut down");
  auto told = decode_name_answer(*answer);
  base::check(told.has_value(), "the node's answer about a name is malformed");
  return *std::move(told);
}

base::Ref<ActorEntry> adopt(OpenSession& session, const ActorId& id) {
  const TablesLock lock(session.tables());
  return parts::ownership(session).adopt_actor(id, Arrival::kHeld);
}

[[noreturn]] void refuse_class(const char* who, const NameQuestion& asked,
                               const std::string& type) {
  throw InvalidArgument(std::string(who) + ": the actor " + quoted(asked.name, asked.name_space) +
                        " is of class " + type + ", not " + asked.type);
}

}  // namespace

base::Ref<ActorEntry> claim_name(OpenSession& session, const ActorId& id,
                                 const ActorOptions& options, const std::string& type) {
  constexpr const char* kWho = "manta::actor()";
  NameQuestion question = question_of(session, options.name, options.name_space, type);
  question.detached = options.lifetime == Lifetime::detached;
  question.wants_held = options.get_if_exists;
  const NameAnswer told = ask(session, kWho, NameClaim{.actor = id}, question);
  if (!told.found) return {};
  if (!told.actor.is_nil()) return adopt(session, told.actor);
  if (options.get_if_exists) refuse_class(kWho, question, told.type);
  throw AlreadyExists(std::string(kWho) + ": an actor, of class " + told.type + ", has the name " +
                      quoted(question.name, question.name_space) +
                      " already; get it with get_actor() or ActorOptions::get_if_exists, or give "
                      "this session a name space of its own (InitOptions::name_space)");
}

base::Ref<ActorEntry> find_actor(std::string_view name, std::string_view name_space,
                                 const std::string& type) {
  constexpr const char* kWho = "manta::get_actor()";
  if (name.empty()) throw InvalidArgument(std::string(kWho) + ": the name is empty");
  OpenSession& session = OpenSession::current(kWho);
  const NameQuestion question = question_of(session, name, name_space, type);
  const NameAnswer told = ask(session, kWho, NameAsk{}, question);
  if (!told.actor.is_nil()) return adopt(session, told.actor);
  if (told.found) refuse_class(kWho, question, told.type);
  throw NotFound(std::string(kWho) + ": no living actor has the name " +
                 quoted(name, question.name_space) +
                 "; list_actors() gives the names that there are");
}

}  // namespace detail

std::vector<std::string> list_actors(std::string_view name_space) {
  constexpr const char* kWho = "manta::list_actors()";
  detail::OpenSession& session = detail::OpenSession::current(kWho);
  detail::NameQuestion question = detail::question_of(session, {}, name_space);
  std::vector<std::string> names;
  for (bool more = true; more;) {
    detail::NameAnswer told = detail::ask(session, kWho, detail::NameAsk{}, question);
    names.insert(names.end(), told.names.begin(), told.names.end());
    more = told.more;
    if (more) question.after = names.back();
  }
  return names;
}

}  // namespace manta
