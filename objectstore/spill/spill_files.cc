#include "spill_files.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "../../base/check.h"
#include "../../base/error.h"
#include "../../base/limits.h"

namespace manta::objectstore {
namespace {

constexpr std::size_t kBuffer = 4 << 20;

// How many objects go into the next file.
std::size_t count_for_file(std::span<const SpillPlace::Bytes> objects) {
  std::uint64_t size = 0;
  std::size_t count = 0;
  for (; count < objects.size(); ++count) {
    size += objects[count].size();
    if (count != 0 && size > SpillFiles::kFileSize) break;
  }
  return count;
}

std::uint64_t room_for(std::span<const SpillPlace::Bytes> objects) {
  std::uint64_t size = 0;
  for (const auto bytes : objects) size += record_room(bytes.size());
  return size;
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

SpillFiles::SpillFiles(Disk& disk, std::vector<std::filesystem::path> directories) : disk_(disk) {
  base::check(!directories.empty(), "there is no directory to spill to");
  for (auto& path : directories) directories_.push_back({.path = std::move(path)});
}

// ------------------------------------------------------------------------------------------------ writing

std::vector<SpilledAt> SpillFiles::write(std::span<const Bytes> objects, Time now) {
  std::vector<SpilledAt> all;
  try {
    while (!objects.empty()) {
      const std::size_t count = count_for_file(objects);
      const auto written = write_file(objects.first(count), now);
      all.insert(all.end(), written.begin(), written.end());
      objects = objects.subspan(count);
    }
  } catch (...) {
    for (const SpilledAt& at : all) erase(at);
    throw;
  }
  return all;
}

std::vector<SpilledAt> SpillFiles::write_file(std::span<const Bytes> objects, Time now) {
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    Directory& directory = directories_[next_++ % directories_.size()];
    if (directory.writing.left_out(now)) continue;
    try {
      auto written = write_file_in(directory, objects);
      directory.writing.succeeded();
      return written;
    } catch (const std::exception& error) {  // of the system, or of memory
      directory.writing.failed(now, base::with_limit(error));
    }
  }
  refuse(room_for(objects), now);
}

// A file that is not complete goes with its descriptor.
std::vector<SpilledAt> SpillFiles::write_file_in(const Directory& directory,
                                                 std::span<const Bytes> objects) {
  std::filesystem::create_directories(directory.path);
  const std::uint64_t needed = room_for(objects);
  const std::uint64_t available = disk_.available(directory.path);
  if (available < needed) {
    throw std::system_error(ENOSPC, std::system_category(),
                            mebibytes(available) + " free, " + mebibytes(needed) + " needed");
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
  std::string text = "nowhere could " + mebibytes(size) + " of objects be spilled";
  for (const Directory& directory : directories_) {
    text += "; " + directory.path.string() + directory.writing.text(now);
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
  if (const std::unique_lock alone(file->blocks, std::try_to_lock); alone) {
    disk_.punch(file->file, at.offset, at.size);
  }
  const std::lock_guard lock(mutex_);
  --stats_.objects;
  stats_.bytes -= at.size;
  if (--file->objects == 0) files_.erase(at.file);
}

SpillFiles::Stats SpillFiles::stats() const {
  const std::lock_guard lock(mutex_);
  Stats now = stats_;
  now.files = files_.size();
  return now;
}

}  // namespace manta::objectstore
