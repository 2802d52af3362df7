// An S3Client puts, gets and deletes objects of a bucket, several at once, over libcurl, which signs what it sends
// (AWS Signature Version 4). What fails for a reason that may pass (no connection, a cut one, HTTP 429 and 5xx) is
// tried three times.
//
// libcurl and libcrypto are loaded when the first client is made, so that programs that use no S3 do not have them.
//
// Threads: any; calls do not wait for each other. Units: bytes.
// Errors:  S3Failed, with what was asked, the server's answer, and how often it was tried; of several transfers the
//          first that failed, when all have ended.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "s3_location.h"

namespace manta::objectstore {

class S3Failed : public std::runtime_error {
 public:
  S3Failed(const std::string& what, long status) : std::runtime_error(what), status_(status) {}
  long status() const { return status_; }  // of HTTP; 0: there was no answer

 private:
  long status_;
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

class S3Client {
 public:
  explicit S3Client(S3Location location);
  ~S3Client();
  S3Client(const S3Client&) = delete;

  void put(std::span<const S3Upload> uploads);
  void get(std::span<const S3Download> downloads);
  // An object that is not there counts as deleted.
  void erase(std::span<const std::string> keys);
  const S3Location& location() const { return location_; }

 private:
  class Connections;  // of one call at a time
  class Transfer;
  class Put;
  class Get;
  class Erase;
  template <class T, class Of>
  void run(std::span<const Of> all);
  void run(std::vector<std::unique_ptr<Transfer>>& transfers);

  const S3Location location_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connections>> idle_;
};

}  // namespace manta::objectstore
