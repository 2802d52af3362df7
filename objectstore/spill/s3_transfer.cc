// What all transfers do first, then the three kinds.
#include "s3_transfer.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace manta::objectstore {
namespace {

constexpr long kConnectSeconds = 10;
// A transfer that is slower than this for so long is tried again.
constexpr long kSlow = 16 << 10;  // bytes/s
constexpr long kSlowSeconds = 15;
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

S3Transfer::~S3Transfer() {
  if (headers_ != nullptr) S3Library::get().slist_free_all(headers_);
}

template <class Value>
void S3Transfer::set(CURLoption option, Value value) {
  const CURLcode code = S3Library::get().easy_setopt(easy_, option, value);
  if (code != CURLE_OK) throw S3Failed(S3Library::get().easy_strerror(code));
}

void S3Transfer::begin(CURL* easy) {
  easy_ = easy;
  ++tries_;
  error_[0] = 0;
  answer_.clear();
  if (headers_ != nullptr) S3Library::get().slist_free_all(std::exchange(headers_, nullptr));
  set(CURLOPT_URL, url_.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  // A connection for each transfer.
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
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
  set(CURLOPT_WRITEFUNCTION, &S3Transfer::on_bytes);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  add_header("x-amz-content-sha256: " + payload_hash());
  if (!location_.token.empty()) add_header("x-amz-security-token: " + location_.token);
  prepare();
  set(CURLOPT_HTTPHEADER, headers_);
}

S3Transfer::State S3Transfer::ended(CURLcode code, int most_tries) {
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

S3Failed S3Transfer::failed(const std::string& also) const {
  const std::string times = tries_ > 1 ? " (tried " + std::to_string(tries_) + " times)" : "";
  return S3Failed(std::string(method_) + " " + url_ + ": " + failure_ + times + also);
}

std::string S3Transfer::payload_hash() const { return sha256({}); }

bool S3Transfer::take(std::span<const std::byte> bytes) {
  const std::size_t size = std::min(bytes.size(), kMostOfAnAnswer - answer_.size());
  answer_.append(reinterpret_cast<const char*>(bytes.data()), size);
  return true;
}

long S3Transfer::status() const {
  long status = 0;
  S3Library::get().easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

std::size_t S3Transfer::on_bytes(char* bytes, std::size_t size, std::size_t count, void* self) {
  const auto all = std::as_bytes(std::span(bytes, size * count));
  return static_cast<S3Transfer*>(self)->take(all) ? all.size() : 0;
}

void S3Transfer::add_header(const std::string& line) {
  headers_ = S3Library::get().slist_append(headers_, line.c_str());
}

// ------------------------------------------------------------------------------------------------ the kinds

namespace {

class Put final : public S3Transfer {
 public:
  Put(const S3Location& location, const S3Upload& upload)
      : S3Transfer(location, "PUT", upload.key), parts_(upload.parts), hash_(sha256(upload.parts)) {
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

class Get final : public S3Transfer {
 public:
  Get(const S3Location& location, const S3Download& download)
      : S3Transfer(location, "GET", download.key),
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
    if (!is_success(status())) return S3Transfer::take(bytes) && status() != 200;
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

class Erase final : public S3Transfer {
 public:
  Erase(const S3Location& location, const std::string& key) : S3Transfer(location, "DELETE", key) {}

 private:
  void prepare() override { set(CURLOPT_CUSTOMREQUEST, "DELETE"); }
  bool is_success(long status) const override {
    return S3Transfer::is_success(status) || status == 404;
  }
};

}  // namespace

std::unique_ptr<S3Transfer> s3_put(const S3Location& location, const S3Upload& upload) {
  return std::make_unique<Put>(location, upload);
}
std::unique_ptr<S3Transfer> s3_get(const S3Location& location, const S3Download& download) {
  return std::make_unique<Get>(location, download);
}
std::unique_ptr<S3Transfer> s3_erase(const S3Location& location, const std::string& key) {
  return std::make_unique<Erase>(location, key);
}

}  // namespace manta::objectstore
