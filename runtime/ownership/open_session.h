// The OpenSession of this process, as long as there is one: what entries and notices look for when they go, on any
// thread and at any time. The session's one pointer.
//
//   none --enter()--> open --leave(), fork(): in the child--> none
//
// Threads: any.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../../base/counted.h"
#include "../../base/id.h"
#include "tables.h"

namespace manta::detail {

class ActorEntry;
class ObjectEntry;

class OpenSession : public base::Counted {
 public:
  // Throws InvalidArgument, naming `what`, when none is open.
  static OpenSession& current(const char* what);
  // Null when none is open, also in a process that was forked from one with a session.
  static base::Ref<OpenSession> current_or_null();
  static std::uint32_t current_number();  // 0: none is open
  // The session of this number, also if it is closed; null when it is gone, and in a child that was forked meanwhile.
  static base::Ref<OpenSession> living(std::uint32_t number);
  static bool is_the_parents();  // this process was forked from one with a session
  static void refuse_if_forked(const char* what);  // then InvalidArgument, naming `what`
  // Throw InvalidArgument, naming `what`: a "ref" or "handle" is empty; the session of the "object" or "actor" has
  // ended.
  [[noreturn]] static void refuse_empty(const char* what, const char* handle);
  [[noreturn]] static void refuse_ended(const char* what, const char* kind, const std::string& id);

  Tables& tables() const { return tables_; }
  std::uint32_t number() const { return number_; }  // of the sessions of this process
  const NodeId& node_id() const { return node_id_; }

  virtual void last_ref_gone(const ObjectEntry& entry) = 0;
  virtual void last_handle_gone(const ActorEntry& entry) = 0;
  virtual void pass_on_notice(std::span<const std::byte> notice) = 0;  // of a worker, to the driver
  // In a child that was forked: the memory that it shares with its parent must not be written.
  virtual void forget_in_child() = 0;

 protected:
  OpenSession(rpc::Progress& progress, const NodeId& node);
  ~OpenSession() override;

  static void enter(base::Ref<OpenSession> session);
  static void leave();

 private:
  mutable Tables tables_;
  const std::uint32_t number_;
  const NodeId node_id_;
};

}  // namespace manta::detail
