#include "file_list.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace codesearch {
namespace {

namespace fs = std::filesystem;

SkipReason reason_of(const std::error_code& error) {
  return error == std::errc::no_such_file_or_directory ? SkipReason::kVanished
                                                       : SkipReason::kUnreadable;
}

class Walk {
 public:
  void root(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      skip(path, SkipReason::kUnreadable, error.message());
    } else if (fs::is_directory(status)) {
      directories_.push_back(path);
    } else {
      file(fs::directory_entry(path, error));
    }
    while (!directories_.empty()) {
      const fs::path next = std::move(directories_.back());
      directories_.pop_back();
      directory(next);
    }
  }

  FileList sorted() && {
    std::vector<File>& files = list_.files;
    std::sort(files.begin(), files.end(),
              [](const File& a, const File& b) { return a.path < b.path; });
    files.erase(std::unique(files.begin(), files.end(),
                            [](const File& a, const File& b) { return a.path == b.path; }),
                files.end());
    for (const File& file : files) {
      list_.bytes += file.size;
    }
    return std::move(list_);
  }

 private:
  void directory(const fs::path& path) {
    std::error_code error;
    fs::directory_iterator entry(path, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      std::error_code unknown;
      const fs::file_type type = entry->symlink_status(unknown).type();
      if (type == fs::file_type::directory) {
        directories_.push_back(entry->path());
      } else if (type == fs::file_type::regular) {
        file(*entry);
      }
    }
    if (error) {
      skip(path.string(), reason_of(error), error.message());
    }
  }

  void file(const fs::directory_entry& entry) {
    std::error_code error;
    const std::uint64_t size = entry.file_size(error);
    if (error) {
      skip(entry.path().string(), reason_of(error), error.message());
    } else if (size == 0) {
      skip(entry.path().string(), SkipReason::kEmpty, {});
    } else if (size > kHugeBytes) {
      skip(entry.path().string(), SkipReason::kHuge, std::to_string(size >> 20) + " MiB");
    } else {
      list_.files.push_back({entry.path().string(), size});
    }
  }

  void skip(std::string path, SkipReason reason, std::string detail) {
    list_.skipped.push_back({std::move(path), reason, std::move(detail)});
  }

  std::vector<fs::path> directories_;  // still to be read
  FileList list_;
};

}  // namespace

FileList list_files(const std::vector<std::string>& roots) {
  Walk walk;
  for (const std::string& root : roots) {
    walk.root(root);
  }
  return std::move(walk).sorted();
}

std::vector<Batch> make_batches(const std::vector<File>& files, std::uint64_t batch_bytes) {
  std::vector<Batch> batches;
  std::uint64_t room = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].size > room) {
      batches.push_back({static_cast<DocumentId>(i), {}, {}});
      room = std::max(batch_bytes, files[i].size);
    }
    room -= files[i].size;
    batches.back().paths.push_back(files[i].path);
    batches.back().sizes.push_back(static_cast<std::uint32_t>(files[i].size));
  }
  return batches;
}

}  // namespace codesearch
