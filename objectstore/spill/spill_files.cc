// In the order of an object's life: written to the first directory that takes it; then, on any thread, read and erased.
#include "spill_files.h"

#include <algorithm>
#include <sys/resource.h>
#include <system_error>
#include <utility>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../../base/limits.h"

namespace manta::objectstore {
namespace {

constexpr std::size_t kBuffer = 4 << 20;

// How many objects go into the next file, where there is so much room.
std::size_t count_for_file(std::span<const SpillPlace::Bytes> objects, std::uint64_t room) {
  std::uint64_t size = 0;
  std::uint64_t needed = 0;
  std::size_t count = 0;
  for (; count < objects.size(); ++count) {
    size += objects[count].size();
    needed += record_room(objects[count].size());
    if (needed > room || (count != 0 && size > SpillFiles::kFileSize)) break;
  }
  return count;
}

std::size_t most_descriptors() {
  return static_cast<std::size_t>(base::limit_of(RLIMIT_NOFILE).value_or(1 << 20));
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

SpillFiles::SpillFiles(Disk& disk, std::vector<std::filesystem::path> directories)
    : disk_(disk), most_files_(most_descriptors() / 2) {
  base::check(!directories.empty(), "there is no directory to spill to");
  for (auto& path : directories) directories_.push_back({.path = std::move(path)});
}

// ------------------------------------------------------------------------------------------------ writing

std::vector<SpilledAt> SpillFiles::write(std::span<const Bytes> objects, Time now) {
  std::vector<SpilledAt> all;
  try {
    while (all.size() < objects.size()) {
      const auto written = write_file(objects.subspan(all.size()), now);
      all.insert(all.end(), written.begin(), written.end());
    }
  } catch (const OutOfDisk&) {
    if (all.empty()) throw;
  }
  return all;
}

std::vector<SpilledAt> SpillFiles::write_file(std::span<const Bytes> objects, Time now) {
  const Time began = std::chrono::steady_clock::now();
  const auto at_present = [&] { return now + (std::chrono::steady_clock::now() - began); };
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    Directory& directory = directories_[next_++ % directories_.size()];
    if (directory.writing.left_out(now)) continue;
    directory.full.clear();
    try {
      auto written = write_file_in(directory, objects);
      if (written.empty()) continue;
      directory.writing.succeeded();
      return written;
    } catch (const std::exception& error) {  // of the system, or of memory
      directory.writing.failed(at_present(), base::with_limit(error));
    }
  }
  refuse(record_room(objects.front().size()), at_present());
}

// A file that is not complete goes with its descriptor. Nothing: there is no room for the first.
std::vector<SpilledAt> SpillFiles::write_file_in(Directory& directory,
                                                 std::span<const Bytes> objects) {
  std::filesystem::create_directories(directory.path);
  const std::uint64_t available = disk_.available(directory.path);
  objects = objects.first(count_for_file(objects, available));
  if (objects.empty()) {
    directory.full = ": " + mebibytes(available) + " free";
    return {};
  }
  if (files() >= most_files_) {
    directory.full =
        ": " + std::to_string(most_files_) + " files are open, half of what ulimit -n allows";
    return {};
  }
  auto file = std::make_shared<File>();
  file->file = disk_.create(directory.path);
  if (!buffer_) buffer_ = std::make_unique<AlignedBuffer>(kBuffer);
  SpillWriter writer(disk_, file->file, *buffer_);
  std::vector<SpilledAt> written;
  for (const auto bytes : objects) {
    const std::uint64_t number = ++last_object_;
    written.push_back(
        {.offset = writer.write(number, bytes), .size = bytes.size(), .number = number});
  }
  writer.finish();

  file->objects = objects.size();
  const std::lock_guard lock(mutex_);
  for (SpilledAt& at : written) {
    at.file = last_file_ + 1;
    stats_.bytes += at.size;
  }
  stats_.objects += written.size();
  files_.emplace(++last_file_, std::move(file));
  return written;
}

void SpillFiles::refuse(std::uint64_t size, Time now) const {
  std::string text = "nowhere could an object of " + mebibytes(size) + " be spilled";
  for (const Directory& directory : directories_) {
    text += "; " + directory.path.string() +
            (directory.full.empty() ? directory.writing.text(now) : directory.full);
  }
  throw OutOfDisk(text + ". Make room there, or name other directories (InitOptions::spill_dirs)");
}

// ------------------------------------------------------------------------------------------------ any thread

std::shared_ptr<SpillFiles::File> SpillFiles::find(std::uint32_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(number);
  return found == files_.end() ? nullptr : found->second;
}

void SpillFiles::read(const SpilledAt& at, std::span<std::byte> to) {
  const auto file = find(at.file);
  if (!file) throw SpillLost("a spilled object was erased");
  const std::shared_lock reads(file->blocks);
  try {
    read_record(disk_, file->file, at, to);
  } catch (const std::system_error& error) {
    throw SpillLost(std::string("a spill file cannot be read: ") + error.what());
  }
}

void SpillFiles::erase(const SpilledAt& at) {
  const auto file = find(at.file);
  if (!file) return;
  {
    const std::unique_lock alone(file->blocks);
    disk_.punch(file->file, at.offset, at.size);
  }
  const std::lock_guard lock(mutex_);
  --stats_.objects;
  stats_.bytes -= at.size;
  if (--file->objects == 0) files_.erase(at.file);
}

std::size_t SpillFiles::files() const {
  const std::lock_guard lock(mutex_);
  return files_.size();
}

SpillFiles::Stats SpillFiles::stats() const {
  const std::lock_guard lock(mutex_);
  Stats now = stats_;
  now.files = files_.size();
  return now;
}

}  // namespace manta::objectstore
