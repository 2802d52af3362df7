#include "chunk_loop.h"

#include <algorithm>
#include <chrono>

#include "../ownership/error_values.h"
#include "../waiting/wait_objects.h"
#include "../worker/exceptions.h"
#include "cancel.h"
#include "element_place.h"

namespace manta::detail {
namespace {

constexpr std::size_t kAhead = 4;  // chunks for each core that are submitted and not done
constexpr std::chrono::milliseconds kRefresh(200);

}  // namespace

ChunkLoop::ChunkLoop(const char* what, const CallSpec& spec, std::size_t elements,
                     const ParallelOptions& options, std::size_t most_in_chunk)
    : what_(what), sizes_(what, spec, elements, options, most_in_chunk) {
  if (!options.progress.empty()) progress_.emplace(options.progress, elements, 0);
}

ChunkLoop::~ChunkLoop() {
  if (chunks_.empty()) return;
  std::vector<ObjectEntry*> left;
  for (const Chunk& chunk : chunks_) {
    chunk.result->mark_seen();
    left.push_back(chunk.result.get());
  }
  try {
    cancel(left, CancelOptions());
  } catch (const InvalidArgument&) {
    // The session is over, and they with it.
  }
}

std::size_t ChunkLoop::next_size() const {
  if (failed_ || sizes_.left() == 0 || running_.size() >= kAhead * sizes_.cores()) return 0;
  if (const auto size = sizes_.next()) return *size;
  return running_.size() < sizes_.cores() ? 1 : 0;
}

void ChunkLoop::submitted(ObjectEntryRef result, std::size_t size) {
  chunks_.push_back({std::move(result), next_, size});
  running_.push_back(&chunks_.back());
  next_ += size;
  sizes_.take(size);
}

void ChunkLoop::wait() {
  std::vector<ObjectEntry*> entries;
  entries.reserve(running_.size());
  for (const Chunk* chunk : running_) entries.push_back(chunk->result.get());
  CompletionWait one(what_, entries);
  while (!one.wait_for(1, progress_ ? deadline_of(Timeout(kRefresh)) : Deadline())) {
    progress_->show(done_);
  }
  note_done();
  if (progress_) progress_->show(done_);
}

void ChunkLoop::note_done() {
  std::erase_if(running_, [this](const Chunk* chunk) {
    if (!chunk->result->done()) return false;
    failed_ |= chunk->result->state() == ObjectState::kFailed;
    done_ += chunk->size;
    return true;
  });
}

ObjectEntryRef ChunkLoop::take_result() {
  if (chunks_.empty()) return {};
  Chunk& first = chunks_.front();
  if (std::find(running_.begin(), running_.end(), &first) != running_.end()) return {};
  if (first.result->state() == ObjectState::kFailed) throw_error_of(first);
  ObjectEntryRef result = std::move(first.result);
  chunks_.pop_front();
  return result;
}

void ChunkLoop::throw_error_of(const Chunk& chunk) const {
  ErrorRecord error = chunk.result->read([](const Value& value) { return record_of(value); });
  add_place(error, chunk.first, chunk.size, what_);
  throw_error(error);
}

}  // namespace manta::detail
