#include "failpoint.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace manta::base {
namespace {

constexpr std::pair<std::string_view, Failpoint> kPlaces[] = {
    {"block_allocated", Failpoint::kBlockAllocated},
    {"block_filled", Failpoint::kBlockFilled},
    {"block_sealed", Failpoint::kBlockSealed},
    {"block_offered", Failpoint::kBlockOffered},
    {"object_published", Failpoint::kObjectPublished},
    {"object_held", Failpoint::kObjectHeld},
    {"spill_agreed", Failpoint::kSpillAgreed},
    {"read_back", Failpoint::kReadBack},
    {"spill_written", Failpoint::kSpillWritten},
    {"spill_emptied", Failpoint::kSpillEmptied},
    {"block_restored", Failpoint::kBlockRestored},
    {"call_ended", Failpoint::kCallEnded},
    {"published", Failpoint::kPublished},
    {"reference_held", Failpoint::kReferenceHeld},
    {"block_adopted", Failpoint::kBlockAdopted},
    {"block_held", Failpoint::kBlockHeld},
    {"reply_written", Failpoint::kReplyWritten},
    {"reply_prepared", Failpoint::kReplyPrepared},
    {"block_handed_over", Failpoint::kBlockHandedOver},
    {"reply_complete", Failpoint::kReplyComplete},
    {"reply_committed", Failpoint::kReplyCommitted},
};

std::atomic<int> times_left{0};

[[noreturn]] void refuse(const char* variable, const char* text) {
  std::fprintf(stderr, "manta: %s=%s is not a place and a number, as in place:1; places are",
               variable, text);
  for (const auto& [name, place] : kPlaces) {
    std::fprintf(stderr, " %.*s", static_cast<int>(name.size()), name.data());
  }
  std::fputc('\n', stderr);
  std::exit(1);
}

}  // namespace

void arm_failpoint(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return;
  const std::string_view whole(text);
  const auto colon = whole.find(':');
  if (colon == std::string_view::npos) refuse(variable, text);
  const std::string_view number = whole.substr(colon + 1);
  int times = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), times);
  if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() || times < 1) {
    refuse(variable, text);
  }
  times_left = times;
  for (const auto& [name, place] : kPlaces) {
    if (name == whole.substr(0, colon)) armed_failpoint = place;
  }
  if (armed_failpoint == Failpoint::kNone) refuse(variable, text);
}

void reach_failpoint(Failpoint place) {
  if (place == armed_failpoint && --times_left == 0) std::raise(SIGKILL);
}

}  // namespace manta::base
