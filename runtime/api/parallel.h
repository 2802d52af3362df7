// What people write with tasks: a function for each element of a range, in parallel.
//
//   #include <manta/parallel.h>            beside <manta/manta.h>, which does not include it
//
//   map(f, range)                    -->   a ref to f(element) for each element, in order
//   map_reduce(range, f, reduce)     -->   reduce(reduce(f(a), f(b)), f(c)) ...
//   parallel_for(range, f)           -->   f(element) for each element, for its effects
//
//   const auto squares = manta::map([](int x) { return x * x; }, std::views::iota(0, 1000));
//   const double sum = manta::map_reduce(array, norm, std::plus<>());
//   manta::parallel_for(paths, convert, {.progress = "converting"});
//
// Elements are grouped into tasks of about a millisecond, by how long f took before: it makes no difference to the
// result how many elements a task has, but to what a crash of f takes along.
//
// range: integers, as std::views::iota(first, last) or std::pair(first, last); an Array of one dimension, of which
//        nothing is copied; any other range that knows its size, whose elements are serializable and are copied.
// f:     called with one element (or integer). All that remote() takes, and generic lambdas too; what it captures is
//        sent with each task: capture(f, values...), with a put() before and a ref for what is large. Its tasks share
//        no memory that can be written: what f writes to a global variable stays in its worker. Results are what map
//        and map_reduce give; parallel_for is for effects outside, such as files.
// Errors: InvalidArgument without a session, for a bad option, a captured address, a function of a system library, an
//        Array of several dimensions; what an element threw: see each function. After a crash of a worker all elements
//        of the task run again, TaskOptions::max_retries times.
// Threads: any; inside a task, too, where waiting lends its CPU.
#pragma once
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "../ownership/object_ref.h"
#include "check_parallel.h"
#include "chunk_loop.h"
#include "chunk_stub.h"
#include "get.h"
#include "parallel_options.h"
#include "remote_function.h"

namespace manta {

namespace detail {

inline constexpr std::size_t kMostResults = 4096;  // of a task of map()
// Until it is done, or for 20 ms.
void wait_for_a_first_run(const ObjectEntryRef& result);
[[noreturn]] void refuse_empty_range();

// The tasks of one call: the same but for their chunks.
template <class Stub, class F>
class ChunkTasks {
 public:
  ChunkTasks(const F& f, const ParallelOptions& options)
      : f_(as_class(f)), options_(keep(TaskOptions(options.task))) {
    spec_.stub = identify_stub(Stub::stub());
    if constexpr (is_captured_function<AsClass<F>>) {  // for its name
      spec_.target = identify_function(reinterpret_cast<std::uintptr_t>(f_.function()));
    }
    spec_.options = &options_;
    spec_.name = kGivenName<F>;
  }
  ChunkTasks(const ChunkTasks&) = delete;

  const CallSpec& spec() const { return spec_; }

  // A call with all its arguments; `more` adds what comes between the state of f and the chunk.
  template <class Chunk, class More, class Submit>
  auto submit(std::size_t first, const Chunk& chunk, std::size_t size, const More& more,
              const Submit& submit) const {
    CallSpec spec = spec_;
    spec.elements = static_cast<std::uint32_t>(size);
    CallBuilder call(spec);
    pass_state(call, f_);
    more(call);
    call.value(std::uint64_t{first});
    call.value(chunk);
    return submit(call);
  }

 private:
  const AsClass<F> f_;
  const OptionsRef options_;
  CallSpec spec_;
};

// Runs all chunks of the source; `take` gets the result of each of them, in order.
template <class Stub, class F, class Source, class More, class Take>
void run_chunks(const F& f, Source source, const ParallelOptions& options, const More& more,
                const Take& take) {
  const ChunkTasks<Stub, F> tasks(f, options);
  ChunkLoop loop(Stub::kWhat, tasks.spec(), source.size(), options, Source::kMostInChunk);
  while (!loop.over()) {
    if (const std::size_t size = loop.next_size()) {
      const auto chunk = source.take(size);
      loop.submitted(tasks.submit(loop.next_index(), chunk, size, more,
                                  [](CallBuilder& call) { return call.submit(); }),
                     size);
    } else {
      loop.wait();
    }
    while (const ObjectEntryRef result = loop.take_result()) take(*result);
  }
}

inline constexpr auto kNothingMore = [](CallBuilder&) {};

// Makes a task of the next `size` elements, and adds their refs.
template <class Tasks, class Source, class Ref>
void map_chunk(const Tasks& tasks, Source& source, std::size_t size, std::vector<Ref>& refs) {
  const auto chunk = source.take(size);
  tasks.submit(refs.size(), chunk, size, kNothingMore, [&](CallBuilder& call) {
    if (size == 1) return refs.push_back(RefAccess::make<Ref>(call.submit()));
    for (auto& entry : call.submit(size)) refs.push_back(RefAccess::make<Ref>(std::move(entry)));
  });
}

template <class F, class Source, class Ref>
std::vector<Ref> map_source(const F& f, Source source, const ParallelOptions& options) {
  using R = ResultOf<AsClass<F>, typename Source::Argument>;
  using ToMap = MapStub<AsClass<F>, R, typename Source::Chunk>;
  const ChunkTasks<ToMap, F> tasks(f, options);
  ChunkSizes sizes("manta::map()", tasks.spec(), source.size(), options, kMostResults);
  std::vector<Ref> refs;
  refs.reserve(source.size());
  while (sizes.left() > 0) {
    auto size = sizes.next();
    // The first are under way, and tell how long they take.
    if (!size && refs.size() == sizes.cores()) {
      wait_for_a_first_run(RefAccess::entry(refs.front()));
      size = sizes.next();
    }
    map_chunk(tasks, source, size.value_or(1), refs);
    sizes.take(size.value_or(1));
  }
  if (!options.progress.empty()) wait_with_progress(refs, options.progress);
  return refs;
}

template <class F, class Source, class Reduce, class A>
void reduce_source(const F& f, Source source, const Reduce& reduce, const ParallelOptions& options,
                   std::optional<A>& sum) {
  using ToReduce = ReduceStub<AsClass<F>, AsClass<Reduce>, A, typename Source::Chunk>;
  const auto reduction = as_class(reduce);
  run_chunks<ToReduce>(
      f, std::move(source), options, [&](CallBuilder& call) { pass_state(call, reduction); },
      [&](const ObjectEntry& result) { add_to<A>(sum, reduction, decode_done<A>(result)); });
}

}  // namespace detail

// A ref to f(element) for each element, in order; of those of a void f an ObjectRef<void>. It returns when all tasks
// are submitted; the first time that f runs in a process it waits until one element is done, but 20 ms at most. With
// `progress` it returns when all elements are done.
// An element that fails leaves the others alone: its ref holds the error, which get() throws with its index, and
// get_each() collects. A crash of a worker fails all elements of its task: with `.grain = 1` only the one.
template <class F, class Range>
auto map(F&& f, Range&& range, ParallelOptions options = {}) {
  using Check = detail::ParallelCheck<std::decay_t<F>, Range>;
  if constexpr (!Check::fits()) {
    return Check::explain();
  } else {
    using Source = typename Check::Source;
    using Ref = detail::RefTo<typename Check::Result>;
    return detail::map_source<std::decay_t<F>, Source, Ref>(f, detail::source_of(range), options);
  }
}

// What all f(element) are reduced to, from left to right: reduce(a, b) must be associative, since each task reduces its
// own elements, and the caller the results of the tasks, in their order. It need not be commutative. How the elements
// are grouped depends on how long they take: sums of floating-point numbers may differ in the last digits from one time
// to the next; with `.grain` they do not.
// Waits. Throws the error of the first element that failed, in the order of the range, whose path says which it was:
// "element 1234 of manta::map_reduce()"; later ones are cancelled: this_task().cancelled() is true in those that run.
// Errors: InvalidArgument for an empty range, if no initial value is given.
template <class Range, class F, class Reduce>
auto map_reduce(Range&& range, F&& f, Reduce&& reduce, ParallelOptions options = {}) {
  using Check = detail::ReduceCheck<std::decay_t<F>, std::decay_t<Reduce>, Range>;
  if constexpr (!Check::fits()) {
    return Check::explain();
  } else {
    std::optional<typename Check::Value> sum;
    detail::reduce_source<std::decay_t<F>>(f, detail::source_of(range),
                                           std::decay_t<Reduce>(reduce), options, sum);
    if (!sum) detail::refuse_empty_range();
    return *std::move(sum);
  }
}
// The same, beginning with `initial`, which is also the result for an empty range.
template <class Range, class F, class Reduce, class Initial>
  requires(!std::is_same_v<std::decay_t<Initial>, ParallelOptions>)
auto map_reduce(Range&& range, F&& f, Reduce&& reduce, Initial&& initial,
                ParallelOptions options = {}) {
  using Check = detail::ReduceCheck<std::decay_t<F>, std::decay_t<Reduce>, Range, Initial>;
  if constexpr (!Check::fits()) {
    return Check::explain();
  } else {
    using A = typename Check::Value;
    std::optional<A> sum(static_cast<A>(std::forward<Initial>(initial)));
    detail::reduce_source<std::decay_t<F>>(f, detail::source_of(range),
                                           std::decay_t<Reduce>(reduce), options, sum);
    return *std::move(sum);
  }
}

// Calls f(element) for each element, in any order, for its effects outside of the process; f returns nothing. Waits.
// Throws the error of the first element that failed, in the order of the range, whose path says which it was: "element
// 1234 of manta::parallel_for()". The elements after it in its task do not run, nor do tasks that have not begun; in
// later ones that run this_task().cancelled() is true, and nobody waits for them.
template <class Range, class F>
auto parallel_for(Range&& range, F&& f, ParallelOptions options = {}) {
  using Check = detail::EachCheck<std::decay_t<F>, Range>;
  if constexpr (!Check::fits()) {
    return Check::explain();
  } else {
    using Source = typename Check::Source;
    using ForEach = detail::EachStub<detail::AsClass<std::decay_t<F>>, typename Source::Chunk>;
    detail::run_chunks<ForEach, std::decay_t<F>>(f, detail::source_of(range), options,
                                                 detail::kNothingMore, [](const auto&) {});
  }
}

}  // namespace manta
