// In the order of a call's life: made and destroyed; waiting for arguments; its frame; written to a lane, with what it
// refers to; large arguments moved to the store.
#include "call.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "../../base/recycled.h"
#include "../ownership/value_codec.h"

namespace manta::detail {

namespace {

// So that the worker can say of which object an array is.
void name_blocks(const objectstore::Store& store, const ObjectEntry& entry) {
  for (const auto& buffer : entry.value().buffers()) {
    auto* block = store.block_of(buffer.storage.get());
    if (block != nullptr && block->object().is_nil()) block->set_object(entry.id());
  }
}

}  // namespace

void KeptStorages::count_again(Keeper as) {
  for (const auto& storage : storages_) {
    if (!storage) continue;
    storage->count_keeper(as, 1);
    storage->count_keeper(as_, -1);
  }
  as_ = as;
}

base::Ref<Call> Call::make(base::Ref<const CallSite> site, std::span<RefArgument> refs,
                           std::span<const std::byte> body, std::unique_ptr<CallExtras> extras) {
  void* const place = base::take_recycled(block_size(refs.size(), body.size()));
  return base::Ref<Call>::adopt(new (place) Call(std::move(site), refs, body, std::move(extras)));
}

Call::Call(base::Ref<const CallSite> site, std::span<RefArgument> refs,
           std::span<const std::byte> body, std::unique_ptr<CallExtras> extras)
    : ref_count_(static_cast<std::uint32_t>(refs.size())),
      body_size_(static_cast<std::uint32_t>(body.size())),
      site_(std::move(site)),
      extras_(std::move(extras)) {
  RefArgument* place = first_ref();
  for (RefArgument& ref : refs) {
    new (place++) RefArgument(std::move(ref));
  }
  if (!body.empty()) std::memcpy(this->body(), body.data(), body.size());
  pending_bytes.add(bytes());
}

Call::~Call() {
  forget_actor();
  pending_bytes.remove(bytes());
  for (RefArgument& ref : refs()) ref.~RefArgument();
}

void Call::operator delete(Call* call, std::destroying_delete_t) {
  const std::size_t size = call->block_size();
  call->~Call();
  base::give_recycled(call, size);
}

void Call::run(base::Ref<Command> self, CallRouter& router) {
  router.accept(base::static_ref_cast<Call>(std::move(self)));
}

// An actor's calls are sent in their order, by its sender.
void Call::object_done(base::Ref<Command> self, CallRouter& router) {
  if (--number_ == 0 && !abandoned() && !of_actor_) {
    router.start_ready(base::static_ref_cast<Call>(std::move(self)));
  }
}

void Call::set_actor(base::Ref<ActorEntry> actor) {
  forget_actor();
  of_actor_ = actor != nullptr;
  place_.actor = actor.detach();
}

void Call::forget_actor() {
  if (of_actor_) base::Ref<ActorEntry>::adopt(place_.actor);
  of_actor_ = false;
}

CallExtras& Call::extras() {
  if (!extras_) extras_ = std::make_unique<CallExtras>();
  return *extras_;
}

CallFrame Call::frame() const {
  CallFrame frame = site_->frame();
  add_own(frame);
  return frame;
}

// What the frame of the site lacks.
void Call::add_own(CallFrame& frame) const {
  const ObjectEntry* first = result.get();
  frame.result_count = first != nullptr && !unpacked ? 1 : 0;
  frame.attempt = attempt;
  frame.unpacked = unpacked ? 1 : 0;
  if (attempt != 1) [[unlikely]] {  // else as the site says
    const int retries = site_->options().max_retries;
    frame.last_attempt = retries >= 0 && attempt > retries ? 1 : 0;
  }
  if (extras_) {
    if (!extras_->results.empty()) {
      first = extras_->results.front().get();
      frame.result_count = static_cast<std::uint32_t>(extras_->results.size());
    }
    if (const auto* block = external()) {
      frame.external_block = block->offset() + 1;
      frame.external_size = extras_->external_size;
    }
    if (extras_->items) {  // its first result may be long gone
      frame.task_hi = extras_->items->task().hi();
      frame.task_lo = extras_->items->task().lo();
      return;
    }
  }
  if (first != nullptr) {  // a task's id is that of its first result
    frame.task_hi = first->id().hi();
    frame.task_lo = first->id().lo();
  }
}

void Call::write_frame(std::byte* out, std::size_t size, std::uint64_t sequence,
                       const objectstore::Store& store) const {
  auto& frame = *new (out) CallFrame(site_->frame());
  frame.size = static_cast<std::uint32_t>(size);
  frame.sequence = sequence;
  add_own(frame);
  out += sizeof frame;
  if (const std::string& name = site_->name(); !name.empty()) {
    std::memcpy(out, name.data(), name.size());
    out += padded_name_size();
  }
  if (external() == nullptr) write_arguments(out, store);
}

bool Call::done() const {
  const auto& first = result || !extras_ ? result : extras_->results.front();
  return first && first->done();
}

// What refs() add to the body.
std::size_t Call::referred_size() const {
  std::size_t size = 0;
  for (const auto& ref : refs()) size += wire_size(ref.entry->value());
  return size;
}

void Call::write_with_referred(std::byte* out, const objectstore::Store& store) const {
  const std::byte* const begin = body();
  const std::byte* from = begin;
  for (const auto& ref : refs()) {
    out = std::copy(from, begin + ref.at, out);
    from = begin + ref.at;
    name_blocks(store, *ref.entry);
    out = write_wire(out, store, ref.entry->value());
  }
  std::copy(from, begin + body_size_, out);
}

base::Status<objectstore::StoreError> Call::externalize(objectstore::Store& store) {
  const std::size_t size = arguments_size();
  auto created = store.create_now(size);
  if (!created.ok()) return created.error();
  write_arguments(created.value()->writable(), store);
  extras().set_external(created.value(), size);
  return {};
}

void Call::let_go_of_arguments() {
  for (RefArgument& ref : refs()) ref.entry = nullptr;
  if (!extras_) return;
  extras_->blocks.clear();
  extras_->references.clear();
  extras_->external = nullptr;
  extras_->keeps_external.clear();
}

const ObjectEntry* Call::failed_argument() const {
  for (const auto& ref : refs()) {
    if (ref.entry->state() == ObjectState::kFailed) return ref.entry.get();
  }
  return nullptr;
}

}  // namespace manta::detail
