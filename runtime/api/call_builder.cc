// In the order of a call: new_call() and the constructors; the arguments, one by one; finish_body(), send(), and the
// ways to submit.
#include "call_builder.h"

#include <cstring>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../calls/call.h"
#include "../launch/clock.h"
#include "../options/check_options.h"
#include "../ownership/object_ref.h"
#include "../ownership/value_codec.h"
#include "../process/process.h"
#include "../waiting/room_for_calls.h"

namespace manta::detail {
namespace {

// Each call holds its arguments until it ends: many calls with one large argument fill the store with copies of it.
[[noreturn]] void throw_full_of_arguments(const ObjectStoreFull& full, const Call& call,
                                          std::size_t size) {
  throw ObjectStoreFull(
      std::string(full.what()) + "\n  This was an argument of " + call.display_name() + ", " +
      std::to_string(size) +
      " bytes passed by value: every call that has not ended holds a copy of its own. If several "
      "calls are given the same value, put() it once and pass the ref");
}

bool too_large_for(const objectstore::Store& store, std::size_t size) {
  return size > store.stats().capacity;
}

base::Ref<Call> new_call(const CallSpec& spec, CallKind kind) {
  Process& process = Process::current("a remote call");
  if (spec.options != nullptr && *spec.options) check_task_options(**spec.options);
  wait_for_room(process);
  auto call = base::make_ref<Call>();
  call->frame.kind = kind;
  call->frame.stub_image = spec.stub.image;
  call->frame.stub_offset = spec.stub.offset;
  call->frame.target_image = spec.target.image;
  call->frame.target_offset = spec.target.offset;
  call->frame.adjustment = spec.adjustment;
  call->frame.object_offset = spec.object_offset;
  call->name = spec.name;
  return call;
}

}  // namespace

CallBuilder::CallBuilder(const CallSpec& spec) : call_(new_call(spec, CallKind::kTask)) {
  call_->frame.cpus = 1;
  if (spec.options == nullptr || !*spec.options) return;
  call_->options = *spec.options;
  call_->frame.cpus = call_->options->cpus;
  if (!call_->options->name.empty()) call_->name = call_->options->name;
}

CallBuilder::CallBuilder(const CallSpec& spec, const base::Ref<ActorEntry>& actor,
                         const CallOptions* options)
    : call_(new_call(spec, CallKind::kMethod)) {
  call_->actor = actor;
  if (options != nullptr && !options->name.empty()) call_->name = options->name;
}

CallBuilder::~CallBuilder() = default;

void CallBuilder::store_argument(objectstore::Store& store,
                                 std::vector<serialization::Buffer>& buffers) {
  if (buffers.empty()) return;
  std::size_t size = 0;
  for (const auto& buffer : buffers) size += buffer.size;
  try {
    store_buffers(store, buffers);
  } catch (const ObjectStoreFull& full) {
    if (too_large_for(store, size)) throw;
    throw_full_of_arguments(full, *call_, size);
  }
}

void CallBuilder::append(serialization::Encoded& encoded) {
  ++call_->frame.argument_count;
  auto& store = Process::current("this call").store();
  store_argument(store, encoded.buffers);
  const std::size_t at = body_->size();
  body_->resize(at + wire_size(encoded.buffers.size(), encoded.refs.size(), encoded.meta.size()));
  write_wire(body_->data() + at, store, encoded.meta, encoded.buffers, encoded.refs, 0);
  if (encoded.buffers.empty() && encoded.refs.empty()) return;
  if (!call_->kept) call_->kept = std::make_unique<Call::Kept>();
  for (auto& buffer : encoded.buffers) call_->kept->blocks.push_back(std::move(buffer.storage));
  for (auto& reference : encoded.refs) call_->kept->references.push_back(std::move(reference));
}

void CallBuilder::reference(const ObjectEntryRef& argument) {
  checked(argument, "an argument of a remote call");
  ++call_->frame.argument_count;
  if (!call_->kept) call_->kept = std::make_unique<Call::Kept>();
  call_->kept->parts.push_back({body_->size(), argument});
}

void CallBuilder::list(const std::vector<ObjectEntryRef>& arguments) {
  ++call_->frame.argument_count;
  const ValueHeader header{.flags = kList,
                           .meta_size = static_cast<std::uint32_t>(arguments.size())};
  const auto bytes = std::as_bytes(std::span(&header, 1));
  body_->insert(body_->end(), bytes.begin(), bytes.end());
  if (!call_->kept) call_->kept = std::make_unique<Call::Kept>();
  for (const auto& argument : arguments) {
    checked(argument, "an element of a list argument of a remote call");
    call_->kept->parts.push_back({body_->size(), argument});
  }
}

// Runs on the caller's thread, so that a large copy delays nobody else. Arguments that are not ready yet are added by
// Completion::make_ready().
void CallBuilder::finish_body(Process& process) {
  call_->body = SmallBytes(*body_);
  const bool complete = !call_->kept || call_->kept->parts.empty();
  if (!complete || body_->size() <= kMaxInlineValue) return;
  const std::size_t size = std::exchange(*body_, {}).size();
  const auto status = call_->externalize(process.store());
  if (status.ok()) return;
  try {
    objectstore::throw_store_error(status.error(), size, process.store());
  } catch (const ObjectStoreFull& full) {
    if (too_large_for(process.store(), size)) throw;
    throw_full_of_arguments(full, *call_, size);
  }
}

void CallBuilder::send(std::size_t results) {
  Process& process = Process::current("a remote call");
  finish_body(process);
  base::Ref<Call> call = std::move(call_);
  call->frame.result_count = static_cast<std::uint32_t>(results);
  const TaskId id = process.ownership().next_task_id();
  call->frame.task_hi = id.hi();
  call->frame.task_lo = id.lo();
  call->submitted_ms = monotonic_ms();
  count_pending(process, *call);
  process.submit(std::move(call));
}

ObjectEntryRef CallBuilder::submit() {
  ObjectEntryRef entry = Process::current("a remote call").ownership().make_entry();
  call_->result = entry;
  entry->producer = call_.get();
  send(1);
  return entry;
}

std::vector<ObjectEntryRef> CallBuilder::submit(std::size_t results) {
  Process& process = Process::current("a remote call");
  std::vector<ObjectEntryRef> entries;
  entries.reserve(results);
  // With no result, this takes the error, which is logged.
  if (results == 0) call_->result = process.ownership().make_entry();
  for (std::size_t i = 0; i < results; ++i) {
    entries.push_back(process.ownership().make_entry());
    entries.back()->producer = call_.get();
  }
  if (results != 0) {
    call_->more_results = std::make_unique<std::vector<ObjectEntryRef>>(entries);
  }
  call_->frame.unpacked = 1;
  send(results);
  return entries;
}

base::Ref<Call> CallBuilder::take() {
  finish_body(Process::current("manta::actor()"));
  return std::move(call_);
}

void CallBuilder::submit_one_way() {
  call_->one_way = true;
  submit();
}

}  // namespace manta::detail
