// An S3Transfer is one request to a bucket: an object, or a range of it, that is put, got or deleted. It is begun again
// until it is done, has failed for good, or whoever runs it has had enough:
//
//   kWaits --begin(), and an end that may pass--> kWaits
//      \--begin(), and any other end--> kDone or kFailed
//
// Threads: confined. Units: bytes. Errors: S3Failed if libcurl refuses an option.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "s3_library.h"
#include "s3_location.h"

namespace manta::objectstore {

class S3Failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct S3Upload {
  std::string key;
  std::vector<std::span<const std::byte>> parts;  // one after the other
};

struct S3Download {
  std::string key;
  std::uint64_t offset = 0;
  std::span<std::byte> to;
};

class S3Transfer {
 public:
  enum class State { kWaits, kDone, kFailed };

  virtual ~S3Transfer();
  S3Transfer(const S3Transfer&) = delete;

  // Makes it the handle's, to be performed.
  void begin(CURL* easy);
  // What has become of it, if it may be begun so often.
  State ended(CURLcode code, int most_tries);
  int tries() const { return tries_; }
  // What is wrong with it, and `also`.
  S3Failed failed(const std::string& also) const;

 protected:
  S3Transfer(const S3Location& location, const char* method, const std::string& key)
      : location_(location), method_(method), url_(location.url_of(key)) {}
  template <class Value>
  void set(CURLoption option, Value value);
  long status() const;  // of HTTP

  virtual std::string payload_hash() const;
  virtual void prepare() = 0;
  virtual bool is_success(long status) const { return status >= 200 && status < 300; }
  // Of an answer that says success.
  virtual std::string what_is_wrong() const { return {}; }
  // False: they are not those that were asked for.
  virtual bool take(std::span<const std::byte> bytes);

 private:
  static std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* self);
  void add_header(const std::string& line);

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

// What they are given must outlive them.
std::unique_ptr<S3Transfer> s3_put(const S3Location& location, const S3Upload& upload);
std::unique_ptr<S3Transfer> s3_get(const S3Location& location, const S3Download& download);
std::unique_ptr<S3Transfer> s3_erase(const S3Location& location, const std::string& key);

}  // namespace manta::objectstore
