// In the order of a call: begin(), whose arguments are in read_arguments.cc; run(); its results, in add_result() and
// fail(); end(), which finds out what of the arguments is still in use (keep_block, keep_reference); and the reply, in
// results_for() (mark_for).
#include "running_call.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../../base/failpoint.h"
#include "../code/code_id.h"
#include "../code/named_function.h"
#include "../code/names.h"
#include "../ownership/arrivals.h"
#include "../process/process.h"
#include "exception_types.h"

namespace manta::detail {
namespace {

objectstore::Block& block_of(const base::StorageRef& storage) {
  return static_cast<objectstore::Block&>(*storage);
}

}  // namespace

void RunningCall::begin(std::span<const std::byte> bytes, void* instance) {
  clear_results();
  values_here_.clear();
  results_added_ = 0;
  kept_.clear();
  constructed_ = {};
  failed_argument_.reset();
  external_ = nullptr;
  base::check(bytes.size() >= sizeof frame_, "a call is cut off");
  std::memcpy(&frame_, bytes.data(), sizeof frame_);
  bytes = bytes.subspan(sizeof frame_);
  const std::size_t name_room = (std::size_t{frame_.name_size} + 7) & ~std::size_t{7};
  base::check(name_room <= bytes.size(), "the name of a call is cut off");
  name_.assign(reinterpret_cast<const char*>(bytes.data()), frame_.name_size);
  result_count_ = frame_.result_count;
  unpacked_ = frame_.unpacked != 0;
  adjustment_ = frame_.adjustment;
  instance_ =
      instance == nullptr ? nullptr : static_cast<std::byte*>(instance) + frame_.object_offset;
  read_arguments(bytes.subspan(name_room));
  stub_ =
      failed_argument_ ? nullptr : called_stub();  // the name of what is called is an argument, too
  target_ =
      frame_.target_image == 0 ? 0 : resolve_member({frame_.target_image, frame_.target_offset});
}

Ownership& RunningCall::ownership() const { return process_.ownership(); }
NodeQuestions& RunningCall::questions() const { return process_.questions(); }

Stub RunningCall::called_stub() const {
  const CodeId stub{frame_.stub_image, frame_.stub_offset};
  if (stub != kCalledByName) return resolve_stub(stub);
  base::check(!values_.empty(), "a call by name has no name");
  return resolve_named(serialization::decode<CalledByName>(values_[0]));
}

void RunningCall::run() {
  if (failed_argument_) {
    pass_on(*failed_argument_, display_name(frame_, name_));
    return fail(*failed_argument_);
  }
  stub_(*this);
}

// A process that user code has forked has come back from it: but only its parent answers the call.
void RunningCall::end_forked_child() const {
  if (!OpenSession::is_the_parents()) return;
  std::fprintf(stderr,
               "manta: a process that was forked in %s came back from it, and ends here: the call "
               "continues in its parent; let the child end by _exit() or exec\n",
               display_name(frame_, name_).c_str());
  std::fflush(nullptr);
  ::_exit(EXIT_FAILURE);
}

void RunningCall::fail(const ErrorRecord& error) {
  end_forked_child();
  scratch_.clear();  // a result that found no room may have arrays that lie in the store
  if (caller_ == Caller::kHere) {
    values_here_.clear();
    for (std::uint32_t i = 0; i < std::max(1U, frame_.result_count); ++i) {
      values_here_.push_back(value_of(error));
    }
    return;
  }
  const auto wire = error_wire(error);
  clear_results();
  // Also if the call has no results: the caller logs the error.
  for (std::uint32_t i = 0; i < std::max(1U, frame_.result_count); ++i) {
    results_.insert(results_.end(), wire.begin(), wire.end());
  }
  results_added_ = frame_.result_count;
}

void RunningCall::void_result() {
  end_forked_child();
  if (caller_ == Caller::kHere) {
    values_here_.emplace_back();
    ++results_added_;
    return;
  }
  const std::size_t at = results_.size();
  results_.resize(at + wire_size(0, 0, 0));
  write_wire(results_.data() + at, process_.store(), {}, {}, {}, 0);
  ++results_added_;
}

void RunningCall::error_result(const ErrorRecord& error) {
  end_forked_child();
  if (caller_ == Caller::kHere) {
    values_here_.push_back(value_of(error));
  } else {
    const auto wire = error_wire(error);
    results_.insert(results_.end(), wire.begin(), wire.end());
  }
  ++results_added_;
}

std::string RunningCall::what_for() const {
  return "\n  This was for what " + display_name(frame_, name_) + " returned";
}

// Runs `store`, which takes room for a result. Errors say what for.
template <class Store>
auto RunningCall::with_room(Store&& store) {
  try {
    return store();
  } catch (const ObjectStoreFull& full) {
    throw ObjectStoreFull(full.what() + what_for());
  } catch (const OutOfDisk& full) {
    throw OutOfDisk(full.what() + what_for());
  }
}

void RunningCall::add_result(serialization::Encoded& encoded) {
  end_forked_child();
  if (results_added_ == frame_.result_count) {
    throw InvalidArgument("a function of several results gave more of them than were asked for");
  }
  if (caller_ == Caller::kHere) {
    values_here_.push_back(with_room([&] { return value_of(process_.store(), encoded); }));
    ++results_added_;
    return;
  }
  const std::uint32_t flags = with_room([&] { return store_parts(process_.store(), encoded); });
  const std::size_t at = results_.size();
  results_.resize(at + wire_size(encoded.buffers.size(), encoded.refs.size(), encoded.meta.size()));
  write_wire(results_.data() + at, process_.store(), encoded.meta, encoded.buffers, encoded.refs,
             flags);
  for (std::size_t i = 0; i < encoded.buffers.size(); ++i) {
    result_buffers_.push_back(at + sizeof(ValueHeader) + i * sizeof(WireBuffer));
    result_blocks_.push_back(std::move(encoded.buffers[i].storage));
  }
  result_references_.insert(result_references_.end(), encoded.refs.begin(), encoded.refs.end());
  encoded.clear();  // the scratch space must not keep what is handed over
  ++results_added_;
}

void RunningCall::clear_results() {
  results_.clear();
  result_buffers_.clear();
  result_blocks_.clear();
  result_references_.clear();
}

void RunningCall::begin_items(std::uint64_t most) {
  items_ = 0;
  most_ = most;
}

bool RunningCall::add_item(serialization::Encoded& encoded) {
  add_result(encoded);
  results_added_ = 0;
  ++items_;
  const bool wanted = receiver_.take_item(*this);
  clear_results();
  return wanted;
}

void RunningCall::stopped() {
  const std::string function = display_name(frame_, name_);
  fail(error_of(ErrorKind::kCancelled,
                function + " was cancelled, or nobody reads its items any more: it ended after " +
                    std::to_string(items_) + (items_ == 1 ? " item" : " items"),
                function));
}

void RunningCall::keep_block(objectstore::Block& block) {
  // If the block was lent to us and is used by more than lent_, the node counts this process from now on.
  auto& blocks = process_.store().blocks();
  bool report = false;
  {
    const TablesLock lock(process_.tables());
    report = process_.ownership().take_report(block.offset());
  }
  if (!block.mine() && block.holds() == 0 && block.use_count() > 1) {
    process_.node().send(HoldBlock{.block = block.offset(), .whose = process_.slot()});
    (void)blocks.adopt(block.offset(), objectstore::Share::kHeld);
    report = true;
  }
  if (report) kept_.push_back(block.offset());
}

void RunningCall::keep_reference(const serialization::Reference& reference) {
  if (!reference.target || reference.target->use_count() <= 1) return;
  const TablesLock lock(process_.tables());
  if (reference.kind == serialization::RefKind::kObject) {
    process_.ownership().keep(static_cast<ObjectEntry&>(*reference.target));
  } else {
    process_.ownership().keep(static_cast<ActorEntry&>(*reference.target));
  }
}

void RunningCall::end() {
  end_forked_child();
  arguments_.clear();
  values_.clear();
  external_ = nullptr;
  if (caller_ == Caller::kHere) {  // all is counted when the call ends that runs this one in place
    buffers_.clear();
    references_.clear();
    return;
  }
  if (buffers_.empty() && references_.empty()) return;
  for (auto& buffer : buffers_) {
    if (std::find(lent_.begin(), lent_.end(), buffer.storage) == lent_.end()) {
      lent_.push_back(std::move(buffer.storage));
    }
  }
  buffers_.clear();
  for (const auto& storage : lent_) keep_block(block_of(storage));
  lent_.clear();
  auto references = std::move(references_);
  references_.clear();
  // An entry may be listed more than once: when the last mention goes, it shows whether the program uses it.
  while (!references.empty()) {
    keep_reference(references.back());
    references.pop_back();
  }
}

BlockMark RunningCall::mark_for(objectstore::Block& block, std::size_t uses, rpc::Slot caller,
                                ReplyName reply) {
  if (block.mine()) {
    if (block.use_count() == uses) return BlockMark::kGiven;
    // We still use it: the node counts us both.
    process_.node().send(AdoptBlock{.block = block.offset(), .holds = 1});
    base::failpoint(base::Failpoint::kBlockAdopted);
    block.hand_over_to_node(1);
  }
  if (block.holds() == 0) return BlockMark::kLent;  // the caller lent it to us, or just received it
  process_.node().send(HoldBlock{.block = block.offset(), .reply = reply, .whose = caller});
  base::failpoint(base::Failpoint::kBlockHeld);
  return BlockMark::kHeld;
}

std::span<const std::byte> RunningCall::results_for(rpc::Slot caller, ReplyName reply) {
  if (result_buffers_.empty() && result_references_.empty()) return results_;
  // The ring thread gives blocks to the node too, and publishes.
  const TablesLock lock(process_.tables());
  for (std::size_t i = 0; i < result_buffers_.size(); ++i) {
    auto& block = block_of(result_blocks_[i]);
    const auto uses = static_cast<std::size_t>(
        std::count(result_blocks_.begin(), result_blocks_.end(), result_blocks_[i]));
    const std::uint64_t wire = marked(block.offset(), mark_for(block, uses, caller, reply));
    std::memcpy(results_.data() + result_buffers_[i] + offsetof(WireBuffer, block), &wire,
                sizeof wire);
  }
  result_buffers_.clear();
  std::erase_if(result_blocks_, [](const auto& storage) { return !block_of(storage).mine(); });
  if (!result_references_.empty()) hold_references_for(caller, reply);
  return results_;
}

void RunningCall::hand_over_blocks(rpc::Slot caller) {
  for (const auto& storage : result_blocks_) {
    auto& block = block_of(storage);
    if (block.mine()) block.hand_over(objectstore::tag_of_slot(caller));  // it may be listed twice
    base::failpoint(base::Failpoint::kBlockHandedOver);
  }
  result_blocks_.clear();
}

void RunningCall::hold_references_for(rpc::Slot caller, ReplyName reply) {
  process_.run_commands();  // the node hears of an actor made here before it hears of a handle
  process_.ownership().publish_all(result_references_);
  base::failpoint(base::Failpoint::kPublished);
  for (const auto& reference : result_references_) {
    if (!reference.target) continue;
    process_.node().hold(wire_of(reference), caller, reply);
    base::failpoint(base::Failpoint::kReferenceHeld);
  }
  result_references_.clear();
}

base::Ref<objectstore::Block> RunningCall::room_for_item() {
  const std::size_t size = results_.size();
  if (size <= kMaxInlineValue) return {};
  auto created = process_.store().create(size);
  if (!created.ok()) objectstore::throw_store_error(created.error(), size, process_.store());
  return std::move(created.value());
}

base::Ref<objectstore::Block> RunningCall::room_for_results() {
  try {
    return room_for_item();
  } catch (const std::exception& error) {
    fail(error_of(kind_of(error), error.what() + what_for(), display_name(frame_, name_)));
  }
  return {};
}

void RunningCall::move_results(base::Ref<objectstore::Block> block) {
  std::memcpy(block->writable(), results_.data(), results_.size());
  block->seal();
  result_blocks_.push_back(std::move(block));
}

}  // namespace manta::detail
