// An S3Client puts, gets and deletes objects of a bucket, several at once, over libcurl, which signs what it sends
// (AWS Signature Version 4). What fails for a reason that may pass (no connection, a cut or silent one, bytes damaged
// on their way, a busy server) is tried again: what is put and deleted three times, what is read for a minute, since
// nobody else has it. No call lasts longer than its minute and the time that its bytes take at 1 MiB/s.
//
// libcurl and libcrypto are loaded when the first client is made, so that programs that use no S3 do not have them.
//
// Threads: any; calls do not wait for each other. Units: bytes.
// Errors:  S3Failed, with what was asked, the server's answer, and how often it was tried. Of several transfers the
//          first that fails ends the others.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "s3_location.h"
#include "s3_transfer.h"

namespace manta::objectstore {

class S3Client {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit S3Client(S3Location location);
  ~S3Client();
  S3Client(const S3Client&) = delete;

  void put(std::span<const S3Upload> uploads);
  void get(std::span<const S3Download> downloads);
  // An object that is not there counts as deleted. Returns at `until` at the latest; then, and where a server refuses,
  // all may still be there.
  void erase(std::span<const std::string> keys, Time until);
  // What is put or read now, or is asked for from now on, fails within 100 ms.
  void stop() { stopped_ = true; }
  const S3Location& location() const { return location_; }

 private:
  class Connections;  // of one call at a time
  struct Limits {
    std::size_t at_once;
    int tries;
    Time until;
    bool ends_when_stopped;
  };
  void run(std::span<const std::unique_ptr<S3Transfer>> transfers, const Limits& limits);
  void run(Connections& connections, std::span<const std::unique_ptr<S3Transfer>> transfers,
           const Limits& limits);

  const S3Location location_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;  // of the rest
  std::vector<std::unique_ptr<Connections>> idle_;
};

}  // namespace manta::objectstore
