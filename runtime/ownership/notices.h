// Notices are lines of Manta itself for the user, on the driver's standard error: errors that nobody looked at, and
// crashes after which a call is tried again. They come from all processes of a session, and are told in one place, so
// that the limits hold for the session:
//
//   worker --TellUser--> node --LogFrame--> driver --Notices--> stderr
//
//   unseen error: one line for each cause (a function and what its error says), kMostCauses of them; at the end how
//                 many more errors had each of these causes, and how many had others
//   crash:        one line for the first of each piece of code, kMostCodes of them; then a count when it has doubled;
//                 at the end what was not told yet
//   missed result: of a call that runs for long and that nobody waits for; one line for each piece of code
//
// What a driver that is behind does not take yet the node counts together (node/held_notices.h).
// Threads: any. Errors: none.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../wire/notice.h"

namespace manta::detail {

// `text` as a part of one line: at most `most` bytes of it, and how long it was; control characters as \n, \x1b.
std::string one_line(std::string_view text, std::size_t most);

class Notices {
 public:
  static constexpr std::size_t kMostCauses = 20;
  static constexpr std::size_t kMostCodes = 20;

  explicit Notices(std::function<void(const std::string& line)> print) : print_(std::move(print)) {}

  void add(const Notice& notice);
  void end();  // of the session: what was not told; the next one begins anew

 private:
  struct Count {
    std::string subject;
    std::uint64_t count = 0;
    std::uint64_t told = 0;
  };

  void add_error(const Notice& error);
  void add_crash(const Notice& crash);
  void add_missed(const Notice& missed);

  std::function<void(const std::string&)> print_;
  std::mutex mutex_;
  // In the order of their lines; `count`: without the first.
  std::vector<std::pair<std::uint64_t, Count>> causes_;
  std::map<std::uint64_t, Count> codes_;
  std::uint64_t more_errors_ = 0;
  std::uint64_t more_crashes_ = 0;
  std::set<std::uint64_t> missed_;  // causes
  std::uint64_t more_missed_ = 0;
};

// The driver's.
Notices& driver_notices();
// From any process of the session.
void give_notice(const Notice& notice);

}  // namespace manta::detail
