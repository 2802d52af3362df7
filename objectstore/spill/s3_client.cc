// In this order: one transfer and its three kinds; the handles that a call works with; running many transfers.
#include "s3_client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <optional>
#include <thread>
#include <utility>

#include "s3_library.h"

namespace manta::objectstore {
namespace {

constexpr std::size_t kAtOnce = 4;
constexpr int kTries = 3;
constexpr std::chrono::milliseconds kFirstPause(100);
constexpr long kConnectSeconds = 10;
constexpr long kSilentSeconds = 30;  // after which a transfer is given up
constexpr std::size_t kMostOfAnAnswer = 4096;

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
    throw S3Failed("libcrypto cannot compute a SHA-256", 0);
  }
  return hex(result);
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
  virtual ~Transfer() { forget_headers(); }
  Transfer(const Transfer&) = delete;

  void begin(CURL* easy) {
    easy_ = easy;
    ++tries_;
    error_[0] = 0;
    answer_.clear();
    forget_headers();
    set(CURLOPT_URL, url_.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, kSilentSeconds);
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

  // Whether it is done, well or for good; else it is to be tried again.
  bool ended(CURLcode code) {
    status_ = 0;
    S3Library::get().easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status_);
    failure_.clear();
    if (code != CURLE_OK) {
      failure_ = error_[0] != 0 ? error_.data() : S3Library::get().easy_strerror(code);
    } else if (!is_success(status_)) {
      failure_ = "HTTP " + std::to_string(status_) + " " + element_of(answer_, "Code") + ": " +
                 element_of(answer_, "Message");
    } else {
      failure_ = what_is_wrong();
    }
    if (failure_.empty()) return true;
    const bool may_pass = code != CURLE_OK || status_ == 429 || status_ >= 500 || status_ < 300;
    return !may_pass || tries_ == kTries;
  }
  int tries() const { return tries_; }
  std::optional<S3Failed> failed() const {
    if (failure_.empty()) return std::nullopt;
    const std::string times = tries_ > 1 ? " (tried " + std::to_string(tries_) + " times)" : "";
    return S3Failed(std::string(method_) + " " + url_ + ": " + failure_ + times, status_);
  }

 protected:
  template <class Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = S3Library::get().easy_setopt(easy_, option, value);
    if (code != CURLE_OK) throw S3Failed(S3Library::get().easy_strerror(code), 0);
  }
  virtual std::string payload_hash() const { return sha256({}); }
  virtual void prepare() = 0;
  virtual bool is_success(long status) const { return status >= 200 && status < 300; }
  // Of an answer that says success.
  virtual std::string what_is_wrong() const { return {}; }
  // False: there are too many.
  virtual bool take(std::span<const std::byte> bytes) {
    const std::size_t size = std::min(bytes.size(), kMostOfAnAnswer - answer_.size());
    answer_.append(reinterpret_cast<const char*>(bytes.data()), size);
    return true;
  }
  bool says_success() const {
    long status = 0;
    S3Library::get().easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    return is_success(status);
  }

 private:
  static std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* self) {
    const auto all = std::as_bytes(std::span(bytes, size * count));
    return static_cast<Transfer*>(self)->take(all) ? all.size() : 0;
  }
  void add_header(const std::string& line) {
    headers_ = S3Library::get().slist_append(headers_, line.c_str());
  }
  void forget_headers() {
    if (headers_ != nullptr) S3Library::get().slist_free_all(std::exchange(headers_, nullptr));
  }

  const S3Location& location_;
  const char* const method_;
  const std::string url_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::string answer_;
  std::string failure_ = "it was not begun";
  long status_ = 0;
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
        range_(std::to_string(download.offset) + "-" +
               std::to_string(download.offset + download.to.size() - 1)) {}

 private:
  void prepare() override {
    got_ = 0;
    set(CURLOPT_HTTPGET, 1L);
    set(CURLOPT_RANGE, range_.c_str());
  }
  // A server that answers with the whole object has not read the range.
  bool is_success(long status) const override { return status == 206; }
  std::string what_is_wrong() const override {
    if (got_ == to_.size()) return {};
    return "the server sent " + std::to_string(got_) + " of " + std::to_string(to_.size()) +
           " bytes";
  }
  bool take(std::span<const std::byte> bytes) override {
    if (!says_success()) return Transfer::take(bytes);
    if (bytes.size() > to_.size() - got_) return false;
    std::memcpy(to_.data() + got_, bytes.data(), bytes.size());
    got_ += bytes.size();
    return true;
  }

  const std::span<std::byte> to_;
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
    if (multi_ == nullptr) throw S3Failed("libcurl has no memory", 0);
    for (std::size_t i = 0; i < kAtOnce; ++i) free_.push_back(S3Library::get().easy_init());
  }
  ~Connections() {
    for (CURL* const easy : active_) {
      S3Library::get().multi_remove_handle(multi_, easy);
      S3Library::get().easy_cleanup(easy);
    }
    for (CURL* const easy : free_) S3Library::get().easy_cleanup(easy);
    S3Library::get().multi_cleanup(multi_);
  }
  Connections(const Connections&) = delete;

  bool any_free() const { return !free_.empty(); }
  bool any_active() const { return !active_.empty(); }
  void begin(Transfer& transfer) {
    CURL* const easy = free_.back();
    if (easy == nullptr) throw S3Failed("libcurl has no memory", 0);
    S3Library::get().easy_reset(easy);
    transfer.begin(easy);
    check(S3Library::get().multi_add_handle(multi_, easy));
    free_.pop_back();
    active_.push_back(easy);
  }

  // Goes on until some have ended: calls `ended(transfer, code)` of each.
  template <class Ended>
  void go_on(const Ended& ended) {
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
      S3Library::get().multi_remove_handle(multi_, easy);
      std::erase(active_, easy);
      free_.push_back(easy);
    }
    if (!any) check(S3Library::get().multi_poll(multi_, nullptr, 0, 1000, nullptr));
  }

 private:
  static void check(CURLMcode code) {
    if (code != CURLM_OK) throw S3Failed(S3Library::get().multi_strerror(code), 0);
  }

  CURLM* const multi_;
  std::vector<CURL*> free_, active_;
};

// ------------------------------------------------------------------------------------------------ the client

S3Client::S3Client(S3Location location) : location_(std::move(location)) { S3Library::get(); }

S3Client::~S3Client() = default;

void S3Client::put(std::span<const S3Upload> uploads) { run<Put>(uploads); }
void S3Client::get(std::span<const S3Download> downloads) { run<Get>(downloads); }
void S3Client::erase(std::span<const std::string> keys) { run<Erase>(keys); }

template <class T, class Of>
void S3Client::run(std::span<const Of> all) {
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (const Of& of : all) transfers.push_back(std::make_unique<T>(location_, of));
  run(transfers);
}

void S3Client::run(std::vector<std::unique_ptr<Transfer>>& transfers) {
  std::unique_ptr<Connections> connections;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      connections = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connections) connections = std::make_unique<Connections>();
  std::deque<Transfer*> waiting;
  for (const auto& transfer : transfers) waiting.push_back(transfer.get());
  while (!waiting.empty() || connections->any_active()) {
    while (!waiting.empty() && connections->any_free()) {
      connections->begin(*waiting.front());
      waiting.pop_front();
    }
    int most_tries = 0;
    connections->go_on([&](Transfer& transfer, CURLcode code) {
      if (transfer.ended(code)) return;
      waiting.push_back(&transfer);
      most_tries = std::max(most_tries, transfer.tries());
    });
    if (most_tries > 0) std::this_thread::sleep_for(kFirstPause * (1 << most_tries));
  }
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connections));
  }
  for (const auto& transfer : transfers) {
    if (const auto failed = transfer->failed()) throw *failed;
  }
}

}  // namespace manta::objectstore
