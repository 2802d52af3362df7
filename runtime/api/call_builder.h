// A CallBuilder puts one call together on the caller's thread: encodes the arguments, makes the refs of the results,
// and hands the call to the process. No system call, no lock, no message.
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
  CodeId target = {};                // of the function or member pointer; image 0: none
  std::ptrdiff_t adjustment = 0;     // of a member pointer
  std::ptrdiff_t object_offset = 0;  // from the actor's object to the handle's base class
  // Of a task; null inside: the defaults.
  const std::shared_ptr<const TaskOptions>* options = nullptr;
  std::string_view name = {};  // display name known at compile time; empty: none
};

class CallBuilder {
 public:
  explicit CallBuilder(const CallSpec& spec);  // a task
  // A method call.
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
  void reference(const ObjectEntryRef& argument);           // resolved before the call is sent
  void list(const std::vector<ObjectEntryRef>& arguments);  // fan-in: resolved element by element

  ObjectEntryRef submit();  // one result
  std::vector<ObjectEntryRef> submit(std::size_t results);
  void submit_one_way();   // errors are logged
  base::Ref<Call> take();  // an actor's constructor: not submitted as a call

 private:
  void finish_body(Process& process);
  void store_argument(objectstore::Store& store, std::vector<serialization::Buffer>& buffers);
  void send(std::size_t results);
  void begin_argument(bool list, std::size_t count);
  Scratch<std::vector<std::byte>> body_;  // the arguments as they are collected
  base::Ref<Call> call_;
};

}  // namespace manta::detail
