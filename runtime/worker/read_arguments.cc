// The arguments of a RunningCall: views of what its caller has sent and of the store, where nothing is copied.
#include <optional>

#include "../../base/check.h"
#include "../calls/needs.h"
#include "../code/names.h"
#include "../ownership/arrivals.h"
#include "../ownership/ownership.h"
#include "../process/node_questions.h"
#include "../process/spilled_blocks.h"
#include "exception_types.h"
#include "running_call.h"
#include "turn.h"

namespace manta::detail {

void RunningCall::read_arguments(std::span<const std::byte> bytes) {
  arguments_.clear();
  values_.clear();
  if (frame_.external_block != 0) {
    try {  // this may wait, as below
      bytes = read_external();
    } catch (const std::exception& error) {
      return fail_argument(error);
    }
  }
  // First adopt everything, then point into it: the tables may move while they grow.
  struct Range {
    std::size_t buffers, references;
    std::span<const std::byte> meta;
  };
  thread_local std::vector<Range> ranges;
  ranges.clear();
  std::vector<std::size_t> with_meta_in_buffer;  // of the values
  while (!bytes.empty()) {
    const ValueHeader head = value_header(bytes);
    const bool is_list = (head.flags & kList) != 0;
    const std::size_t count = is_list ? head.meta_size : 1;
    if (is_list) bytes = bytes.subspan(sizeof head);
    arguments_.push_back({is_list, ranges.size(), count});
    for (std::size_t k = 0; k < count; ++k) {
      const WireReader wire(bytes);
      if (wire.header().flags != 0) [[unlikely]] {
        if ((wire.header().flags & kError) != 0 && !failed_argument_) {
          failed_argument_ = std::make_unique<ErrorRecord>(decode_error(wire.meta()));
        }
        if ((wire.header().flags & kMetaInBuffer) != 0) {
          with_meta_in_buffer.push_back(ranges.size());
        }
      }
      ranges.push_back({buffers_.size(), references_.size(), wire.meta()});
      if (!wire.buffers().empty() || !wire.references().empty()) {
        adopt_parts(ownership(), wire, Arrival::kLent, buffers_, references_);
      }
      bytes = bytes.subspan(wire.size());
    }
  }
  ranges.push_back({buffers_.size(), references_.size(), {}});
  for (std::size_t i = 0; i + 1 < ranges.size(); ++i) {
    const std::span<const serialization::Buffer> buffers(buffers_);
    const std::span<const serialization::Reference> references(references_);
    values_.emplace_back(
        ranges[i].meta,
        buffers.subspan(ranges[i].buffers, ranges[i + 1].buffers - ranges[i].buffers),
        references.subspan(ranges[i].references, ranges[i + 1].references - ranges[i].references));
  }
  try {  // last: this may wait, and serve others meanwhile
    read_back(buffers_);
    for (const std::size_t i : with_meta_in_buffer) values_[i] = take_meta_from_buffer(values_[i]);
  } catch (const std::exception& error) {
    fail_argument(error);
  }
}

// The block may have been spilled while the call waited.
std::span<const std::byte> RunningCall::read_external() {
  auto& store = ownership().store();
  const std::uint64_t offset = frame_.external_block - 1;
  serialization::Buffer all{store.arena().readable(offset), frame_.external_size,
                            store.blocks().adopt(offset, objectstore::Share::kLent)};
  read_back({&all, 1});
  external_ = std::move(all.storage);
  return {all.data, all.size};
}

void RunningCall::fail_argument(const std::exception& error) {
  failed_argument_ = std::make_unique<ErrorRecord>(
      error_of(kind_of(error), error.what(), display_name(frame_, name_)));
}

void RunningCall::read_back(std::span<serialization::Buffer> buffers) {
  std::optional<Turn::Waits> lent;  // others may have what there is no room for
  for (auto& buffer : buffers) {
    if (buffer.storage->begin_reading()) {
      buffer.storage->end_reading();
      continue;
    }
    make_readable(questions(), ownership().store(), buffer,
                  name_in_waits(display_name(frame_, name_)), {}, [&] {
                    if (!lent) lent.emplace(turn_, true);
                  });
  }
}

}  // namespace manta::detail
