// Helpers of put() and get() first, as get.h declares them in detail; then questions that do not wait; then the
// functions on lists of refs, whose templates are in the header.
#include "get.h"

#include <algorithm>
#include <chrono>

#include "../../base/error.h"
#include "../code/call_sites.h"
#include "../code/code_id.h"
#include "../options/check_options.h"
#include "../ownership/value_codec.h"
#include "../process/process.h"
#include "../process/spilled_blocks.h"
#include "../waiting/lend_cpu.h"
#include "../worker/waiting_call.h"
#include "progress_bar.h"

namespace manta {
namespace detail {

constexpr std::chrono::seconds kLeastForReading{1};

ObjectEntryRef put_encoded(serialization::Encoded& encoded, const PutOptions& options) {
  Process& process = Process::current("manta::put()");
  check_put_options(options);
  if (process.ownership().closed()) {
    throw InvalidArgument("manta::put(): the session is being shut down");
  }
  if (process.ownership().dead()) throw NodeDied("manta::put(): the node of this session has died");
  ObjectEntryRef entry = process.ownership().make_entry();
  Value value = value_of(process.store(), encoded);
  const auto buffers = value.buffers();
  const std::string site = buffers.empty() ? "" : call_site();
  for (const auto& buffer : buffers) {
    auto* const block = process.store().block_of(buffer.storage.get());
    block->set_object(entry->id());
    if (!options.name.empty() || !site.empty()) block->set_label({options.name, site});
  }
  (void)entry->complete(std::move(value));
  return entry;
}

std::vector<serialization::Buffer> readable_buffers(const ObjectEntry& entry,
                                                    const Deadline& deadline) {
  const auto kept = Process::current_or_null();  // it may be closed meanwhile
  Process& process = Process::current("manta::get()");
  auto buffers = entry.read([](const Value& value) {
    return std::vector<serialization::Buffer>(value.buffers().begin(), value.buffers().end());
  });
  LentCpu lent(process.waiting_threads());
  const std::string waiter = name_of_waiter(process.waiting_threads());
  for (auto& buffer : buffers) {
    make_readable(process.questions(), process.store(), buffer, waiter, deadline,
                  [&] { lent.lend(); });
  }
  return buffers;
}

Deadline with_time_to_read(Deadline deadline) {
  if (deadline) {
    *deadline = std::max(*deadline, std::chrono::steady_clock::now() + kLeastForReading);
  }
  return deadline;
}

ObjectEntry& checked(const ObjectEntryRef& entry, const char* what) {
  if (!entry) OpenSession::refuse_empty(what, "ref");
  if (entry->session != OpenSession::current_number()) {
    OpenSession::refuse_ended(what, "object", entry->id().hex());
  }
  return *entry;
}

void check_session(const ObjectEntryRef& entry, const char* what) {
  if (entry) checked(entry, what);
}

namespace {
class IsDone final : public rpc::Progress::Waiter {
 public:
  explicit IsDone(const ObjectEntry& entry) : entry_(entry) {}
  bool satisfied() const override { return entry_.done(); }

 private:
  const ObjectEntry& entry_;
};
}  // namespace

bool object_ready(const ObjectEntry& entry) {
  if (entry.done()) return true;
  Process& process = Process::current("ready()");
  if (entry.from_elsewhere()) process.subscribe(const_cast<ObjectEntry&>(entry));
  // So that a caller that asks again and again need not wait until the ring thread looks the next time.
  process.progress().kick();
  IsDone waiter(entry);
  if (!waiter.satisfied()) lend_cpu_to_what_is_asked_for(process.waiting_threads(), waiter);
  return waiter.satisfied();
}

void on_ready(const ObjectEntryRef& entry, std::function<void()> fn) {
  Process& process = Process::current("on_ready()");
  process.submit(
      command_of([&process, pending = entry, fn = std::move(fn)](base::Ref<Command> self) mutable {
        if (!pending || pending->done()) return process.callbacks().add(std::move(fn));
        const auto awaited = std::move(pending);  // a callback that waits keeps no object
        process.completion().add_dependent(*awaited, std::move(self));
      }));
}

void throw_wrong_type(const std::type_info& held, const std::type_info& wanted) {
  throw InvalidArgument("AnyRef::as(): the ref was made from an ObjectRef<" +
                        demangled(held.name()) + ">, not from an ObjectRef<" +
                        demangled(wanted.name()) + ">");
}

void check_wait(std::size_t refs, std::size_t num_ready) {
  Process::current("manta::wait()");
  if (num_ready <= refs) return;
  throw InvalidArgument(
      "manta::wait(): num_ready is " + std::to_string(num_ready) + ", but there " +
      (refs == 1 ? "is only 1 ref" : "are only " + std::to_string(refs) + " refs"));
}

}  // namespace detail

WaitResult<AnyRef> wait(const std::vector<AnyRef>& refs, WaitOptions options) {
  return detail::wait_refs(std::span(refs), options);
}
WaitResult<AnyRef> wait(std::vector<AnyRef>&& refs, WaitOptions options) {
  return detail::wait_refs(std::move(refs), options);
}

void wait_with_progress(const std::vector<AnyRef>& refs, std::string_view label) {
  constexpr auto kRefresh = std::chrono::milliseconds(200);
  const auto entries = detail::entries_of(refs, "manta::wait_with_progress()");
  detail::CompletionWait wait("manta::wait_with_progress()", entries);
  detail::ProgressBar bar(label, entries.size(), wait.done().arrived());
  for (bool all = entries.empty(); !all;) {
    all = wait.wait_for(entries.size(), detail::deadline_of(Timeout(kRefresh)));
    bar.show(wait.done().arrived());
  }
}

void free(const AnyRef& ref) {
  auto& entry = detail::checked(detail::RefAccess::entry(ref), "manta::free()");
  detail::Process::current("manta::free()").free_object(entry);
}
void free(std::initializer_list<AnyRef> refs) {
  for (const auto& ref : refs) free(ref);
}
void free(const std::vector<AnyRef>& refs) {
  for (const auto& ref : refs) free(ref);
}

}  // namespace manta
