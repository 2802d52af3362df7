// Values and refs: put, get, wait, free. See also outcome.h (try_get, get_each) and as_completed.h.
//
// Errors:  the error of the object; GetTimeout; DeadlockDetected for a wait for itself; InvalidArgument for an empty
//          ref, a ref of an ended session, or without a session. Threads: any.
#pragma once
#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "../../base/error.h"
#include "../../base/timeout.h"
#include "../../objectstore/array_codec.h"
#include "../options/options.h"
#include "../ownership/object_ref.h"
#include "../waiting/wait_objects.h"
#include "../wire/value_wire.h"
#include "ref_lists.h"
#include "scratch.h"
#include "signature.h"

namespace manta {

namespace detail {

ObjectEntryRef put_encoded(serialization::Encoded& encoded, const PutOptions& options);
void check_wait(std::size_t refs, std::size_t num_ready);  // InvalidArgument

template <class T>
ObjectEntryRef put_as(const T& value, const PutOptions& options) {
  const Scratch<serialization::Encoded> encoded;
  serialization::encode(value, *encoded);
  return put_encoded(*encoded, options);
}

// Keeps the bytes of a value where they are while they are read.
class BytesInMemory {
 public:
  struct TheyAreNot {};  // thrown by the constructor

  explicit BytesInMemory(std::span<const serialization::Buffer> buffers) : buffers_(buffers) {
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      if (buffers_[i].storage->begin_reading()) continue;
      buffers_ = buffers_.first(i);
      end();
      throw TheyAreNot();
    }
  }
  ~BytesInMemory() { end(); }
  BytesInMemory(const BytesInMemory&) = delete;
  BytesInMemory& operator=(const BytesInMemory&) = delete;

 private:
  void end() {
    for (const auto& buffer : buffers_) buffer.storage->end_reading();
  }

  std::span<const serialization::Buffer> buffers_;
};
// What a get() with a timeout has to read from disk, once all is done, has a second at least: whoever asks again and
// again gets it at last.
Deadline with_time_to_read(Deadline deadline);

// The buffers of the value, read back from disk where that is needed. GetTimeout, if that takes longer.
std::vector<serialization::Buffer> readable_buffers(const ObjectEntry& entry,
                                                    const Deadline& deadline);

template <class T>
T decode_done(const ObjectEntry& entry, const Deadline& deadline = {}) {
  if (entry.state() == ObjectState::kFailed) throw_failed(entry);
  if constexpr (!std::is_void_v<T>) {
    const auto decode = [&](const Value& value,
                            std::span<const serialization::Buffer> buffers) -> T {
      serialization::EncodedView parts(value.meta(), buffers, value.references());
      if (value.flags() != 0) [[unlikely]] {
        if (value.is_error()) throw_failed(entry);  // freed just now
        if ((value.flags() & kMetaInBuffer) != 0) parts = take_meta_from_buffer(parts);
      }
      return serialization::decode<T>(parts);
    };
    try {
      return entry.read([&](const Value& value) -> T {
        const BytesInMemory reading(value.buffers());
        return decode(value, value.buffers());
      });
    } catch (const BytesInMemory::TheyAreNot&) {
    }
    const auto buffers = readable_buffers(entry, deadline);
    return entry.read([&](const Value& value) -> T { return decode(value, buffers); });
  }
}

template <class T>
using OrMonostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
OrMonostate<T> decode_or_monostate(const ObjectEntry& entry, const Deadline& deadline = {}) {
  if constexpr (std::is_void_v<T>) {
    decode_done<void>(entry);
    return {};
  } else {
    return decode_done<T>(entry, deadline);
  }
}

// One of several; an error says which.
template <class T>
OrMonostate<T> decode_at(const std::vector<ObjectEntry*>& entries, std::size_t index,
                         const Deadline& deadline = {}) {
  try {
    return decode_or_monostate<T>(*entries[index], deadline);
  } catch (const SerializationError&) {
    rethrow_at(index, entries.size());
  }
}

template <class... T, std::size_t... I>
std::tuple<OrMonostate<T>...> decode_tuple(const std::vector<ObjectEntry*>& entries,
                                           std::index_sequence<I...>) {
  return std::tuple<OrMonostate<T>...>{decode_at<T>(entries, I)...};  // braces: from left to right
}

template <class T>
auto get_list(const std::vector<ObjectEntry*>& entries, const std::optional<Timeout>& timeout) {
  const Deadline deadline = timeout ? deadline_of(*timeout) : Deadline();
  if (!wait_all_or_failure(entries, deadline)) {
    throw_timeout("manta::get()", entries, *timeout);
  }
  throw_if_failed(entries);
  if constexpr (!std::is_void_v<T>) {
    const Deadline until = with_time_to_read(deadline);
    std::vector<T> values;
    values.reserve(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      values.push_back(decode_at<T>(entries, i, until));
    }
    return values;
  }
}

}  // namespace detail

// Stores a value and gives a reference to it. A string literal or string_view is stored as a std::string, a span as an
// Array; a MutableArray that is handed over (an rvalue) is sealed in place, without a copy. What happens to the
// original afterwards does not change the stored value. Errors: ObjectStoreFull, SerializationError, InvalidArgument
// (no session).
template <class T>
auto put(T&& value, PutOptions options = detail::no_options<PutOptions>()) {
  using S = detail::Stored<T>;
  using Ref = detail::RefTo<T>;
  if constexpr (detail::IsMutableArray<std::remove_cvref_t<T>>::value) {
    if constexpr (std::is_lvalue_reference_v<T>) {
      return detail::RefAccess::make<Ref>(detail::put_as(S(value.copy()), options));
    } else {
      return detail::RefAccess::make<Ref>(detail::put_as(S(std::forward<T>(value)), options));
    }
  } else if constexpr (std::is_same_v<S, std::remove_cvref_t<T>>) {
    return detail::RefAccess::make<Ref>(detail::put_as(static_cast<const S&>(value), options));
  } else if constexpr (std::is_constructible_v<std::string_view, T> &&
                       std::is_same_v<S, std::string>) {
    return detail::RefAccess::make<Ref>(detail::put_as(S(std::string_view(value)), options));
  } else {  // a span
    return detail::RefAccess::make<Ref>(detail::put_as(detail::owned(value), options));
  }
}

// Waits for the value and returns it, or throws its error. Arrays in the value are views into the store and not copied.
// With a timeout: GetTimeout if the object is not ready in time.
template <class T>
T get(const ObjectRef<T>& ref) {
  auto& entry = detail::checked(detail::RefAccess::entry(ref), "manta::get()");
  detail::wait_done(entry, std::nullopt);
  return detail::decode_done<T>(entry);
}
template <class T>
T get(const ObjectRef<T>& ref, Timeout timeout) {
  auto& entry = detail::checked(detail::RefAccess::entry(ref), "manta::get()");
  const detail::Deadline deadline = detail::deadline_of(timeout);
  if (!detail::wait_done(entry, deadline)) {
    detail::throw_timeout("manta::get()", {{&entry}}, timeout);
  }
  return detail::decode_done<T>(entry, detail::with_time_to_read(deadline));
}

// Waits for all values and returns them as a vector, in the order of the refs (for void nothing). It throws as soon as
// one object has failed, without waiting for the others: the error of the first that has failed by then; what() says
// its index.
template <class T>
auto get(const std::vector<ObjectRef<T>>& refs, std::optional<Timeout> timeout = std::nullopt) {
  return detail::get_list<T>(detail::entries_of(refs, "manta::get()"), timeout);
}
template <class T>
auto get(std::initializer_list<ObjectRef<T>> refs, std::optional<Timeout> timeout = std::nullopt) {
  return detail::get_list<T>(detail::entries_of(refs, "manta::get()"), timeout);
}
// Values of several types, as a tuple; std::monostate stands for void.
template <class T, class U, class... V>
auto get(const ObjectRef<T>& first, const ObjectRef<U>& second, const ObjectRef<V>&... rest) {
  const auto entries = detail::entries_of(
      std::array<AnyRef, 2 + sizeof...(V)>{first, second, rest...}, "manta::get()");
  detail::wait_all_or_failure(entries, std::nullopt);
  detail::throw_if_failed(entries);
  return detail::decode_tuple<T, U, V...>(entries, std::index_sequence_for<T, U, V...>());
}

// What wait() waits for.
struct WaitOptions {
  // How many objects must be ready; at most as many as there are refs.
  std::size_t num_ready = 1;
  // None: waits as long as it takes.
  std::optional<Timeout> timeout = {};
  // Whether the values shall be brought to this node. This version has one node, where they are anyway.
  bool fetch = true;
};
// What wait() gives: each ref of the call is in one of the two.
template <class Ref>
struct WaitResult {
  // At most num_ready, the first of the refs that are ready, in their order.
  std::vector<Ref> ready = {};
  std::vector<Ref> pending = {};  // all others, in their order
};

namespace detail {

// The indices of the first refs that are done, at most `count`.
template <class Ref>
std::vector<std::size_t> first_done(std::span<Ref> refs, std::size_t count) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < refs.size() && found.size() < count; ++i) {
    if (checked(RefAccess::entry(refs[i]), "manta::wait()").done()) found.push_back(i);
  }
  return found;
}

// The same, when there are so many or the timeout is over. Checks all refs.
template <class Ref>
std::vector<std::size_t> wait_for_first(std::span<Ref> refs, const WaitOptions& options) {
  check_wait(refs.size(), options.num_ready);
  if (left_pending != PendingList{refs.data(), refs.size()}) {
    check_not_empty(refs, "manta::wait()");
  }
  auto found = first_done(refs, options.num_ready);
  if (found.size() == options.num_ready) return found;
  const auto entries = entries_of(refs, "manta::wait()");
  CompletionWait("manta::wait()", entries)
      .wait_for(options.num_ready, options.timeout ? deadline_of(*options.timeout) : Deadline());
  return first_done(refs, options.num_ready);
}

template <class Ref>
WaitResult<Ref> wait_refs(std::span<const Ref> refs, const WaitOptions& options) {
  const auto found = wait_for_first(refs, options);
  WaitResult<Ref> result;
  result.ready.reserve(found.size());
  result.pending.reserve(refs.size() - found.size());
  std::size_t from = 0;
  for (const std::size_t at : found) {
    copy_refs(refs.subspan(from, at - from), result.pending);
    result.ready.push_back(refs[at]);
    from = at + 1;
  }
  copy_refs(refs.subspan(from), result.pending);
  return result;
}

// The refs that stay pending stay where they are: nothing is counted or allocated for them.
template <class Ref>
WaitResult<Ref> wait_refs(std::vector<Ref>&& refs, const WaitOptions& options) {
  const auto found = wait_for_first(std::span(refs), options);
  WaitResult<Ref> result;
  result.ready.reserve(found.size());
  for (const std::size_t at : found) result.ready.push_back(std::move(refs[at]));
  erase_moved(refs, found);
  left_pending = {refs.data(), refs.size()};
  result.pending = std::move(refs);
  return result;
}

}  // namespace detail

// Waits until num_ready of the refs are ready, or the timeout is over, which is no error. A failed object is ready:
// wait() never throws its error. With num_ready 0 it returns at once. A ref that was given twice counts twice.
// Errors: InvalidArgument if num_ready is more than there are refs.
//
// To handle all results one by one, loop over as_completed(refs), whose cost is linear. A loop over what wait() has
// left pending handles every remaining ref in every round, since each round returns them all in a vector. With
// `wait(std::move(refs))` it only moves their bytes, which is good enough for some 100,000 refs.
template <class T>
WaitResult<ObjectRef<T>> wait(const std::vector<ObjectRef<T>>& refs, WaitOptions options = {}) {
  return detail::wait_refs(std::span(refs), options);
}
template <class T>
WaitResult<ObjectRef<T>> wait(std::vector<ObjectRef<T>>&& refs, WaitOptions options = {}) {
  return detail::wait_refs(std::move(refs), options);
}
template <class T>
WaitResult<ObjectRef<T>> wait(std::initializer_list<ObjectRef<T>> refs, WaitOptions options = {}) {
  return detail::wait_refs(std::span(refs), options);
}
WaitResult<AnyRef> wait(const std::vector<AnyRef>& refs, WaitOptions options = {});
WaitResult<AnyRef> wait(std::vector<AnyRef>&& refs, WaitOptions options = {});

// Waits for all refs and shows how far it is, on stderr: on a terminal a bar with the rate and the time left, elsewhere
// plain lines. A failed object counts as ready.
void wait_with_progress(const std::vector<AnyRef>& refs, std::string_view label);
template <class T>
void wait_with_progress(const std::vector<ObjectRef<T>>& refs, std::string_view label) {
  wait_with_progress(std::vector<AnyRef>(refs.begin(), refs.end()), label);
}

// Deletes the values everywhere: a later get() throws ObjectLost. Arrays that point into them stay valid; the memory is
// used again when the last of those is gone.
void free(const AnyRef& ref);
void free(std::initializer_list<AnyRef> refs);
void free(const std::vector<AnyRef>& refs);
template <class T>
void free(const std::vector<ObjectRef<T>>& refs) {
  free(std::vector<AnyRef>(refs.begin(), refs.end()));
}

}  // namespace manta
