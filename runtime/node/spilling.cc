// A round of spilling, in the order of its steps; then what ends.
#include "spilling.h"

#include <algorithm>
#include <span>
#include <utility>

#include "../../base/error.h"
#include "../../base/failpoint.h"

namespace manta::detail::node {
namespace {

using objectstore::BlockExtent;
using objectstore::Filling;

// Of a round: an eighth of the store, so that its memory is free before the rest is full, within these.
constexpr std::size_t kSmallestRound = 16 << 20;
constexpr std::size_t kLargestRound = 96 << 20;
constexpr double kFull = 0.8;
constexpr std::int64_t kActiveMs = 1000;  // after a round more are probably needed
constexpr std::int64_t kPatienceMs = 200;
// When nothing could be spilled; twice as long each time, so often.
constexpr std::int64_t kPauseMs = 10;
constexpr int kMostDoublings = 7;
constexpr std::chrono::milliseconds kEndMs(1000);
constexpr std::int64_t kDiskPauseMs = 1000;
constexpr std::int64_t kWarnedEveryMs = 60'000;
constexpr std::int64_t kFreedMs = 500;  // after some sweeps

std::uint64_t slab_of(std::uint64_t block) {  // where its first slab begins
  return block / objectstore::kSlabSize * objectstore::kSlabSize;
}

}  // namespace

Spilling::Spilling(asio::io_context& io, objectstore::Arena& arena,
                   std::unique_ptr<objectstore::SpillPlace> place, std::int64_t timeout_ms,
                   SpillSession session)
    : arena_(arena),
      session_(std::move(session)),
      on_disk_(arena, disk_, timeout_ms, session_,
               {.make_room = [this] { return make_room(); },
                .makes_room = [this] { return makes_room(); }}),
      disk_(io, std::move(place)) {}

void Spilling::warn(const std::string& why) {
  if (session_.now_ms() < warned_until_) return;
  session_.warn("objects stay in memory: " + why);
  warned_until_ = session_.now_ms() + kWarnedEveryMs;
}

// ---------------------------------------------------------------- a round

void Spilling::keep_room() {
  if (is_full()) make_room(Urgency::kAhead);
}

// Without what is being given back.
bool Spilling::is_full() const {
  const auto emptying = static_cast<double>(emptying_) / static_cast<double>(arena_.capacity());
  return arena_.filled() - emptying > kFull;
}

std::size_t Spilling::round_size() const {
  return std::clamp(arena_.capacity() / 8, kSmallestRound, kLargestRound);
}

bool Spilling::make_room(Urgency urgency) {
  if (step_ != Step::kIdle || (emptying_ != 0 && !is_full())) return true;
  if (on_disk_.drop_copies(round_size())) {
    passes_in_vain_ = 0;
    freed_until_ = session_.now_ms() + kFreedMs;
    return true;
  }
  const bool go_on = urgency == Urgency::kNeeded && filling_ == Filling::kSparse;
  if (!possible() || fate_ || (session_.now_ms() < in_vain_until_ && !go_on)) return false;
  if (!on_disk_.has_addresses()) {
    warn("those on disk take all addresses of the store; drop some, or give init a larger store");
    tried_at_ = session_.now_ms();
    return false;
  }
  if (urgency == Urgency::kAhead) filling_ = Filling::kDense;
  // Once around from wherever it was, once more for sparse slabs, and no further.
  while (!begin_round()) {
    cursor_ = 0;
    if (++fruitless_ends_ < 2) continue;
    const bool was_dense = filling_ == Filling::kDense;
    filling_ = was_dense ? Filling::kSparse : Filling::kDense;
    fruitless_ends_ = was_dense ? 1 : 0;
    if (was_dense && urgency == Urgency::kNeeded) continue;
    const std::int64_t pause = kPauseMs * (1 << std::min(passes_in_vain_++, kMostDoublings));
    tried_at_ = session_.now_ms();
    in_vain_until_ = tried_at_ + pause;
    return false;
  }
  return true;
}

bool Spilling::makes_room() const {
  if (emptying_ != 0 || session_.now_ms() < freed_until_) return true;
  // A disk that has just taken nothing is tried again and again, but nobody waits for that.
  return !disk_fails_ && (step_ == Step::kWriting || (spills() && passes_in_vain_ == 0));
}

// The processes that may read the block, as far as the node has been told.
std::set<rpc::Slot> Spilling::holders_of(std::uint64_t block) const {
  std::set<rpc::Slot> holders;
  for (const scheduler::ProcessSlot slot : session_.holders_of(block)) {
    if (slot != rpc::kNodeSlot) holders.insert(static_cast<rpc::Slot>(slot));
  }
  const objectstore::OwnerTag owner = arena_.block_at(block).owner;
  if (owner != objectstore::kNodeTag && owner != objectstore::kNobody) holders.insert(owner);
  return holders;
}

// Marks blocks first, and then asks: whoever adopts one from now on sees the mark.
bool Spilling::begin_round() {
  ++question_;
  since_ = session_.now_ms();
  while (round_.empty()) {
    const auto wholes = arena_.spillable(cursor_, round_size(), filling_);
    if (wholes.empty()) return false;
    for (const BlockExtent& whole : wholes) add_to_round(whole.offset);
    cursor_ = wholes.back().offset + wholes.back().size;
  }
  step_ = Step::kAsking;
  for (const auto& [slot, blocks] : asked_) {
    session_.ask(slot, {.question = question_}, std::as_bytes(std::span(blocks)));
  }
  if (asked_.empty()) end_asking();
  return true;
}

void Spilling::add_to_round(std::uint64_t whole) {
  // The node reads the wire forms of values that lie in blocks.
  const auto found = arena_.blocks_in(whole);
  const bool has_wire = std::ranges::any_of(found, session_.is_wire, &BlockExtent::offset);
  if (has_wire || !arena_.begin_spill(whole)) return;
  // Now that it is marked its place is not used again: until then it may have been another block's.
  std::vector<Candidate> candidates;
  for (const BlockExtent& block : arena_.blocks_in(whole)) {
    Candidate candidate{.block = block.offset, .size = block.size};
    candidate.asked = holders_of(block.offset);
    candidate.silent = candidate.asked;
    const bool held = !candidate.asked.empty() || !session_.holders_of(block.offset).empty();
    const bool living = std::ranges::all_of(candidate.asked, session_.live);
    if (!held || !living) return arena_.keep_in_memory(whole);
    candidates.push_back(std::move(candidate));
  }
  if (candidates.empty()) return arena_.keep_in_memory(whole);
  for (Candidate& candidate : candidates) {
    for (const rpc::Slot slot : candidate.asked) asked_[slot].push_back(candidate.block);
    round_.push_back(std::move(candidate));
  }
}

std::vector<Spilling::Candidate>::iterator Spilling::in_round(std::uint64_t block) {
  const auto found = std::ranges::lower_bound(round_, block, {}, &Candidate::block);
  return found != round_.end() && found->block == block ? found : round_.end();
}

// A process that was not asked: it may read the block already, also if it has let go of it by the end of the sweep.
void Spilling::block_held(std::uint64_t block, rpc::Slot whose) {
  if (step_ != Step::kAsking && step_ != Step::kSweeping) return;
  const auto candidate = in_round(block);
  if (candidate != round_.end() && !candidate->asked.contains(whose)) keep_whole_of(block);
}

// The block stays in memory, and with it those of its slab.
void Spilling::keep_whole_of(std::uint64_t block) {
  keep_those([block](const Candidate& other) { return slab_of(other.block) == slab_of(block); });
}

void Spilling::keep_those(const std::function<bool(const Candidate&)>& stay) {
  std::set<std::uint64_t> kept;
  for (const Candidate& candidate : round_) {
    if (stay(candidate) && kept.insert(slab_of(candidate.block)).second) {
      arena_.keep_in_memory(candidate.block);
    }
  }
  std::erase_if(round_,
                [&](const Candidate& other) { return kept.contains(slab_of(other.block)); });
}

// What was freed since it was marked stays free. Its neighbours go without it.
void Spilling::forget_free() {
  std::set<std::uint64_t> free;
  std::set<std::uint64_t> slabs_in_use;
  for (const Candidate& candidate : round_) {
    if (is_free(candidate.block)) {
      free.insert(candidate.block);
    } else {
      slabs_in_use.insert(slab_of(candidate.block));
    }
  }
  keep_those(
      [&](const Candidate& candidate) { return !slabs_in_use.contains(slab_of(candidate.block)); });
  std::erase_if(round_, [&](const Candidate& other) { return free.contains(other.block); });
}

void Spilling::on(rpc::Slot from, const SpillTold& told, PayloadBytes agreed) {
  const auto asked = asked_.find(from);
  if (step_ != Step::kAsking || told.question != question_ || asked == asked_.end()) return;
  for (std::size_t i = 0; i < asked->second.size() && i < agreed.size(); ++i) {
    const std::uint64_t block = asked->second[i];
    const auto candidate = in_round(block);
    if (candidate == round_.end()) continue;
    if (agreed[i] == std::byte{1} || is_free(block)) {
      candidate->silent.erase(from);
    } else {
      keep_whole_of(block);
    }
  }
  asked_.erase(asked);
  if (asked_.empty()) end_asking();
}

void Spilling::end_asking() {
  asked_.clear();
  keep_those([](const Candidate& candidate) { return !candidate.silent.empty(); });
  step_ = Step::kSweeping;
  swept_ = false;
}

void Spilling::begin_sweep() { swept_ = step_ == Step::kSweeping; }

void Spilling::end_sweep() {
  if (step_ != Step::kSweeping || !swept_) return;
  forget_free();
  keep_those([this](const Candidate& candidate) {
    return !std::ranges::includes(candidate.asked, holders_of(candidate.block));
  });
  if (round_.empty()) {  // nobody agreed: it is not the disk
    why_not_.clear();
    return end_round();
  }
  step_ = Step::kWriting;
  write();
}

void Spilling::write() {
  std::vector<objectstore::SpillPlace::Bytes> bytes;
  std::vector<std::uint64_t> blocks;
  for (const Candidate& candidate : round_) {
    bytes.emplace_back(arena_.readable(candidate.block), candidate.size);
    blocks.push_back(candidate.block);
  }
  since_ = session_.now_ms();
  fate_ = std::make_shared<std::atomic<Fate>>(Fate::kOpen);
  const std::string no_thread =
      disk_.post([this, bytes = std::move(bytes), blocks = std::move(blocks), fate = fate_] {
        write_and_empty(bytes, blocks, *fate);
      });
  if (!no_thread.empty()) written({}, no_thread);
}

// Erases what was written of the last slab, if that is not all of it. Whether nothing is left then.
bool Spilling::keep_whole_slabs(Written& places, const std::vector<std::uint64_t>& blocks) const {
  std::size_t count = places.size();
  while (count != 0 && count < blocks.size() &&
         slab_of(blocks[count - 1]) == slab_of(blocks[places.size()])) {
    --count;
  }
  const bool none_is_left = count == 0 && !places.empty();
  for (; places.size() > count; places.pop_back()) disk_.place().erase(places.back());
  return none_is_left;
}

// On a thread of the disk's. Memory is given back beside the next round; nobody changes what is being spilled.
void Spilling::write_and_empty(const std::vector<objectstore::SpillPlace::Bytes>& bytes,
                               const std::vector<std::uint64_t>& blocks, std::atomic<Fate>& fate) {
  Written places;
  std::string why_not;
  if (fate == Fate::kGivenUp) return disk_.post_back([this] { written_too_late({}); });
  disk_.post_back([this] {  // it has waited for a thread until now
    if (step_ == Step::kWriting) since_ = session_.now_ms();
  });
  try {
    places = disk_.place().write(bytes, std::chrono::steady_clock::now());
  } catch (const std::exception& error) {
    why_not = error.what();
  }
  if (keep_whole_slabs(places, blocks)) why_not = "the disk has no room for all blocks of a slab";
  Fate open = Fate::kOpen;
  if (!fate.compare_exchange_strong(open, Fate::kSucceeds)) {
    return disk_.post_back([this, places] { written_too_late(places); });
  }
  if (!places.empty()) base::failpoint(base::Failpoint::kSpillWritten);
  for (const auto& at : places) emptying_ += at.size;
  disk_.post_back([this, places, why_not] { written(places, why_not); });
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i + 1 == places.size() || slab_of(blocks[i]) != slab_of(blocks[i + 1])) {
      arena_.end_spill(blocks[i]);
    }
    emptying_ -= places[i].size;
    base::failpoint(base::Failpoint::kSpillEmptied);
  }
  disk_.post_back([this, blocks, count = places.size()] {
    for (std::size_t i = 0; i < count; ++i) on_disk_.emptied(blocks[i]);
  });
}

// Those of the round for which there was room: the first.
void Spilling::written(const Written& places, const std::string& why_not) {
  fate_ = nullptr;
  why_not_ = why_not;
  if (!why_not.empty()) warn(why_not);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (on_disk_.is_copy(round_[i].block)) on_disk_.drop_copy(round_[i].block);
    on_disk_.add(round_[i].block, places[i]);
  }
  for (std::size_t i = places.size(); i < round_.size(); ++i) {
    arena_.keep_in_memory(round_[i].block);
  }
  fruitless_ends_ = 0;
  filling_ = Filling::kDense;
  disk_fails_ = places.empty();
  if (disk_fails_) {
    tried_at_ = session_.now_ms();
    // It is not they who do not agree. The first may be too large for the disk.
    cursor_ = round_.front().block + round_.front().size;
    in_vain_until_ = session_.now_ms() + kDiskPauseMs;
  } else {
    if (places.size() < round_.size()) cursor_ = slab_of(round_[places.size()].block);
    passes_in_vain_ = 0;
    active_until_ = session_.now_ms() + kActiveMs;
  }
  end_round();
}

std::uint64_t Spilling::bytes_of_round() const {
  std::uint64_t bytes = 0;
  for (const Candidate& candidate : round_) bytes += candidate.size;
  return bytes;
}

// The disk does not answer: all stay in memory, and nothing more is spilled until it does.
void Spilling::give_up_writing() {
  Fate open = Fate::kOpen;
  if (!fate_->compare_exchange_strong(open, Fate::kGivenUp)) return;
  why_not_ =
      "the disk has not answered for " + std::to_string((session_.now_ms() - since_) / 1000) + " s";
  warn(why_not_);
  keep_those([](const Candidate&) { return true; });
  end_round();
}

void Spilling::written_too_late(const Written& places) {
  fate_ = nullptr;
  why_not_.clear();
  for (const auto& at : places) (void)disk_.post([this, at] { disk_.place().erase(at); });
}

void Spilling::end_round() {
  step_ = Step::kIdle;
  round_.clear();
  for (const auto& [from, ask] : std::exchange(asked_meanwhile_, {})) on(from, ask);
  look();
}

// ---------------------------------------------------------------- who reads

void Spilling::on(rpc::Slot from, const RestoreAsk& ask) {
  if (!session_.live(from)) return;
  if (on_disk_.has(ask.block)) return on_disk_.on(from, ask);
  const bool of_round = in_round(ask.block) != round_.end();
  if (of_round && step_ == Step::kWriting) {
    asked_meanwhile_.emplace_back(from, ask);
    return;
  }
  if (of_round) keep_whole_of(ask.block);
  session_.tell(from, {.question = ask.question, .block = ask.block}, {});
}

// ---------------------------------------------------------------- ends

void Spilling::process_died(rpc::Slot slot) {
  on_disk_.process_died(slot);
  std::erase_if(asked_meanwhile_, [slot](const auto& asked) { return asked.first == slot; });
  if (step_ == Step::kAsking && asked_.erase(slot) != 0 && asked_.empty()) end_asking();
}

void Spilling::end() {
  if (!possible()) return;
  const std::string left = disk_.place().end(kEndMs);
  if (!left.empty()) session_.warn(left);
}

void Spilling::look() {
  if (step_ == Step::kAsking && session_.now_ms() - since_ >= kPatienceMs) end_asking();
  if (step_ == Step::kWriting && session_.now_ms() - since_ >= disk_patience_ms(bytes_of_round())) {
    give_up_writing();
  }
  on_disk_.look();
  if (is_active()) keep_room();
}

}  // namespace manta::detail::node
