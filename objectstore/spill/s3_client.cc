// In this order: one transfer and its three kinds; the handles that a call works with; running many transfers.
#include "s3_client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <limits>
#include <random>
#include <string_view>
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
constexpr milliseconds kLooks(100);  // at who ends a call
constexpr long kConnectSeconds = 10;
// A transfer that is slower than this for so long is tried again.
constexpr long kSlow = 16 << 10;  // bytes/s
constexpr long kSlowSeconds = 15;
constexpr std::chrono::seconds kPatience(60);
constexpr std::uint64_t kLeastRate = 1 << 20;  // bytes/s of a call
constexpr std::size_t kMostOfAnAnswer = 4096;
constexpr std::size_t kMostOfAMessage = 300;

// Answers that say that what was asked was right, and did not work. (429 and 5xx, too.)
constexpr std::array<std::string_view, 7> kMayPass = {
    "RequestTimeout", "OperationAborted", "BadDigest",         "XAmzContentSHA256Mismatch",
    "InternalError",  "SlowDown",         "ServiceUnavailable"};

std::string hex(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string sha256(std::span<const std::span<const std::byte>> parts) {
  const S3Library& library = S3Library::get();
  const std::unique_ptr<EVP_MD_CTX, decltype(library.md_free)> digest(library.md_new(),
                                                                      library.md_free);
  std::array<unsigned char, 32> result{};
  bool ok = digest && library.digest_init(digest.get(), library.sha256(), nullptr) == 1;
  for (const auto part : parts) {
    ok = ok && library.digest_update(digest.get(), part.data(), part.size()) == 1;
  }
  if (!ok || library.digest_final(digest.get(), result.data(), nullptr) != 1) {
    throw S3Failed("libcrypto cannot compute a SHA-256");
  }
  return hex(result);
}

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

// What a server sent, for people: one line.
std::string printable(std::string text) {
  if (text.size() > kMostOfAMessage) text.resize(kMostOfAMessage);
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, ' ');
  return text;
}

// What lies between <name> and </name>.
std::string element_of(const std::string& xml, const std::string& name) {
  const auto begin = xml.find("<" + name + ">");
  if (begin == std::string::npos) return {};
  const auto from = begin + name.size() + 2;
  const auto end = xml.find("</" + name + ">", from);
  return xml.substr(from, end == std::string::npos ? end : end - from);
}

}  // namespace

// ------------------------------------------------------------------------------------------------ transfers

class S3Client::Transfer {
 public:
  Transfer(const S3Location& location, const char* method, const std::string& key)
      : location_(location), method_(method), url_(location.url_of(key)) {}
  virtual ~Transfer() {
    if (headers_ != nullptr) S3Library::get().slist_free_all(headers_);
  }
  Transfer(const Transfer&) = delete;

  void begin(CURL* easy) {
    easy_ = easy;
    ++tries_;
    error_[0] = 0;
    answer_.clear();
    if (headers_ != nullptr) S3Library::get().slist_free_all(std::exchange(headers_, nullptr));
    set(CURLOPT_URL, url_.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION,
        static_cast<long>(CURL_HTTP_VERSION_1_1));  // a connection for each transfer
    set(CURLOPT_QUICK_EXIT, 1L);  // a resolver that does not answer holds nobody up
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    set(CURLOPT_LOW_SPEED_LIMIT, kSlow);
    set(CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
    const std::string signs = "aws:amz:" + location_.region + ":s3";
    set(CURLOPT_AWS_SIGV4, signs.c_str());
    set(CURLOPT_USERNAME, location_.key_id.c_str());
    set(CURLOPT_PASSWORD, location_.secret.c_str());
    set(CURLOPT_PRIVATE, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &Transfer::on_bytes);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    add_header("x-amz-content-sha256: " + payload_hash());
    if (!location_.token.empty()) add_header("x-amz-security-token: " + location_.token);
    prepare();
    set(CURLOPT_HTTPHEADER, headers_);
  }

  enum class State { kWaits, kDone, kFailed };
  // What has become of it: kWaits: it is to be tried again.
  State ended(CURLcode code, int most_tries) {
    const long status = this->status();
    const std::string kind = element_of(answer_, "Code");
    bool may_pass = true;
    failure_.clear();
    if (code != CURLE_OK) {
      failure_ = printable(error_[0] != 0 ? error_.data() : S3Library::get().easy_strerror(code));
    } else if (!is_success(status)) {
      failure_ = printable("HTTP " + std::to_string(status) + " " + kind + ": " +
                           element_of(answer_, "Message"));
      may_pass = status == 408 || status == 429 || status >= 500 ||
                 std::ranges::find(kMayPass, kind) != kMayPass.end();
    } else {
      failure_ = what_is_wrong();
    }
    if (failure_.empty()) return State::kDone;
    return may_pass && tries_ < most_tries ? State::kWaits : State::kFailed;
  }
  int tries() const { return tries_; }
  // What is wrong with it, and with `also`.
  S3Failed failed(const std::string& also) const {
    const std::string times = tries_ > 1 ? " (tried " + std::to_string(tries_) + " times)" : "";
    return S3Failed(std::string(method_) + " " + url_ + ": " + failure_ + times + also);
  }

 protected:
  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = S3Library::get().easy_setopt(easy_, option, value);
    if (code != CURLE_OK) throw S3Failed(S3Library::get().easy_strerror(code));
  }
  virtual std::string payload_hash() const { return sha256({}); }
  virtual void prepare() = 0;
  virtual bool is_success(long status) const { return status >= 200 && status < 300; }
  // Of an answer that says success.
  virtual std::string what_is_wrong() const { return {}; }
  // False: they are not those that were asked for.
  virtual bool take(std::span<const std::byte> bytes) {
    const std::size_t size = std::min(bytes.size(), kMostOfAnAnswer - answer_.size());
    answer_.append(reinterpret_cast<const char*>(bytes.data()), size);
    return true;
  }
  long status() const {
    long status = 0;
    S3Library::get().easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

 private:
  static std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* self) {
    const auto all = std::as_bytes(std::span(bytes, size * count));
    return static_cast<Transfer*>(self)->take(all) ? all.size() : 0;
  }
  void add_header(const std::string& line) {
    headers_ = S3Library::get().slist_append(headers_, line.c_str());
  }

  const S3Location& location_;
  const char* const method_;
  const std::string url_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::string answer_;
  std::string failure_ = "no answer came";
  int tries_ = 0;
};

class S3Client::Put final : public Transfer {
 public:
  Put(const S3Location& location, const S3Upload& upload)
      : Transfer(location, "PUT", upload.key), parts_(upload.parts), hash_(sha256(upload.parts)) {
    for (const auto part : parts_) size_ += part.size();
  }

 private:
  std::string payload_hash() const override { return hash_; }
  void prepare() override {
    at_ = 0;
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size_));
    set(CURLOPT_READFUNCTION, &Put::on_read);
    set(CURLOPT_READDATA, static_cast<void*>(this));
    set(CURLOPT_SEEKFUNCTION, &Put::on_seek);
    set(CURLOPT_SEEKDATA, static_cast<void*>(this));
  }
  static std::size_t on_read(char* to, std::size_t size, std::size_t count, void* self) {
    return static_cast<Put*>(self)->read({to, size * count});
  }
  static int on_seek(void* self, curl_off_t offset, int origin) {
    if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
    static_cast<Put*>(self)->at_ = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
  }
  std::size_t read(std::span<char> to) {
    std::size_t copied = 0;
    std::uint64_t begin = 0;
    for (const auto part : parts_) {
      if (at_ < begin + part.size() && copied < to.size()) {
        const auto from = part.subspan(static_cast<std::size_t>(at_ - begin));
        const std::size_t size = std::min(from.size(), to.size() - copied);
        std::memcpy(to.data() + copied, from.data(), size);
        copied += size;
        at_ += size;
      }
      begin += part.size();
    }
    return copied;
  }

  const std::vector<std::span<const std::byte>>& parts_;
  const std::string hash_;
  std::uint64_t size_ = 0;
  std::uint64_t at_ = 0;
};

class S3Client::Get final : public Transfer {
 public:
  Get(const S3Location& location, const S3Download& download)
      : Transfer(location, "GET", download.key),
        to_(download.to),
        from_begin_(download.offset == 0),
        range_(std::to_string(download.offset) + "-" +
               std::to_string(download.offset + download.to.size() - 1)) {}

 private:
  void prepare() override {
    got_ = 0;
    set(CURLOPT_HTTPGET, 1L);
    set(CURLOPT_RANGE, range_.c_str());
  }
  // A server may answer with the whole object, of which that is right which begins at its begin.
  bool is_success(long status) const override {
    return status == 206 || (status == 200 && from_begin_);
  }
  std::string what_is_wrong() const override {
    if (got_ == to_.size()) return {};
    return "the server sent " + std::to_string(got_) + " of " + std::to_string(to_.size()) +
           " bytes";
  }
  bool take(std::span<const std::byte> bytes) override {
    if (!is_success(status())) return Transfer::take(bytes) && status() != 200;
    if (bytes.size() > to_.size() - got_) return false;
    std::memcpy(to_.data() + got_, bytes.data(), bytes.size());
    got_ += bytes.size();
    return true;
  }

  const std::span<std::byte> to_;
  const bool from_begin_;
  const std::string range_;
  std::size_t got_ = 0;
};

class S3Client::Erase final : public Transfer {
 public:
  Erase(const S3Location& location, const std::string& key) : Transfer(location, "DELETE", key) {}

 private:
  void prepare() override { set(CURLOPT_CUSTOMREQUEST, "DELETE"); }
  bool is_success(long status) const override {
    return Transfer::is_success(status) || status == 404;
  }
};

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
  void begin(Transfer& transfer) {
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
      ended(*static_cast<Transfer*>(transfer), code);
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
  run<Put>(
      uploads,
      {.at_once = kAtOnce, .tries = kTries, .until = given_up(bytes), .ends_when_stopped = true});
}

void S3Client::get(std::span<const S3Download> downloads) {
  std::uint64_t bytes = 0;
  for (const S3Download& download : downloads) bytes += download.to.size();
  constexpr int kAny = std::numeric_limits<int>::max();
  run<Get>(
      downloads,
      {.at_once = kAtOnce, .tries = kAny, .until = given_up(bytes), .ends_when_stopped = true});
}

void S3Client::erase(std::span<const std::string> keys, Time until) {
  run<Erase>(
      keys,
      {.at_once = kErasedAtOnce, .tries = kTries, .until = until, .ends_when_stopped = false});
}

template <class T, class Of>
void S3Client::run(std::span<const Of> all, const Limits& limits) {
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (const Of& of : all) transfers.push_back(std::make_unique<T>(location_, of));
  run(transfers, limits);
}

void S3Client::run(std::span<const std::unique_ptr<Transfer>> transfers, const Limits& limits) {
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
void S3Client::run(Connections& connections, std::span<const std::unique_ptr<Transfer>> transfers,
                   const Limits& limits) {
  struct Waits {
    Transfer* transfer;
    Time since = Time::min();  // it is not begun before
  };
  std::deque<Waits> waiting;
  for (const auto& transfer : transfers) waiting.push_back({transfer.get()});
  while (!waiting.empty() || connections.active() != 0) {
    const Time now = Clock::now();
    const bool stopped = limits.ends_when_stopped && stopped_;
    if (stopped || now >= limits.until) {
      const auto tries = [](const Waits& waits) { return waits.transfer->tries(); };
      const Transfer& worst = waiting.empty()
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
    connections.go_on(longest, [&](Transfer& transfer, CURLcode code) {
      const auto state = transfer.ended(code, limits.tries);
      if (state == Transfer::State::kFailed) throw transfer.failed("");
      if (state == Transfer::State::kWaits) {
        waiting.push_back({&transfer, Clock::now() + pause_after(transfer.tries())});
      }
    });
  }
}

}  // namespace manta::objectstore
