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
#include <vector>

#include "../../serialization/bytes.h"
#include "../../serialization/encode.h"
#include "../calls/call_site.h"
#include "../ownership/object_entry.h"
#include "scratch.h"

namespace manta::objectstore {
class Store;
}

namespace manta::detail {

class ActorEntry;
class Call;
class ItemStream;
class Process;
struct CallExtras;

class CallBuilder {
 public:
  // The call of a task, or of an actor's constructor.
  explicit CallBuilder(const CallSpec& spec);
  // The same, where `key` stands for the spec that make_spec(of, key) makes: it is made when it is needed.
  using MakeSpec = CallSpec (*)(const void* of, const CallKey& key);
  CallBuilder(const CallKey& key, const void* of, MakeSpec make_spec);
  // The call of a method.
  CallBuilder(const CallSpec& spec, const base::Ref<ActorEntry>& actor, const CallOptions* options);
  ~CallBuilder();
  CallBuilder(const CallBuilder&) = delete;

  template <class T>
  void value(const T& argument) {
    if constexpr (serialization::written_as_it_is<T>()) {
      if (serialization::verbosity() == 0) [[likely]] {
        serialization::encode_plain(argument, add_plain(serialization::kPlainMeta<T>));
        return;
      }
    }
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
  // The call of a generator, of whose items `most` may wait to be taken (0: any number); and how many the options of a
  // task allow.
  base::Ref<ItemStream> submit_items(std::size_t most);
  std::size_t max_buffered() const { return site_->options().max_buffered; }
  // Its errors are logged.
  void submit_one_way();
  // For an actor's constructor, which is not submitted as a call.
  base::Ref<Call> take();

 private:
  struct Arguments;

  std::byte* add_plain(std::size_t meta_size);
  std::uint32_t store_argument(objectstore::Store& store, serialization::Encoded& encoded);
  void store_body(objectstore::Store& store);  // too large for a lane
  CallExtras& extras();
  base::Ref<Call> finish(Process& process);
  static void send(Process& process, base::Ref<Call> call);

  Scratch<Arguments> arguments_;
  base::Ref<const CallSite> site_;
  base::Ref<ActorEntry> actor_;
  std::unique_ptr<CallExtras> extras_;  // null: none
  bool one_way_ = false;
};

}  // namespace manta::detail
