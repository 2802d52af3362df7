// In the order of an object's life: plan() and write(); reading, on any thread; erasing, which a thread of its own does
// soon; and what is deleted at the end of the process.
#include "s3_place.h"

#include <algorithm>
#include <exception>
#include <random>
#include <system_error>
#include <utility>
#include <xxhash.h>

#include "../../base/error.h"

namespace manta::objectstore {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kErasedInACall = 64;
constexpr std::chrono::seconds kPatience(10);
constexpr std::chrono::seconds kOfACall(60);

std::string random_number() {
  std::random_device device;
  return std::to_string(std::uint64_t{device()} << 32 | device());
}

std::uint64_t check_of(SpillPlace::Bytes range) { return XXH3_64bits(range.data(), range.size()); }

std::vector<std::uint64_t> checks_of(SpillPlace::Bytes bytes) {
  std::vector<std::uint64_t> checks;
  while (!bytes.empty()) {
    const auto range = bytes.first(std::min<std::size_t>(S3Place::kRange, bytes.size()));
    checks.push_back(check_of(range));
    bytes = bytes.subspan(range.size());
  }
  return checks;
}

// How many files an object of this size takes.
std::uint32_t files_of(std::uint64_t size) {
  return static_cast<std::uint32_t>((size + S3Place::kFileSize - 1) / S3Place::kFileSize);
}

}  // namespace

S3Place::S3Place(S3Location location, std::string name)
    : client_(std::move(location)), name_(std::move(name) + "-" + random_number()) {}

S3Place::~S3Place() {
  (void)end(kPatience);
  if (eraser_.joinable()) eraser_.join();
}

std::string S3Place::key_of(std::uint32_t file) const { return name_ + "/" + std::to_string(file); }

// ------------------------------------------------------------------------------------------------ writing

// An object that is larger than a file begins one, and has those after it for itself.
S3Place::Written S3Place::plan(std::span<const Bytes> objects) {
  Written written;
  std::uint64_t room = 0;  // in the last file
  for (const Bytes bytes : objects) {
    SpilledAt at{.size = bytes.size(), .number = ++last_object_};
    if (bytes.size() > room) {
      at.file = last_file_ + 1;
      for (Bytes rest = bytes; !rest.empty();) {
        const Bytes part = rest.first(std::min<std::size_t>(kFileSize, rest.size()));
        written.uploads.push_back({.key = key_of(++last_file_), .parts = {part}});
        written.objects[last_file_] = 1;
        rest = rest.subspan(part.size());
      }
      room = bytes.size() < kFileSize ? kFileSize - bytes.size() : 0;
    } else {
      at.file = last_file_;
      at.offset = kFileSize - room;
      written.uploads.back().parts.push_back(bytes);
      ++written.objects[last_file_];
      room -= bytes.size();
    }
    written.checks[at.number] = checks_of(bytes);
    written.places.push_back(at);
  }
  return written;
}

std::vector<SpilledAt> S3Place::write(std::span<const Bytes> objects, Time now) {
  const Time began = Clock::now();
  const auto refuse = [&](Time at) {
    throw OutOfDisk("objects could not be spilled to " + client_.location().url_of(name_) +
                    back_off_.text(at));
  };
  if (back_off_.left_out(now)) refuse(now);
  Written written = plan(objects);
  {
    const std::lock_guard lock(mutex_);
    for (const S3Upload& upload : written.uploads) writing_.push_back(upload.key);
  }
  try {
    client_.put(written.uploads);
  } catch (const std::exception& error) {
    take_back(written);
    const Time failed = now + (Clock::now() - began);
    back_off_.failed(failed, error.what());
    refuse(failed);
  }
  back_off_.succeeded();
  const std::lock_guard lock(mutex_);
  writing_.clear();
  changed_.notify_all();
  files_.merge(written.objects);
  checks_.merge(written.checks);
  return written.places;
}

void S3Place::take_back(const Written& written) {
  const std::lock_guard lock(mutex_);
  for (const S3Upload& upload : written.uploads) {
    to_erase_.push_back(upload.key);
    doubtful_.push_back(upload.key);
  }
  writing_.clear();
  erase_soon();
}

// ------------------------------------------------------------------------------------------------ any thread

void S3Place::read(const SpilledAt& at, std::span<std::byte> to) {
  std::vector<std::uint64_t> checks;
  {
    const std::lock_guard lock(mutex_);
    const auto found = checks_.find(at.number);
    if (found == checks_.end()) throw SpillLost("a spilled object was erased");
    checks = found->second;
  }
  std::vector<S3Download> ranges;
  for (std::uint64_t begin = 0; begin < at.size; begin += kRange) {
    const std::uint64_t place = at.offset + begin;
    ranges.push_back({.key = key_of(at.file + static_cast<std::uint32_t>(place / kFileSize)),
                      .offset = place % kFileSize,
                      .to = to.subspan(begin, std::min<std::size_t>(kRange, at.size - begin))});
  }
  try {
    client_.get(ranges);
    std::vector<S3Download> again;  // what was damaged on its way is right now
    for (std::size_t i = 0; i < checks.size(); ++i) {
      if (check_of(ranges[i].to) != checks[i]) again.push_back(ranges[i]);
    }
    if (again.empty()) return;
    client_.get(again);
  } catch (const S3Failed& error) {
    throw SpillLost(std::string("it cannot be read from S3: ") + error.what());
  }
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (check_of(ranges[i].to) != checks[i]) {
      throw SpillLost("what was read from S3 is damaged: " +
                      client_.location().url_of(ranges[i].key) + ": the checksum is another one");
    }
  }
}

void S3Place::erase(const SpilledAt& at) {
  const std::lock_guard lock(mutex_);
  if (checks_.erase(at.number) == 0) return;
  for (std::uint32_t file = at.file; file < at.file + files_of(at.size); ++file) {
    const auto found = files_.find(file);
    if (found == files_.end() || --found->second != 0) continue;
    to_erase_.push_back(key_of(file));
    files_.erase(found);
  }
  erase_soon();
}

// ------------------------------------------------------------------------------------------------ deleting

// With the lock.
void S3Place::erase_soon() {
  changed_.notify_all();
  if (to_erase_.empty() || eraser_.joinable() || ending_) return;
  try {
    eraser_ = std::thread([this] { erase_until_the_end(); });
  } catch (const std::system_error&) {  // ulimit -u: the next one tries again, or the end deletes
  }
}

void S3Place::erase_until_the_end() {
  BackOff back_off;
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (to_erase_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (back_off.left_out(Clock::now())) {
      changed_.wait_until(lock, back_off.retry_at());
      continue;
    }
    const auto from =
        to_erase_.end() - static_cast<std::ptrdiff_t>(std::min(to_erase_.size(), kErasedInACall));
    erasing_.assign(from, to_erase_.end());
    to_erase_.erase(from, to_erase_.end());
    const std::vector<std::string> keys = erasing_;
    lock.unlock();
    bool failed = false;
    try {
      client_.erase(keys, Clock::now() + kOfACall);
      back_off.succeeded();
    } catch (const std::exception& error) {
      back_off.failed(Clock::now(), error.what());
      failed = true;
    }
    lock.lock();
    if (failed) {
      to_erase_.insert(to_erase_.begin(), erasing_.begin(), erasing_.end());
    }
    erasing_.clear();
  }
}

// Whatever is being written is stopped first, since nobody could delete it afterwards.
std::string S3Place::end(std::chrono::milliseconds patience) {
  const Time until = Clock::now() + patience;
  client_.stop();
  std::unique_lock lock(mutex_);
  ending_ = true;
  changed_.notify_all();
  changed_.wait_until(lock, until, [this] { return writing_.empty(); });
  std::vector<std::string> keys = std::exchange(to_erase_, {});
  for (const auto* more : {&writing_, &erasing_, &doubtful_}) {
    keys.insert(keys.end(), more->begin(), more->end());
  }
  doubtful_.clear();
  for (const auto& [file, objects] : files_) keys.push_back(key_of(file));
  files_.clear();
  lock.unlock();
  std::string why_not;
  while (!keys.empty() && why_not.empty()) {
    const std::size_t count = std::min(keys.size(), kErasedInACall);
    try {
      client_.erase(std::span(keys).last(count), until);
      keys.resize(keys.size() - count);
    } catch (const std::exception& error) {
      why_not = error.what();
    }
  }
  if (keys.empty()) return {};
  return std::to_string(keys.size()) + (keys.size() == 1 ? " object" : " objects") +
         " may be left below " + client_.location().url_of(name_) + ": " + why_not;
}

}  // namespace manta::objectstore
