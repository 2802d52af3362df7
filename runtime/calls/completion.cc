// In the order of a call: waiting for arguments, made ready; then objects that become done, freed, or come from the
// node; at the end replies, complete() and fail().
#include "completion.h"

#include <utility>

#include "../../base/check.h"
#include "../code/call_sites.h"
#include "../ownership/arrivals.h"
#include "../ownership/unseen_errors.h"
#include "completion_watch.h"

namespace manta::detail {
namespace {

Value freed(const ObjectEntry& entry, const char* where) {
  return value_of(error_of(ErrorKind::kObjectLost,
                           "object " + entry.id().hex() + " was freed by manta::free()" + where));
}

}  // namespace

void Completion::await_arguments(const base::Ref<Call>& call) {
  if (const auto* extras = call->extras_or_null()) ownership_.publish_all(extras->references);
  for (RefArgument& ref : call->refs()) {
    if (ref.entry->done()) continue;
    call->wait_for_one_more();
    ref.entry->add_dependent(ref, call);
    ownership_.subscribe(*ref.entry);
  }
}

void Completion::start_ready(base::Ref<Call> call) {
  if (const auto error = make_ready(*call)) {
    fail(*call, *error);
  } else {
    router_.send_ready(std::move(call));
  }
}

std::optional<Value> Completion::make_ready(Call& call) {
  if (call.state() != CallState::kWaiting) return std::nullopt;
  if (const auto* failed = call.failed_argument()) {
    failed->mark_seen();
    ErrorRecord error = record_of(failed->value());
    pass_on(error, call.display_name());
    return value_of(error);
  }
  call.be_ready();
  if (call.refs().empty()) return std::nullopt;  // complete since it was built
  for (const auto& ref : call.refs()) {
    const Value& value = ref.entry->value();
    if (value.references().empty() && value.buffers().empty()) continue;
    ownership_.publish_all(value.references());
    auto& extras = call.extras();
    extras.references.insert(extras.references.end(), value.references().begin(),
                             value.references().end());
    for (const auto& buffer : value.buffers()) extras.blocks.add(buffer.storage);
  }
  const std::size_t size = call.arguments_size();
  if (size <= kMaxInlineValue) return std::nullopt;
  const auto room = call.externalize(ownership_.store());
  if (room.ok()) return std::nullopt;
  const std::string function = call.display_name();
  return value_of(no_room_error(room.error(), ownership_.store(), size,
                                "what is passed by value to " + function, function));
}

void Completion::add_dependent(ObjectEntry& entry, base::Ref<Command> command) {
  entry.add_dependent(std::move(command));
  ownership_.subscribe(entry);
}

void Completion::start_dependents(const ObjectEntry::Pending& was) {
  const auto tell = [this](Command* waiting) {
    waiting->object_done(base::Ref<Command>::adopt(waiting), router_);
  };
  for (RefArgument* next = rpc::turned_round(was.arguments); next != nullptr;) {
    Command* const call = std::exchange(next->call, nullptr);
    next = next->next;  // first: the argument goes with its call
    tell(call);
  }
  rpc::MpscList<Command> commands(rpc::turned_round(was.commands));
  while (!commands.empty()) tell(commands.pop_front());
}

void Completion::finish(ObjectEntry& entry, Value value) {
  if (entry.done()) return;
  for (const auto& buffer : value.buffers()) {
    if (auto* block = ownership_.store().block_of(buffer.storage.get())) {
      block->set_object(entry.id());
      if (const Call* const call = call_sites_wanted() ? entry.producer() : nullptr) {
        block->set_label({.site = "result of " + call->display_name()});
      }
    }
  }
  const ObjectEntry::Pending was = entry.complete(std::move(value));
  if (entry.state() == ObjectState::kFailed) failures_.fetch_add(1);
  if (ownership_.closed()) entry.mark_seen();  // nobody can look at it any more
  if (entry.home() == Home::kPublished) ownership_.send_value<Fulfil>(entry);
  if (was.watchers != nullptr) CompletionWatch::completed(was.watchers);
  start_dependents(was);
}

void Completion::discard(ObjectEntry& entry, Value error) {
  if (!entry.done()) return finish(entry, std::move(error));
  entry.discard(std::move(error));
  failures_.fetch_add(1);
}

void Completion::free(ObjectEntry& entry) {
  if (entry.home() != Home::kLocal) ownership_.node().send(FreeObject{.object = entry.id()});
  entry.mark_seen();
  discard(entry, freed(entry, ""));
}

void Completion::on(const ObjectValue& told, PayloadBytes payload) {
  // Read first: the node counts what is inside in our name, whether or not we still want it.
  Value value = read_value(ownership_, WireReader(payload), Arrival::kCounted);
  if (const auto entry = ownership_.objects().find(told.object)) finish(*entry, std::move(value));
}

// A value that comes from elsewhere and is not here yet says itself that it was freed.
void Completion::on(const ObjectFreed& told) {
  const auto entry = ownership_.objects().find(told.object);
  if (entry && (entry->done() || !entry->from_elsewhere())) {
    entry->mark_seen();  // somebody wanted it so
    discard(*entry, freed(*entry, " in another process"));
  }
}

std::span<const std::byte> Completion::take_kept(const ReplyFrame& frame,
                                                 std::span<const std::byte> rest,
                                                 base::StorageRef& external) {
  const auto kept_bytes = std::size_t{frame.kept_count} * sizeof(std::uint64_t);
  base::check(kept_bytes <= rest.size(), "a reply is cut off");
  if (frame.kept_count != 0) {
    ownership_.adopt_kept_blocks(
        {reinterpret_cast<const std::uint64_t*>(rest.data()), frame.kept_count});
  }
  if (frame.external_block == 0) return rest.subspan(kept_bytes);
  external = ownership_.store().blocks().adopt(frame.external_block - 1, objectstore::Share::kMine);
  return {ownership_.store().arena().readable(frame.external_block - 1), frame.external_size};
}

std::vector<Value> Completion::results_of(const ReplyFrame& frame,
                                          std::span<const std::byte> rest) {
  base::StorageRef external;
  rest = take_kept(frame, rest, external);
  std::vector<Value> results;
  while (!rest.empty()) {
    const WireReader wire(rest);
    results.push_back(read_value(ownership_, wire, Arrival::kHeld));
    rest = rest.subspan(wire.size());
  }
  return results;
}

void Completion::complete(Call& call, const ReplyFrame& frame, std::span<const std::byte> rest) {
  base::StorageRef external;
  rest = take_kept(frame, rest, external);
  call.each_result([&](ObjectEntryRef& entry) {
    if (frame.result_count == 0 && rest.empty()) {
      return finish(*entry, Value());  // of unpack(0): there was no error
    }
    const WireReader wire(rest);
    finish(*entry, read_value(ownership_, wire, Arrival::kHeld));
    rest = rest.subspan(wire.size());
  });
  if (call.one_way && !call.cancelled && call.result->state() == ObjectState::kFailed) {
    log_unseen_error(*call.result);
  }
}

bool Completion::add_item(Call& call, const ReplyFrame& frame, std::span<const std::byte> rest) {
  base::StorageRef external;
  rest = take_kept(frame, rest, external);
  // Also if nobody wants it: what is inside is held in our name.
  return add_item(call, read_value(ownership_, WireReader(rest), Arrival::kHeld));
}

// A generator whose deadline is over is done, although it may yield for a while: its items are passed over.
bool Completion::add_item(Call& call, Value value) {
  ItemStream& items = *call.items();
  if (!items.wants_item() || call.done()) return false;
  ObjectEntryRef following = ownership_.make_entry();
  following->pending().producer = &call;
  call.result = following;
  const ObjectEntryRef item = items.next();
  items.add(std::move(following));
  finish(*item, std::move(value));
  return true;
}

void Completion::complete_here(Call& call, std::vector<Value> values) {
  auto value = values.begin();
  call.each_result([&](ObjectEntryRef& entry) {
    finish(*entry, value == values.end() ? Value() : std::move(*value++));
  });
  if (call.one_way && call.result->state() == ObjectState::kFailed) log_unseen_error(*call.result);
}

void Completion::fail(Call& call, ErrorKind kind, std::string_view message) {
  fail(call, value_of(error_of(kind, message, call.display_name())));
}

void Completion::fail(Call& call, const Value& error) {
  call.each_result([&](ObjectEntryRef& entry) { fail(*entry, error); });
}

void Completion::fail(ObjectEntry& entry, const Value& error) { finish(entry, copy_of(error)); }

// It is in no lane, so that nothing else says that a worker reads its arguments from now on.
void Completion::give_to_node(Call& constructor) {
  if (constructor.extras_or_null() == nullptr) return;
  CallExtras& extras = constructor.extras();
  extras.count_as(KeptStorages::Keeper::kCall);
  if (auto* block = constructor.external()) ownership_.give_to_node(*block);
  ownership_.publish_all(extras.references);
  for (const auto& storage : extras.blocks) {
    if (auto* block = ownership_.store().block_of(storage.get())) ownership_.give_to_node(*block);
  }
}

}  // namespace manta::detail
