// The handles that a call works with; then running many transfers.
#include "s3_client.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <random>
#include <utility>

#include "s3_library.h"

namespace manta::objectstore {
namespace {

using Time = S3Client::Time;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kAtOnce = 4;
constexpr std::size_t kErasedAtOnce = 16;
constexpr int kTries = 3;
constexpr milliseconds kFirstPause(100);  // twice as long each time, with a random part
constexpr milliseconds kLongestPause(8000);
constexpr milliseconds kLooks(100);  // at whether somebody ends a call
constexpr std::chrono::seconds kPatience(60);
constexpr std::uint64_t kLeastRate = 1 << 20;  // bytes/s of a call

// When a call for so many bytes is given up.
Time given_up(std::uint64_t bytes) {
  return Clock::now() + kPatience + std::chrono::seconds(bytes / kLeastRate);
}

Clock::duration pause_after(int tries) {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto longest = std::min(kFirstPause * (1 << std::min(tries, 10)), kLongestPause);
  return milliseconds(
      std::uniform_int_distribution<std::int64_t>(longest.count() / 2, longest.count())(random));
}

template <class Of, class Make>
std::vector<std::unique_ptr<S3Transfer>> all_of(std::span<const Of> all, const Make& make,
                                                const S3Location& location) {
  std::vector<std::unique_ptr<S3Transfer>> transfers;
  for (const Of& of : all) transfers.push_back(make(location, of));
  return transfers;
}

}  // namespace

// ------------------------------------------------------------------------------------------------ handles

// Connections stay open in the multi handle, for the next call.
class S3Client::Connections {
 public:
  Connections() : multi_(S3Library::get().multi_init()) {
    if (multi_ == nullptr) throw S3Failed("libcurl has no memory");
  }
  ~Connections() {
    end_all();
    for (CURL* const easy : free_) S3Library::get().easy_cleanup(easy);
    S3Library::get().multi_cleanup(multi_);
  }
  Connections(const Connections&) = delete;

  std::size_t active() const { return active_.size(); }
  void begin(S3Transfer& transfer) {
    if (free_.empty()) {
      CURL* const made = S3Library::get().easy_init();
      if (made == nullptr) throw S3Failed("libcurl has no memory");
      free_.push_back(made);
    }
    CURL* const easy = free_.back();
    S3Library::get().easy_reset(easy);
    transfer.begin(easy);
    check(S3Library::get().multi_add_handle(multi_, easy));
    free_.pop_back();
    active_.push_back(easy);
  }

  // Goes on until some have ended, but no longer: calls `ended(transfer, code)` of each.
  template <class Ended>
  void go_on(milliseconds longest, const Ended& ended) {
    int running = 0;
    check(S3Library::get().multi_perform(multi_, &running));
    bool any = false;
    int left = 0;
    while (const CURLMsg* const message = S3Library::get().multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;
      void* transfer = nullptr;
      S3Library::get().easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
      ended(*static_cast<S3Transfer*>(transfer), code);
      end(easy);
    }
    const int patience = static_cast<int>(longest.count());
    if (!any) check(S3Library::get().multi_poll(multi_, nullptr, 0, patience, nullptr));
  }
  void end_all() {
    while (!active_.empty()) end(active_.back());
  }

 private:
  static void check(CURLMcode code) {
    if (code != CURLM_OK) throw S3Failed(S3Library::get().multi_strerror(code));
  }
  void end(CURL* easy) {
    S3Library::get().multi_remove_handle(multi_, easy);
    std::erase(active_, easy);
    free_.push_back(easy);
  }

  CURLM* const multi_;
  std::vector<CURL*> free_, active_;
};

// ------------------------------------------------------------------------------------------------ the client

S3Client::S3Client(S3Location location) : location_(std::move(location)) { S3Library::get(); }

S3Client::~S3Client() = default;

void S3Client::put(std::span<const S3Upload> uploads) {
  std::uint64_t bytes = 0;
  for (const S3Upload& upload : uploads) {
    for (const auto part : upload.parts) bytes += part.size();
  }
  run(all_of(uploads, s3_put, location_),
      {.at_once = kAtOnce, .tries = kTries, .until = given_up(bytes), .ends_when_stopped = true});
}

void S3Client::get(std::span<const S3Download> downloads) {
  std::uint64_t bytes = 0;
  for (const S3Download& download : downloads) bytes += download.to.size();
  constexpr int kAny = std::numeric_limits<int>::max();
  run(all_of(downloads, s3_get, location_),
      {.at_once = kAtOnce, .tries = kAny, .until = given_up(bytes), .ends_when_stopped = true});
}

void S3Client::erase(std::span<const std::string> keys, Time until) {
  run(all_of(keys, s3_erase, location_),
      {.at_once = kErasedAtOnce, .tries = kTries, .until = until, .ends_when_stopped = false});
}

void S3Client::run(std::span<const std::unique_ptr<S3Transfer>> transfers, const Limits& limits) {
  std::unique_ptr<Connections> connections;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      connections = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connections) connections = std::make_unique<Connections>();
  run(*connections, transfers, limits);
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connections));
}

// Connections that a failure leaves are closed: nobody knows what their servers still send.
void S3Client::run(Connections& connections, std::span<const std::unique_ptr<S3Transfer>> transfers,
                   const Limits& limits) {
  struct Waits {
    S3Transfer* transfer;
    Time since = Time::min();  // it is not begun before
  };
  std::deque<Waits> waiting;
  for (const auto& transfer : transfers) waiting.push_back({transfer.get()});
  while (!waiting.empty() || connections.active() != 0) {
    const Time now = Clock::now();
    const bool stopped = limits.ends_when_stopped && stopped_;
    if (stopped || now >= limits.until) {
      const auto tries = [](const Waits& waits) { return waits.transfer->tries(); };
      const S3Transfer& worst = waiting.empty()
                                    ? *transfers.back()
                                    : *std::ranges::max_element(waiting, {}, tries)->transfer;
      throw worst.failed(stopped ? "; the session ends"
                                 : "; it was given up, since it took too long");
    }
    for (std::size_t looked = waiting.size(); looked > 0 && connections.active() < limits.at_once;
         --looked) {
      const Waits next = waiting.front();
      waiting.pop_front();
      if (next.since <= now) {
        connections.begin(*next.transfer);
      } else {
        waiting.push_back(next);
      }
    }
    const auto longest = std::min(kLooks, std::chrono::ceil<milliseconds>(limits.until - now));
    connections.go_on(longest, [&](S3Transfer& transfer, CURLcode code) {
      const auto state = transfer.ended(code, limits.tries);
      if (state == S3Transfer::State::kFailed) throw transfer.failed("");
      if (state == S3Transfer::State::kWaits) {
        waiting.push_back({&transfer, Clock::now() + pause_after(transfer.tries())});
      }
    });
  }
}

}  // namespace manta::objectstore
