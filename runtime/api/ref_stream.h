// ObjectRefStream<T>: what the call of a generator gives, a ref for each item that it yields, in their order.
//
//   auto stream = manta::remote(numbers)(3);
//   for (const auto& ref : stream) use(manta::get(ref));     or     while (auto ref = stream.next()) use(get(*ref));
//
// A ref comes when its item has arrived, whether or not the call has ended: they are refs like any, which may be kept,
// passed on, and outlive the stream. If the call fails (by an exception, a crash, a deadline, ...) the refs of the
// items before that hold their values, and one more ref, the last, holds the error. TaskOptions::max_buffered (for
// methods CallOptions::max_buffered): the generator waits while so many items were not taken. When the stream goes
// before the end, the generator is cancelled: it ends at its next co_yield, and its variables are destroyed;
// this_task().cancelled() is true until then. Items that were not taken go with the stream.
// Errors:  InvalidArgument from next(), begin() and ++ for a stream that was moved away, when its session has ended, or
//          ends meanwhile.
// Threads: a stream is confined, like an iterator; the refs are values. Inside a task, a wait lends the CPU.
#pragma once
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "../calls/item_stream.h"
#include "../ownership/object_ref.h"
#include "ref_iterator.h"

namespace manta {

namespace detail {

class Process;

// A stream of refs of whatever type.
class ItemRefs {
 public:
  explicit ItemRefs(base::Ref<ItemStream> items) : items_(std::move(items)) {}
  ~ItemRefs();  // the call is cancelled if it has not ended
  ItemRefs(const ItemRefs&) = delete;

  ObjectEntryRef next();  // null: the end
  ObjectEntryRef upcoming() const;
  void cancel();

 private:
  Process& process(const char* what) const;

  const base::Ref<ItemStream> items_;
  bool ended_ = false;
};

[[noreturn]] void throw_moved_stream();

struct StreamAccess {
  template <class Stream>
  static Stream make(base::Ref<ItemStream> items) {
    return Stream(std::move(items));
  }
};

}  // namespace detail

// A move-only input range of ObjectRef<T>. Its iterators stay valid when it is moved.
template <class T>
class [[nodiscard]] ObjectRefStream {
  struct State {
    explicit State(base::Ref<detail::ItemStream> given) : items(std::move(given)) {}
    void advance() {
      current = {};
      current = detail::RefAccess::make<ObjectRef<T>>(items.next());
    }

    detail::ItemRefs items;
    ObjectRef<T> current;  // of the loop; empty: before the first, after the last, or a wait threw
  };

 public:
  using iterator = detail::RefIterator<State>;

  ObjectRefStream(ObjectRefStream&&) noexcept = default;
  ObjectRefStream& operator=(ObjectRefStream&&) noexcept = default;
  ~ObjectRefStream() = default;

  // Waits for the next ref. When it is called again, the loop continues where it was.
  iterator begin() {
    if (!state().current) state().advance();
    return iterator(state_.get());
  }
  std::default_sentinel_t end() const { return {}; }

  // Waits until an item has arrived, or the call has ended; empty at the end, and from then on. The last ref may hold
  // the call's error.
  std::optional<ObjectRef<T>> next() {
    auto entry = state().items.next();
    if (!entry) return std::nullopt;
    return detail::RefAccess::make<ObjectRef<T>>(std::move(entry));
  }
  // Is ready when next() does not wait: for wait() over several streams. It is what next() gives then, except at the
  // end.
  AnyRef upcoming() const {
    return detail::RefAccess::make<ObjectRef<T>>(state().items.upcoming());
  }
  // The call is not wanted any more, nor those that it has made: as manta::cancel(). Items that have arrived can be
  // taken; then comes the end: a ref that holds Cancelled, unless the generator ended by itself. Does not wait.
  void cancel() { state().items.cancel(); }

 private:
  friend struct detail::StreamAccess;
  explicit ObjectRefStream(base::Ref<detail::ItemStream> items)
      : state_(std::make_unique<State>(std::move(items))) {}
  State& state() const {
    if (!state_) detail::throw_moved_stream();
    return *state_;
  }

  std::unique_ptr<State> state_;
};

// The refs are values; the stream is not.
template <class T>
struct serialization::Codec<ObjectRefStream<T>> {
  static constexpr TypeNode node() {
    return {.name = kTypeName<ObjectRefStream<T>>, .refusal = Refusal::kStream};
  }
};

}  // namespace manta
