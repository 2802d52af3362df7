#include "open_session.h"

#include <atomic>
#include <mutex>
#include <pthread.h>
#include <string>
#include <utility>
#include <vector>

#include "../../base/check.h"
#include "../../base/error.h"

namespace manta::detail {
namespace {

std::mutex current_mutex;
// Under current_mutex. Never destroyed: refs are dropped in static destructors too.
base::Ref<OpenSession>& open_session = *new base::Ref<OpenSession>;
std::vector<OpenSession*>& all_living = *new std::vector<OpenSession*>;
// SYNC: release in enter(), acquire in its readers: they see all of it.
std::atomic<OpenSession*> current_fast{nullptr};
std::atomic<std::uint32_t> session_count{0};  // SYNC: none: the numbers need only differ
// This process was forked from one with a session: it has none. SYNC: none: it is set while there is one thread.
std::atomic<bool> forked{false};

// The child has neither the ring thread nor the control memory. The arrays that it has stay: see
// objectstore/forked_children.h.
void forget_session_in_child() {
  OpenSession* const session = current_fast.load();
  if (session == nullptr) return;  // there was none
  session->forget_in_child();
  forked.store(true);
  current_fast.store(nullptr);
}

}  // namespace

OpenSession::OpenSession(rpc::Progress& progress, const NodeId& node)
    : tables_(progress), number_(session_count.fetch_add(1) + 1), node_id_(node) {
  const std::lock_guard lock(current_mutex);
  all_living.push_back(this);
}

OpenSession::~OpenSession() {
  const std::lock_guard lock(current_mutex);
  std::erase(all_living, this);
}

base::Ref<OpenSession> OpenSession::living(std::uint32_t number) {
  if (forked.load()) return {};
  const std::lock_guard lock(current_mutex);
  for (OpenSession* const session : all_living) {
    if (session->number_ == number && session->try_retain()) {
      return base::Ref<OpenSession>::adopt(session);
    }
  }
  return {};
}

void OpenSession::enter(base::Ref<OpenSession> session) {
  {
    const std::lock_guard lock(current_mutex);
    current_fast.store(session.get(), std::memory_order_release);
    open_session = std::move(session);
  }
  static const int registered = ::pthread_atfork(nullptr, nullptr, forget_session_in_child);
  base::check(registered == 0, "no memory for a fork handler");
}

void OpenSession::leave() {
  const std::lock_guard lock(current_mutex);
  current_fast.store(nullptr, std::memory_order_release);
  open_session = nullptr;
}

OpenSession& OpenSession::current(const char* what) {
  OpenSession* const session = current_fast.load(std::memory_order_acquire);
  if (session != nullptr) return *session;
  refuse_if_forked(what);
  throw InvalidArgument(
      std::string(what) +
      " needs an open session: keep the result of manta::init() alive while you use manta");
}

base::Ref<OpenSession> OpenSession::current_or_null() {
  if (forked.load()) return {};
  const std::lock_guard lock(current_mutex);
  return open_session;
}

std::uint32_t OpenSession::current_number() {
  const OpenSession* const session = current_fast.load(std::memory_order_acquire);
  return session == nullptr ? 0 : session->number();
}

bool OpenSession::is_the_parents() { return forked.load(std::memory_order_relaxed); }

void OpenSession::refuse_if_forked(const char* what) {
  if (!forked.load()) return;
  throw InvalidArgument(std::string(what) +
                        ": this process was forked from one with a session, which stays its "
                        "parent's: call exec, or use manta in the parent only");
}

void OpenSession::refuse_empty(const char* what, const char* handle) {
  throw InvalidArgument(std::string(what) + ": the " + handle +
                        " is empty: it was made by its default constructor, or moved from");
}

void OpenSession::refuse_ended(const char* what, const char* kind, const std::string& id) {
  refuse_if_forked(what);
  throw InvalidArgument(std::string(what) + ": the session of " + kind + " " + id +
                        " has ended; its " + kind + "s went with it");
}

}  // namespace manta::detail
