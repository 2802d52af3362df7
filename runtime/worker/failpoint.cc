#include "failpoint.h"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace manta::detail {
namespace {

constexpr std::pair<std::string_view, Failpoint> kPlaces[] = {
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

int times_left = 0;

[[noreturn]] void refuse(const char* text) {
  std::fprintf(stderr,
               "manta: MANTA_FAILPOINT=%s is not a place and a number, as in place:1; places are",
               text);
  for (const auto& [name, place] : kPlaces) {
    std::fprintf(stderr, " %.*s", static_cast<int>(name.size()), name.data());
  }
  std::fputc('\n', stderr);
  std::exit(1);
}

}  // namespace

void arm_failpoint() {
  const char* const text = std::getenv("MANTA_FAILPOINT");
  if (text == nullptr || *text == '\0') return;
  const std::string_view whole(text);
  const auto colon = whole.find(':');
  if (colon == std::string_view::npos) refuse(text);
  const std::string_view number = whole.substr(colon + 1);
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), times_left);
  if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() || times_left < 1) {
    refuse(text);
  }
  for (const auto& [name, place] : kPlaces) {
    if (name == whole.substr(0, colon)) armed_failpoint = place;
  }
  if (armed_failpoint == Failpoint::kNone) refuse(text);
}

void reach_failpoint(Failpoint place) {
  if (place == armed_failpoint && --times_left == 0) std::raise(SIGKILL);
}

}  // namespace manta::detail
