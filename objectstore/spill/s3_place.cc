#include "s3_place.h"

#include <algorithm>
#include <exception>
#include <random>
#include <utility>
#include <xxhash.h>

#include "../../base/error.h"

namespace manta::objectstore {
namespace {

constexpr std::size_t kErasedAtOnce = 16;
constexpr std::chrono::seconds kPatience(10);

std::string random_number() {
  std::random_device device;
  return std::to_string(std::uint64_t{device()} << 32 | device());
}

std::vector<std::uint64_t> checks_of(SpillPlace::Bytes bytes) {
  std::vector<std::uint64_t> checks;
  while (!bytes.empty()) {
    const auto range = bytes.first(std::min<std::size_t>(S3Place::kRange, bytes.size()));
    checks.push_back(XXH3_64bits(range.data(), range.size()));
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

S3Place::~S3Place() { end(kPatience); }

void S3Place::end(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::vector<std::string> keys;
  {
    const std::lock_guard lock(mutex_);
    keys = std::exchange(not_erased_, {});
    for (const auto& [file, objects] : files_) keys.push_back(key_of(file));
    files_.clear();
  }
  while (!keys.empty() && std::chrono::steady_clock::now() < until) {
    const std::size_t count = std::min(keys.size(), kErasedAtOnce);
    erase_files({keys.end() - static_cast<std::ptrdiff_t>(count), keys.end()});
    keys.resize(keys.size() - count);
  }
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
  const std::string where = client_.location().url_of(name_);
  const auto refuse = [&] {
    throw OutOfDisk("objects could not be spilled to " + where + writing_.text(now));
  };
  if (writing_.left_out(now)) refuse();
  Written written = plan(objects);
  try {
    client_.put(written.uploads);
  } catch (const std::exception& error) {
    std::vector<std::string> keys;
    for (const S3Upload& upload : written.uploads) keys.push_back(upload.key);
    erase_files(keys);
    writing_.failed(now, error.what());
    refuse();
  }
  writing_.succeeded();
  const std::lock_guard lock(mutex_);
  files_.merge(written.objects);
  checks_.merge(written.checks);
  return written.places;
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
  } catch (const S3Failed& error) {
    throw SpillLost(std::string("it cannot be read from S3: ") + error.what());
  }
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (XXH3_64bits(ranges[i].to.data(), ranges[i].to.size()) != checks[i]) {
      throw SpillLost("what was read from S3 is damaged: " +
                      client_.location().url_of(ranges[i].key) + ": the checksum is another one");
    }
  }
}

void S3Place::erase(const SpilledAt& at) {
  std::vector<std::string> keys;
  {
    const std::lock_guard lock(mutex_);
    if (checks_.erase(at.number) == 0) return;
    for (std::uint32_t file = at.file; file < at.file + files_of(at.size); ++file) {
      const auto found = files_.find(file);
      if (found == files_.end() || --found->second != 0) continue;
      keys.push_back(key_of(file));
      files_.erase(found);
    }
    if (!keys.empty()) {
      keys.insert(keys.end(), not_erased_.begin(), not_erased_.end());
      not_erased_.clear();
    }
  }
  erase_files(keys);
}

void S3Place::erase_files(const std::vector<std::string>& keys) noexcept {
  if (keys.empty()) return;
  try {
    client_.erase(keys);
  } catch (const std::
               exception&) {  // which of them is not known; one that is not there counts as deleted
    const std::lock_guard lock(mutex_);
    not_erased_.insert(not_erased_.end(), keys.begin(), keys.end());
  }
}

}  // namespace manta::objectstore
