// An S3Place keeps spilled objects in a bucket (S3Location): small ones together in one object of the bucket, large
// ones cut into several. What is written goes in several transfers at once, and so does what is read, in ranges. An
// object of the bucket is deleted with the last object in it, and all of them when the place ends; those of a process
// that was killed stay: give the bucket a rule that deletes what is old.
//
//   in use --a write fails--> left out for 1 s, then 2, 4, ... 64 s --a write succeeds--> in use
//
// Deleting is the business of a thread of its own, made for the first of them: what cannot be deleted is tried again
// after 1 s, then 2, 4, ... 64 s.
//
// Invariant: each object that may be in the bucket is in `files_`, `writing_`, `to_erase_`, `erasing_` or
// `doubtful_`.
// Threads:   as SpillPlace says. Errors: as there. Units: bytes.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "back_off.h"
#include "s3_client.h"
#include "spill_place.h"

namespace manta::objectstore {

class S3Place final : public SpillPlace {
 public:
  // The largest object of the bucket.
  static constexpr std::uint64_t kFileSize = 64 << 20;
  // What is read by one transfer, and has a checksum.
  static constexpr std::uint64_t kRange = 8 << 20;

  // `name` tells people whose the objects in the bucket are; a random number behind it tells them from all others.
  S3Place(S3Location location, std::string name);
  ~S3Place() override;

  std::vector<SpilledAt> write(std::span<const Bytes> objects, Time now) override;
  void read(const SpilledAt& at, std::span<std::byte> to) override;
  void erase(const SpilledAt& at) override;
  std::string end(std::chrono::milliseconds patience) override;

 private:
  struct Written {  // by one write(), until it has succeeded
    std::vector<S3Upload> uploads;
    std::map<std::uint32_t, std::uint64_t> objects;  // of each file
    std::map<std::uint64_t, std::vector<std::uint64_t>> checks;
    std::vector<SpilledAt> places;
  };

  Written plan(std::span<const Bytes> objects);
  std::string key_of(std::uint32_t file) const;
  void take_back(const Written& written);
  void erase_soon();
  void erase_until_the_end();

  S3Client client_;
  const std::string name_;
  BackOff back_off_;
  std::uint32_t last_file_ = 0;
  std::uint64_t last_object_ = 0;

  std::mutex mutex_;  // of the rest
  std::condition_variable changed_;
  bool ending_ = false;
  std::map<std::uint32_t, std::uint64_t> files_;                // how many objects each has
  std::map<std::uint64_t, std::vector<std::uint64_t>> checks_;  // of each object's ranges
  std::vector<std::string> writing_;
  std::vector<std::string> to_erase_;
  std::vector<std::string> erasing_;  // by the eraser
  // Deleted after a write that failed: the server may have stored them afterwards.
  std::vector<std::string> doubtful_;
  std::thread eraser_;
};

}  // namespace manta::objectstore
