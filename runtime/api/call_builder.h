// A CallBuilder puts one call together on the caller's thread: it encodes the arguments, makes the refs of the results,
// and hands the call to the process. It makes no system call, takes no lock and sends no message.
//
//   CallBuilder call(spec);  call.value(x);  call.reference(entry);  call.list(entries);  auto refs = call.submit(1);
//
// Errors: InvalidArgument (no session, an empty ref, a bad option); SerializationError; ObjectStoreFull.
// Threads: confined to the caller.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "../../serialization/bytes.h"
#include "../../serialization/encode.h"
#include "../code/code_id.h"
#include "../options/options.h"
#include "../ownership/object_entry.h"
#include "scratch.h"

namespace manta::objectstore {
class Store;
}

namespace manta::detail {

class ActorEntry;
class Call;
class Process;

// What a remote function is made of, before its arguments.
struct CallSpec {
  CodeId stub = {};
  CodeId target = {};             // the function or method; image 0: there is none, only the stub
  std::ptrdiff_t adjustment = 0;  // of the object, for a member pointer (MemberPointer)
  std::ptrdiff_t object_offset = 0;  // from the actor's object to the handle's base class
  // Of a task. A null inside it stands for the defaults.
  const std::shared_ptr<const TaskOptions>* options = nullptr;
  // A name that is known at compile time; empty: the code's own name is shown.
  std::string_view name = {};
};

class CallBuilder {
 public:
  // The call of a task.
  explicit CallBuilder(const CallSpec& spec);
  // The call of a method.
  CallBuilder(const CallSpec& spec, const base::Ref<ActorEntry>& actor, const CallOptions* options);
  ~CallBuilder();
  CallBuilder(const CallBuilder&) = delete;

  template <class T>
  void value(const T& argument) {
    const Scratch<serialization::Encoded> encoded;
    serialization::encode(argument, *encoded);
    append(*encoded);
  }
  void append(serialization::Encoded& encoded);
  // The call is sent when the object is ready, with its value.
  void reference(const ObjectEntryRef& argument);
  // The same with the values of many objects, for a parameter that is a list.
  void list(const std::vector<ObjectEntryRef>& arguments);

  // A call with one result.
  ObjectEntryRef submit();
  std::vector<ObjectEntryRef> submit(std::size_t results);
  // Its errors are logged.
  void submit_one_way();
  // For an actor's constructor, which is not submitted as a call.
  base::Ref<Call> take();

 private:
  void finish_body(Process& process);
  void store_argument(objectstore::Store& store, std::vector<serialization::Buffer>& buffers);
  void send(std::size_t results);
  Scratch<std::vector<std::byte>> body_;  // the arguments as they are collected
  base::Ref<Call> call_;
};

}  // namespace manta::detail
