// as_completed: the refs of a vector in the order in which their objects become ready.
//
//   for (const auto& ref : manta::as_completed(refs)) use(manta::get(ref));
//
//   refs  a b c d   --c, then a are done-->   c a ...        those ready from the start come first
//
// The cost is linear: each ref costs the same, however many there are. A failed object is ready, too: get() throws its
// error. A ref that was given twice comes twice. Inside a task a wait lends the CPU, as get() does.
// Errors:  InvalidArgument for an empty ref, a ref of an ended session, no session, a session that ends meanwhile;
//          GetTimeout from begin() or ++.
// Threads: an AsCompleted is confined; the refs are values.
#pragma once
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "get.h"
#include "ref_iterator.h"

namespace manta {

// A move-only input range of ObjectRef<T>. Its iterators stay valid when it is moved. A ref that the loop has left
// behind is dropped, so that its value can be deleted before the others are ready.
template <class T>
class AsCompleted {
  struct State {
    State(std::vector<ObjectRef<T>> given, std::optional<Timeout> limit)
        : timeout(limit),
          deadline(limit ? detail::deadline_of(*limit) : detail::Deadline()),
          refs(std::move(given)),
          entries(detail::entries_of(refs, "manta::as_completed()")),
          wait("manta::as_completed()", entries) {}
    ~State() = default;
    State(const State&) = delete;

    // Makes the next ref the current one; after the last there is none.
    void advance() {
      current = {};
      if (taken == entries.size()) return;
      if (!wait.wait_for(taken + 1, deadline)) throw_timeout();
      current = std::exchange(refs[wait.done()[taken]], {});
      ++taken;
    }
    [[noreturn]] void throw_timeout() const {
      detail::throw_timeout("manta::as_completed()", detail::entries_left(refs), *timeout);
    }

    const std::optional<Timeout> timeout;
    const detail::Deadline deadline;
    std::vector<ObjectRef<T>> refs;
    const std::vector<detail::ObjectEntry*> entries;
    detail::CompletionWait wait;  // destroyed before the refs
    std::size_t taken = 0;
    ObjectRef<T> current;  // empty: before the first, after the last, or a wait threw
  };

 public:
  using iterator = detail::RefIterator<State>;

  // Waits for the first ref. When it is called again, the loop continues where it was.
  iterator begin() {
    if (state_ && !state_->current) state_->advance();
    return iterator(state_.get());
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  template <class U>
  friend AsCompleted<U> as_completed(std::vector<ObjectRef<U>>, std::optional<Timeout>);
  AsCompleted(std::vector<ObjectRef<T>> refs, std::optional<Timeout> timeout)
      : state_(std::make_unique<State>(std::move(refs), timeout)) {}

  std::unique_ptr<State> state_;
};

// Waits as long as it takes. A timeout is for the whole iteration, from this call on. When it is over, the refs that
// are ready still come; then begin() or ++ throws GetTimeout.
template <class T>
AsCompleted<T> as_completed(std::vector<ObjectRef<T>> refs,
                            std::optional<Timeout> timeout = std::nullopt) {
  return AsCompleted<T>(std::move(refs), timeout);
}

}  // namespace manta
