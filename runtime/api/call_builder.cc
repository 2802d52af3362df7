// In the order of a call: site_of(), the constructors; the arguments, one by one; finish(), send(), and the ways to
// submit.
#include "call_builder.h"

#include <cstring>

#include "../../base/error.h"
#include "../calls/call.h"
#include "../launch/clock.h"
#include "../options/check_environment.h"
#include "../options/check_options.h"
#include "../ownership/object_ref.h"
#include "../ownership/value_codec.h"
#include "../process/process.h"
#include "../waiting/room_for_calls.h"

namespace manta::detail {
namespace {

// Each call holds its arguments until it ends: many calls with one large argument fill store and disk with its copies.
template <class Full>
[[noreturn]] void throw_full_of_arguments(const Full& full, const CallSite& site,
                                          std::size_t size) {
  throw Full(std::string(full.what()) + "\n  This was an argument of " + site.display_name() +
             ", " + std::to_string(size) +
             " bytes passed by value: every call that has not ended holds a copy of its own. If "
             "several calls are given the same value, put() it once and pass the ref");
}

// Runs `store_it`, which takes `size` bytes of the store for an argument of a call. Errors say what that means.
template <class StoreIt>
void store_argument_of(const CallSite& site, const objectstore::Store& store, std::size_t size,
                       StoreIt&& store_it) {
  const bool never_fits = size > store.arena().largest_size();
  try {
    store_it();
  } catch (const ObjectStoreFull& full) {
    if (never_fits) throw;
    throw_full_of_arguments(full, site, size);
  } catch (const OutOfDisk& full) {
    if (never_fits) throw;
    throw_full_of_arguments(full, site, size);
  }
}

}  // namespace

// What a thread has collected of the call that it builds.
struct CallBuilder::Arguments {
  serialization::MetaBytes body;
  std::vector<RefArgument> refs;
  void clear() {
    body.clear();
    refs.clear();
  }
};

namespace {

void check_max_buffered(std::size_t most, const CallSpec& spec, const char* options) {
  if (most == 0 || spec.gives_items) return;
  throw InvalidArgument(std::string(options) +
                        "::max_buffered is for generators: this function has one result, not one "
                        "after the other (let it return a manta::Generator<T>, and co_yield)");
}

base::Ref<const CallSite> site_of(const CallSpec& spec) {
  Process& process = Process::current("a remote call");
  if (spec.options != nullptr && *spec.options) {
    check_task_options(**spec.options);
    check_max_buffered((*spec.options)->max_buffered, spec, "TaskOptions");
    if (process.attachment().local) refuse_environment((*spec.options)->env, "TaskOptions");
  }
  wait_for_fewer_calls(process.waiting_threads(), process.senders());
  return CallSite::of(spec);
}

ObjectEntryRef result_of(Process& process, Call& call) {
  ObjectEntryRef entry = process.ownership().make_entry();
  entry->pending().producer = &call;
  return entry;
}

CallSpec of_method(CallSpec spec, const CallOptions* options) {
  spec.kind = CallKind::kMethod;
  if (options == nullptr) return spec;
  check_max_buffered(options->max_buffered, spec, "CallOptions");
  if (!options->name.empty()) spec.name = options->name;
  spec.deadline = options->deadline;
  return spec;
}

}  // namespace

CallBuilder::CallBuilder(const CallSpec& spec) : site_(site_of(spec)) {}

CallBuilder::CallBuilder(const CallSpec& spec, const base::Ref<ActorEntry>& actor,
                         const CallOptions* options)
    : site_(site_of(of_method(spec, options))), actor_(actor) {}

// Of a site that is known the checks of site_of() have been made: their outcome depends on the key alone, but for what
// a local session refuses.
CallBuilder::CallBuilder(const CallKey& key, const void* of, MakeSpec make_spec) {
  Process& process = Process::current("a remote call");
  if (key.options == nullptr || !process.attachment().local) {
    wait_for_fewer_calls(process.waiting_threads(), process.senders());
    site_ = CallSite::known(key);
    if (site_) return;
  }
  site_ = site_of(make_spec(of, key));
  CallSite::remember(key, site_);
}

CallBuilder::~CallBuilder() = default;

CallExtras& CallBuilder::extras() {
  if (!extras_) extras_ = std::make_unique<CallExtras>();
  return *extras_;
}

// Gives the flags of the value.
std::uint32_t CallBuilder::store_argument(objectstore::Store& store,
                                          serialization::Encoded& encoded) {
  const bool long_meta = encoded.meta.size() > kMostMeta;
  if (encoded.buffers.empty() && !long_meta) return 0;
  std::size_t size = long_meta ? encoded.meta.size() : 0;
  for (const auto& buffer : encoded.buffers) size += buffer.size;
  std::uint32_t flags = 0;
  store_argument_of(*site_, store, size, [&] { flags = store_parts(store, encoded); });
  return flags;
}

void CallBuilder::append(serialization::Encoded& encoded) {
  auto& store = Process::current("this call").store();
  const std::uint32_t flags = store_argument(store, encoded);
  auto& body = arguments_->body;
  const std::size_t at = body.size();
  body.resize(at + wire_size(encoded.buffers.size(), encoded.refs.size(), encoded.meta.size()));
  write_wire(body.data() + at, store, encoded.meta, encoded.buffers, encoded.refs, flags);
  for (auto& buffer : encoded.buffers) extras().blocks.add(std::move(buffer.storage));
  for (auto& reference : encoded.refs) extras().references.push_back(std::move(reference));
}

// A value that has nothing but its meta, which the caller writes to the place that this gives.
std::byte* CallBuilder::add_plain(std::size_t meta_size) {
  auto& body = arguments_->body;
  const std::size_t at = body.size();
  body.resize(at + wire_size(0, 0, meta_size));
  return begin_plain(body.data() + at, meta_size);
}

void CallBuilder::reference(const ObjectEntryRef& argument) {
  checked(argument, "an argument of a remote call");
  arguments_->refs.push_back({.entry = argument, .at = arguments_->body.size()});
}

void CallBuilder::list(const std::vector<ObjectEntryRef>& arguments) {
  const ValueHeader header{.flags = kList,
                           .meta_size = static_cast<std::uint32_t>(arguments.size())};
  const auto bytes = std::as_bytes(std::span(&header, 1));
  arguments_->body.insert(arguments_->body.end(), bytes.begin(), bytes.end());
  for (const auto& argument : arguments) {
    checked(argument, "an element of a list argument of a remote call");
    arguments_->refs.push_back({.entry = argument, .at = arguments_->body.size()});
  }
}

// Runs on the caller's thread, so that a large copy delays nobody else. Arguments that are not ready yet are added by
// Completion::make_ready().
base::Ref<Call> CallBuilder::finish(Process& process) {
  auto& [body, refs] = *arguments_;
  if (refs.empty() && body.size() > kMaxInlineValue) store_body(process.store());
  const auto& deadline = site_->deadline();
  if (deadline && !deadline->is_forever()) extras().deadline = deadline->deadline();
  auto call = Call::make(std::move(site_), refs, body, std::move(extras_));
  call->set_actor(std::move(actor_));
  return call;
}

void CallBuilder::store_body(objectstore::Store& store) {
  const auto body = std::exchange(arguments_->body, {});
  store_argument_of(*site_, store, body.size(), [&] {
    auto created = store.create(body.size());
    if (!created.ok()) objectstore::throw_store_error(created.error(), body.size(), store);
    std::memcpy(created.value()->writable(), body.data(), body.size());
    extras().set_external(created.value(), body.size());
  });
}

void CallBuilder::send(Process& process, base::Ref<Call> call) {
  call->submitted_ms = static_cast<std::uint32_t>(monotonic_ms());
  process.submit(std::move(call));
}

ObjectEntryRef CallBuilder::submit() {
  Process& process = Process::current("a remote call");
  auto call = finish(process);
  call->one_way = one_way_;
  ObjectEntryRef entry = result_of(process, *call);
  call->result = entry;
  send(process, std::move(call));
  return entry;
}

base::Ref<ItemStream> CallBuilder::submit_items(std::size_t most) {
  Process& process = Process::current("a remote call");
  value(std::uint64_t{most});
  auto call = finish(process);
  call->result = result_of(process, *call);
  auto items = base::make_ref<ItemStream>(call->result, most);
  call->extras().items = items;
  send(process, std::move(call));
  return items;
}

std::vector<ObjectEntryRef> CallBuilder::submit(std::size_t results) {
  Process& process = Process::current("a remote call");
  auto call = finish(process);
  call->unpacked = true;
  std::vector<ObjectEntryRef> entries;
  entries.reserve(results);
  for (std::size_t i = 0; i < results; ++i) entries.push_back(result_of(process, *call));
  if (results == 0) {
    call->result = process.ownership().make_entry();  // it takes the error, which is logged
  } else {
    call->extras().results = entries;
  }
  send(process, std::move(call));
  return entries;
}

base::Ref<Call> CallBuilder::take() { return finish(Process::current("manta::actor()")); }

void CallBuilder::submit_one_way() {
  one_way_ = true;
  submit();
}

}  // namespace manta::detail
