// A round of spilling first, in the order of its steps; then restoring; then what ends.
#include "spilling.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include <asio/post.hpp>

#include "../../base/error.h"

namespace manta::detail::node {
namespace {

using objectstore::BlockExtent;
using objectstore::RunBytes;

constexpr std::size_t kRound = 96 << 20;  // bytes
constexpr std::int64_t kPatienceMs = 200;
constexpr std::int64_t kPauseMs =
    100;                           // when nothing could be spilled; twice as long each time, ...
constexpr int kMostDoublings = 4;  // ... so often
constexpr std::int64_t kForgetEveryMs = 300;
constexpr std::chrono::milliseconds kEndMs(1000);
// A reader waits so many times the timeout while others spill.
constexpr std::int64_t kWhileSpilling = 10;
constexpr std::int64_t kLeastMs = 3000;
constexpr std::int64_t kDiskPauseMs = 1000;
constexpr std::int64_t kWarnedEveryMs = 60'000;

}  // namespace

Spilling::Spilling(asio::io_context& io, objectstore::Arena& arena,
                   std::unique_ptr<objectstore::SpillPlace> place, std::int64_t timeout_ms,
                   Session session)
    : io_(io),
      arena_(arena),
      place_(std::move(place)),
      timeout_ms_(timeout_ms),
      session_(std::move(session)) {}

Spilling::~Spilling() {
  if (disks_) disks_->join();
}

// On a thread of their own, which is made for the first of them. False: none can be made.
bool Spilling::post(std::function<void()> work) {
  try {
    if (!disks_) disks_.emplace(2);
  } catch (const std::exception& error) {  // ulimit -u
    warn(std::string("no thread for it: ") + error.what());
    return false;
  }
  asio::post(*disks_, std::move(work));
  return true;
}

void Spilling::warn(const std::string& why) {
  if (session_.now_ms() < warned_until_) return;
  session_.warn("objects stay in memory: " + why);
  warned_until_ = session_.now_ms() + kWarnedEveryMs;
}

// ---------------------------------------------------------------- a round

bool Spilling::make_room() {
  if (step_ != Step::kIdle || drop_copies()) return true;
  if (!place_ || !has_addresses() || session_.now_ms() < in_vain_until_) return false;
  // Once around from wherever it was, and no further.
  while (!begin_round()) {
    cursor_ = 0;
    if (++fruitless_ends_ == 2) {
      fruitless_ends_ = 0;
      in_vain_until_ =
          session_.now_ms() + kPauseMs * (1 << std::min(passes_in_vain_, kMostDoublings));
      ++passes_in_vain_;
      return false;
    }
  }
  return true;
}

// What is on disk keeps its addresses; twice the budget of them is for what is in memory.
bool Spilling::has_addresses() const {
  return bytes_on_disk_ + 2 * arena_.capacity() < arena_.addresses();
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
    const auto blocks = arena_.spillable(cursor_, kRound);
    if (blocks.empty()) return false;
    for (const BlockExtent& block : blocks) add_to_round(block);
    cursor_ = blocks.back().offset + blocks.back().size;
  }
  step_ = Step::kAsking;
  for (const auto& [slot, blocks] : asked_) {
    session_.ask(slot, {.question = question_}, std::as_bytes(std::span(blocks)));
  }
  if (asked_.empty()) end_asking();
  return true;
}

void Spilling::add_to_round(const BlockExtent& block) {
  // The node reads the wire forms of values that lie in blocks.
  if (session_.is_wire(block.offset) || !arena_.begin_spill(block.offset)) return;
  // Now that it is marked its place is not used again: until then it may have been another block's.
  Candidate candidate{.block = block.offset, .size = arena_.block_at(block.offset).size};
  candidate.asked = holders_of(block.offset);
  candidate.silent = candidate.asked;
  const bool held = !candidate.asked.empty() || !session_.holders_of(block.offset).empty();
  if (!held || !std::ranges::all_of(candidate.asked, session_.live)) return keep(candidate);
  for (const rpc::Slot slot : candidate.asked) asked_[slot].push_back(candidate.block);
  round_.push_back(std::move(candidate));
}

// Somebody who was not asked: it may read the block already, also if it has let go of it by the end of the sweep.
void Spilling::block_held(std::uint64_t block, rpc::Slot whose) {
  if (step_ != Step::kAsking && step_ != Step::kSweeping) return;
  const auto candidate = std::ranges::find(round_, block, &Candidate::block);
  if (candidate != round_.end() && !candidate->asked.contains(whose)) drop(candidate);
}

void Spilling::drop(std::vector<Candidate>::iterator candidate) {
  keep(*candidate);
  round_.erase(candidate);
}

void Spilling::keep(const Candidate& candidate) { arena_.keep_in_memory(candidate.block); }

void Spilling::on(rpc::Slot from, const SpillTold& told, PayloadBytes agreed) {
  const auto asked = asked_.find(from);
  if (step_ != Step::kAsking || told.question != question_ || asked == asked_.end()) return;
  for (std::size_t i = 0; i < asked->second.size() && i < agreed.size(); ++i) {
    const auto candidate = std::ranges::find(round_, asked->second[i], &Candidate::block);
    if (candidate == round_.end()) continue;
    if (agreed[i] == std::byte{1}) {
      candidate->silent.erase(from);
    } else {
      drop(candidate);
    }
  }
  asked_.erase(asked);
  if (asked_.empty()) end_asking();
}

void Spilling::end_asking() {
  asked_.clear();
  std::erase_if(round_, [this](const Candidate& candidate) {
    if (candidate.silent.empty()) return false;
    keep(candidate);
    return true;
  });
  step_ = Step::kSweeping;
  swept_ = false;
}

void Spilling::begin_sweep() { swept_ = step_ == Step::kSweeping; }

void Spilling::end_sweep() {
  if (step_ != Step::kSweeping || !swept_) return;
  std::erase_if(round_, [this](const Candidate& candidate) {
    if (std::ranges::includes(candidate.asked, holders_of(candidate.block)) &&
        arena_.block_at(candidate.block).owner != objectstore::kNobody) {
      return false;
    }
    keep(candidate);
    return true;
  });
  if (round_.empty()) return end_round();
  step_ = Step::kWriting;
  write();
}

void Spilling::write() {
  std::vector<objectstore::SpillPlace::Bytes> bytes;
  for (const Candidate& candidate : round_) {
    bytes.emplace_back(arena_.readable(candidate.block), candidate.size);
  }
  const bool posted = post([this, bytes = std::move(bytes)] {
    Written places;
    std::string why_not;
    try {
      places = place_->write(bytes, std::chrono::steady_clock::now());
      // Here, since it takes long; nobody changes what is being spilled.
      for (const Candidate& candidate : round_) arena_.end_spill(candidate.block);
    } catch (const std::exception& error) {
      why_not = error.what();
    }
    asio::post(io_, [this, places = std::move(places), why_not] { written(places, why_not); });
  });
  if (!posted) written({}, {});
}

void Spilling::written(const Written& places, const std::string& why_not) {
  if (places.empty()) {
    if (!why_not.empty()) warn(why_not);
    for (const Candidate& candidate : round_) keep(candidate);
    cursor_ = round_.front().block;  // it is not they who do not agree
    fruitless_ends_ = 0;
    in_vain_until_ = session_.now_ms() + kDiskPauseMs;
    return end_round();
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (copies_.contains(round_[i].block)) drop_copy(round_[i].block);
    on_disk_.emplace(round_[i].block, OnDisk{.at = places[i]});
    bytes_on_disk_ += round_[i].size;
  }
  fruitless_ends_ = passes_in_vain_ = 0;
  end_round();
}

void Spilling::end_round() {
  step_ = Step::kIdle;
  round_.clear();
  for (const auto& [from, ask] : std::exchange(asked_meanwhile_, {})) on(from, ask);
  look();
}

// ---------------------------------------------------------------- restoring

void Spilling::on(rpc::Slot from, const RestoreAsk& ask) {
  if (!session_.live(from)) return;
  if (const auto found = on_disk_.find(ask.block); found != on_disk_.end()) {
    found->second.waiting.push_back({from, ask.question, session_.now_ms()});
    awaited_.insert(ask.block);
    return restore(ask.block, found->second);
  }
  const auto in_round = std::ranges::find(round_, ask.block, &Candidate::block);
  if (in_round != round_.end() && step_ == Step::kWriting) {
    asked_meanwhile_.emplace_back(from, ask);
    return;
  }
  if (in_round != round_.end()) drop(in_round);
  session_.tell(from, {.question = ask.question, .block = ask.block}, {});
}

// Into a block of its own, in memory if there is room and else in the overflow.
void Spilling::restore(std::uint64_t block, OnDisk& found) {
  if (found.reading || found.waiting.empty()) return;
  if (found.restored != 0) {
    const std::uint64_t copy = found.restored - 1;
    copies_[copy].asked_for = ++answers_;
    return answer(block, found, {.block = copy, .outcome = RestoreTold::Outcome::kRestored});
  }
  const auto copy = room_for(found);
  if (!copy) {  // look() tries again
    while (!makes_room() && !found.waiting.empty() && is_late(found.waiting.front())) {
      tell(found.waiting.front(), {.outcome = RestoreTold::Outcome::kNoRoom});
      found.waiting.erase(found.waiting.begin());
    }
    if (found.waiting.empty()) awaited_.erase(block);
    return;
  }
  found.reading = true;
  const bool posted = post([this, block, at = found.at, copy = *copy] {
    std::string lost;
    auto outcome = RestoreTold::Outcome::kRestored;
    try {
      if (arena_.populate(copy, at.size)) {
        place_->read(at, {arena_.writable(copy), at.size});
      } else {
        outcome = RestoreTold::Outcome::kNoRoom;
      }
    } catch (const std::exception& error) {
      lost = error.what();
      outcome = RestoreTold::Outcome::kLost;
    }
    asio::post(io_, [this, block, copy, outcome, lost] { restored(block, copy, outcome, lost); });
  });
  if (!posted) restored(block, *copy, RestoreTold::Outcome::kNoRoom, {});
}

void Spilling::end() {
  if (!place_) return;
  const std::string left = place_->end(kEndMs);
  if (!left.empty()) session_.warn(left);
}

bool Spilling::is_late(const Reader& reader) const {
  return session_.now_ms() - reader.since >= timeout_ms_;
}

std::optional<std::uint64_t> Spilling::room_for(const OnDisk& found) {
  using objectstore::Part;
  using objectstore::Population;
  auto copy = arena_.allocate(found.at.size, Population::kLater, Part::kMemory);
  const std::int64_t waited = session_.now_ms() - found.waiting.front().since;
  const bool too_long = (waited - kLeastMs) / kWhileSpilling > timeout_ms_;
  const bool would_help = found.at.size <= arena_.capacity() && !arena_.has_memory(found.at.size);
  if (!copy.ok() && would_help && !too_long && make_room()) return std::nullopt;
  if (!copy.ok()) copy = arena_.allocate(found.at.size, Population::kLater);
  if (!copy.ok()) return std::nullopt;
  return copy->offset;
}

void Spilling::restored(std::uint64_t block, std::uint64_t copy, RestoreTold::Outcome outcome,
                        const std::string& lost) {
  const auto found = on_disk_.find(block);
  if (found != on_disk_.end()) found->second.reading = false;
  const bool wanted = found != on_disk_.end() && !found->second.waiting.empty();
  if (outcome != RestoreTold::Outcome::kRestored || !wanted) {
    arena_.free(copy);
    if (wanted) answer(block, found->second, {.outcome = outcome}, lost);
    return;
  }
  arena_.seal(copy);
  found->second.restored = copy + 1;
  copies_[copy] = {.of = block, .asked_for = ++answers_};
  session_.hold(copy, rpc::kNodeSlot);
  answer(block, found->second, {.block = copy, .outcome = outcome});
}

void Spilling::answer(std::uint64_t block, OnDisk& found, const RestoreTold& told,
                      std::string_view text) {
  for (const Reader& reader : std::exchange(found.waiting, {})) tell(reader, told, text);
  awaited_.erase(block);
}

void Spilling::tell(const Reader& reader, RestoreTold told, std::string_view text) {
  told.question = reader.question;
  if (told.outcome == RestoreTold::Outcome::kRestored) session_.hold(told.block, reader.slot);
  session_.tell(reader.slot, told, text);
}

// ---------------------------------------------------------------- ends

void Spilling::process_died(rpc::Slot slot) {
  for (auto& [block, found] : on_disk_) {
    std::erase_if(found.waiting, [slot](const Reader& reader) { return reader.slot == slot; });
    if (found.waiting.empty()) awaited_.erase(block);
  }
  std::erase_if(asked_meanwhile_, [slot](const auto& asked) { return asked.first == slot; });
  if (step_ == Step::kAsking && asked_.erase(slot) != 0 && asked_.empty()) end_asking();
}

void Spilling::drop_copy(std::uint64_t copy) {
  const std::uint64_t block = copies_.at(copy).of;
  if (const auto found = on_disk_.find(block); found != on_disk_.end()) found->second.restored = 0;
  copies_.erase(copy);
  session_.let_go(copy);
}

// Those that only the node holds, up to the size of a round. False: there was none.
bool Spilling::drop_copies() {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> idle;  // when it was asked for, and the copy
  for (const auto& [copy, about] : copies_) {
    if (holders_of(copy).empty()) idle.emplace_back(about.asked_for, copy);
  }
  std::ranges::sort(idle);
  std::size_t dropped = 0;
  for (const auto& [asked_for, copy] : idle) {
    if (dropped >= kRound) break;
    dropped += arena_.block_at(copy).size;
    drop_copy(copy);
  }
  if (dropped == 0) return false;
  passes_in_vain_ = 0;
  return true;
}

std::chrono::milliseconds Spilling::look_after() const {
  return std::chrono::milliseconds(urgent() ? 10 : 300);
}

void Spilling::look() {
  if (step_ == Step::kAsking && session_.now_ms() - since_ >= kPatienceMs) end_asking();
  if (session_.now_ms() >= next_forgetting_) forget_freed();
  for (const std::uint64_t block : std::vector(awaited_.begin(), awaited_.end())) {
    restore(block, on_disk_.at(block));
  }
}

void Spilling::forget_freed() {
  next_forgetting_ = session_.now_ms() + kForgetEveryMs;
  std::erase_if(on_disk_, [this](auto& entry) {
    auto& [block, found] = entry;
    if (found.reading || arena_.block_at(block).owner != objectstore::kNobody) return false;
    if (!post([this, at = found.at] { place_->erase(at); })) place_->erase(found.at);
    arena_.keep_in_memory(block);  // its addresses are free
    if (found.restored != 0) drop_copy(found.restored - 1);
    bytes_on_disk_ -= found.at.size;
    awaited_.erase(block);
    return true;
  });
}

}  // namespace manta::detail::node
