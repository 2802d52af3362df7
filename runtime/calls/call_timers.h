// The CallTimers of a process say which calls are due: at their deadline, or when a worker that was to end should have.
//
//   add(call, time) --the time comes--> take_due() in the next poll        the call's end --> remove()
//
// A call has one time at most. One thread sleeps until the first of them; it is made at the first use.
// Invariants: a call is in the table until its time has come or its extras go, which is before its memory does.
// Threads:    any; stop() by the owner.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "../../base/counted.h"

namespace manta::detail {

class Call;

class CallTimers final : public base::Counted {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Key = std::pair<Time, std::uint64_t>;

  // `ring` makes the process poll.
  explicit CallTimers(std::function<void()> ring) : ring_(std::move(ring)) {}
  ~CallTimers() override { stop(); }

  // Throws std::system_error if no thread can be made.
  Key add(Call& call, Time when);
  void remove(const Key& key);
  // Those whose time has come, which leave the table.
  std::vector<base::Ref<Call>> take_due();
  void stop();

 private:
  void run();

  const std::function<void()> ring_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<Key, Call*> calls_;
  std::uint64_t added_ = 0;
  bool told_ = false;  // the process was told of those that are due now
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace manta::detail
