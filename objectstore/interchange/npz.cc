// libzip, wrapped; then one member of an archive, read and added; then which names an archive may have and how one is
// found; NpzFile and save_npz, which put the file's name in front of every error, are at the end.
#include "npz.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <system_error>
#include <zip.h>

#include "../../base/error.h"
#include "../../base/standard_streams.h"
#include "npy_data.h"
#include "replacement_file.h"

namespace manta {
namespace {

constexpr std::string_view kSuffix = ".npy";

[[noreturn]] void fail(const char* what, const std::filesystem::path& path,
                       const std::string& why) {
  throw InvalidArgument(std::string(what) + ": " + path.string() + ": " + why);
}

std::string text_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

bool is_npy_file(const std::filesystem::path& path) {
  std::string begin(detail::kNpyPrefix, '\0');
  std::ifstream(path, std::ios::binary).read(begin.data(), detail::kNpyPrefix);
  return detail::is_npy(begin);
}

// An archive that was not closed is given up, and nothing is written.
struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

Archive open_archive(const char* what, const std::filesystem::path& path, int flags) {
  int error = 0;
  const base::StandardStreamsReserved reserved;  // libzip keeps a file open that it reads
  Archive archive(zip_open(path.c_str(), flags, &error));
  if (archive == nullptr) {
    fail(what, path, is_npy_file(path) ? "it is one array, .npy: use load_npy" : text_of(error));
  }
  return archive;
}

// What one byte of a member can become; null of methods of which that is not known.
std::optional<std::uint64_t> most_unpacked(int method) {
  if (method == ZIP_CM_STORE) return 1;
  if (method == ZIP_CM_DEFLATE) return 1032;
  return std::nullopt;
}

std::string method_text(int method) {
  constexpr std::pair<int, std::string_view> kNames[] = {
      {1, "shrink"}, {6, "implode"}, {9, "deflate64"}, {12, "bzip2"},
      {14, "lzma"},  {93, "zstd"},   {95, "xz"},       {98, "ppmd"}};
  std::string text = std::to_string(method);
  for (const auto& [number, name] : kNames) {
    if (number == method) text.append(", ").append(name);
  }
  return text;
}

zip_stat_t stat_of(zip_t* archive, zip_uint64_t index) {
  zip_stat_t stat;
  if (zip_stat_index(archive, index, 0, &stat) != 0) {
    throw InvalidArgument(zip_strerror(archive));
  }
  return stat;
}

[[noreturn]] void fail_opening(zip_t* archive, zip_uint64_t index) {
  const std::string why = zip_strerror(archive);
  if (zip_error_code_zip(zip_get_error(archive)) != ZIP_ER_COMPNOTSUPP) throw InvalidArgument(why);
  throw InvalidArgument("it is compressed by a method that is not supported (" +
                        method_text(stat_of(archive, index).comp_method) +
                        "): save it with numpy.savez_compressed");
}

struct CloseEntry {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

// One .npy inside the archive, from its beginning.
class Entry {
 public:
  Entry(zip_t* archive, zip_uint64_t index) : file_(zip_fopen_index(archive, index, 0)) {
    if (file_ == nullptr) fail_opening(archive, index);
  }

  // Reads `size` bytes, or fewer if the member ends before that, and gives their number.
  std::size_t read_up_to(void* to, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      const std::size_t n = read_some(static_cast<char*>(to) + done, size - done);
      if (n == 0) break;
      done += n;
    }
    return done;
  }

  void read(void* to, std::size_t size) {
    if (read_up_to(to, size) < size) {
      throw InvalidArgument("it is truncated");
    }
  }

  // The end of the data is where libzip checks the checksum.
  void expect_end() {
    char more = 0;
    if (read_some(&more, 1) > 0) {
      throw InvalidArgument("there is more than the array");
    }
  }
  // Gives how many bytes there were.
  std::uint64_t skip_to_end() {
    std::vector<char> some(std::size_t{64} << 10);
    std::uint64_t skipped = 0;
    while (const std::size_t n = read_some(some.data(), some.size())) skipped += n;
    return skipped;
  }

 private:
  std::size_t read_some(void* to, std::size_t size) {
    const zip_int64_t n = zip_fread(file_.get(), to, size);
    if (n >= 0) return static_cast<std::size_t>(n);
    zip_error_t* const error = zip_file_get_error(file_.get());
    const bool by_the_system = zip_error_system_type(error) == ZIP_ET_SYS;
    throw InvalidArgument((by_the_system ? "" : "it is damaged: ") +
                          std::string(zip_error_strerror(error)));
  }

  std::unique_ptr<zip_file_t, CloseEntry> file_;
};

// Null if the member is no array. One that is named so and does not begin so may be damaged: that shows at its end.
std::optional<std::string> read_header(Entry& entry, std::string_view name) {
  std::string bytes(detail::kNpyPrefix, '\0');
  bytes.resize(entry.read_up_to(bytes.data(), bytes.size()));
  if (!detail::is_npy(bytes)) {
    if (name.ends_with(kSuffix)) entry.skip_to_end();
    return std::nullopt;
  }
  bytes.resize(std::max(detail::npy_data_offset(bytes), detail::kNpyPrefix));
  entry.read(bytes.data() + detail::kNpyPrefix, bytes.size() - detail::kNpyPrefix);
  return bytes;
}

// What the member holds; null if it is no array, or cannot be read: get() says why.
std::optional<NpyInfo> info_of_member(zip_t* archive, zip_uint64_t index, std::string_view name) {
  try {
    Entry entry(archive, index);
    const std::optional<std::string> bytes = read_header(entry, name);
    if (!bytes) return std::nullopt;
    return detail::info_of(detail::parse_npy_header(*bytes));
  } catch (const InvalidArgument&) {
    return std::nullopt;
  }
}

// Before memory is taken for what the archive says that the member unpacks to. Where the method has no known bound it
// is unpacked once for that.
void expect_unpacks(zip_t* archive, const zip_stat_t& stat, std::uintmax_t file_size) {
  const std::uintmax_t packed = std::min<std::uintmax_t>(stat.comp_size, file_size);
  const std::optional<std::uint64_t> most = most_unpacked(stat.comp_method);
  if (most ? stat.size / *most > packed : Entry(archive, stat.index).skip_to_end() < stat.size) {
    throw InvalidArgument("it is damaged: it is smaller than the archive says");
  }
}

// What the archive says of its sizes may be wrong, so they are checked against that of the file and of the shape.
detail::NpyContent read_entry(zip_t* archive, zip_uint64_t index, const detail::NpyField& element,
                              std::string_view call, std::uintmax_t file_size) {
  const zip_stat_t stat = stat_of(archive, index);
  Entry entry(archive, index);
  const std::optional<std::string> bytes = read_header(entry, stat.name);
  if (!bytes) {
    throw InvalidArgument("it is no array, but a file of another kind in the archive");
  }
  detail::NpyLayout layout = match_npy(detail::parse_npy_header(*bytes), element, call);
  if (stat.size < bytes->size() || layout.size_in_file != stat.size - bytes->size()) {
    throw InvalidArgument("its size is not that of its shape");
  }
  expect_unpacks(archive, stat, file_size);
  const auto next = [&](std::size_t, std::byte* to, std::size_t size) { entry.read(to, size); };
  detail::ArrayMemory memory = read_npy_data(layout, element, {next});
  entry.expect_end();
  return {std::move(layout.shape), std::move(memory)};
}

void add(zip_t* archive, const NpzArray& array, const std::string& header) {
  const std::span bytes(array.view().data, array.view().size);
  zip_buffer_fragment_t parts[2] = {
      {reinterpret_cast<zip_uint8_t*>(const_cast<char*>(header.data())), header.size()},
      {reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(bytes.data())), bytes.size()}};
  zip_source_t* source = zip_source_buffer_fragment(archive, parts, bytes.empty() ? 1 : 2, 0);
  const std::string name = array.name() + std::string(kSuffix);
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    throw InvalidArgument(array.name() + ": " + zip_strerror(archive));
  }
  constexpr zip_uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01: equal arrays give equal files
  const auto at = static_cast<zip_uint64_t>(index);
  if (zip_set_file_compression(archive, at, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, at, 0, kFirstDay, 0) != 0) {
    throw InvalidArgument(array.name() + ": " + zip_strerror(archive));
  }
}

void check_names(const std::vector<NpzArray>& arrays) {
  std::set<std::string, std::less<>> names;
  for (const NpzArray& array : arrays) {
    if (array.name().empty() || array.name().find('\0') != std::string::npos) {
      throw InvalidArgument("an array has no name, or one with a zero byte");
    }
    if (!names.insert(array.name()).second) {
      throw InvalidArgument("two arrays are named \"" + array.name() + "\"");
    }
  }
  for (const std::string& name : names) {
    std::string longer = name;
    longer += kSuffix;
    if (names.contains(longer)) {
      std::string why = "the arrays \"";
      why.append(name).append("\" and \"").append(longer);
      throw InvalidArgument(why + "\" could not be told apart when they are read");
    }
  }
}

// Of an archive without members zip_close() leaves no file. numpy writes and reads this one: the end of an archive's
// table, which is empty.
constexpr std::string_view kEmptyArchive("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);

// The names of the members, as and in the order in which the archive has them.
std::vector<std::string> members_of(zip_t* archive) {
  std::vector<std::string> names;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
    names.emplace_back(name == nullptr ? "" : name);
  }
  return names;
}

std::string without_suffix(std::string name) {
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  return name;
}

// Looks as numpy does: for a member of just that name, else for one with .npy behind it; of several, the last.
std::optional<zip_uint64_t> find_member(const std::vector<std::string>& members,
                                        std::string_view name) {
  for (const std::string& wanted : {std::string(name), std::string(name) + std::string(kSuffix)}) {
    const auto found = std::find(members.rbegin(), members.rend(), wanted);
    if (found != members.rend()) {
      return static_cast<zip_uint64_t>(members.rend() - found - 1);
    }
  }
  return std::nullopt;
}

// Writes into the file `own`, which will get the name `path`.
void write_archive(const std::filesystem::path& own, const std::filesystem::path& path,
                   const std::vector<NpzArray>& arrays) {
  Archive archive = open_archive("save_npz", own, ZIP_CREATE | ZIP_TRUNCATE);
  std::vector<std::string> headers;
  headers.reserve(arrays.size());
  for (const NpzArray& array : arrays) {
    headers.push_back(detail::make_npy_header(*array.view().type, array.view().shape));
    add(archive.get(), array, headers.back());
  }
  const base::StandardStreamsReserved reserved;  // libzip opens the file that it writes now
  if (zip_close(archive.get()) != 0) {
    zip_error_t* const error = zip_get_error(archive.get());
    if (zip_error_system_type(error) == ZIP_ET_SYS) {
      detail::fail_writing("save_npz", path, zip_error_code_system(error));
    }
    throw InvalidArgument(zip_strerror(archive.get()));
  }
  static_cast<void>(archive.release());  // it is closed
}

}  // namespace

struct NpzFile::State {
  std::filesystem::path path;
  Archive archive;
  std::uintmax_t size;
};

NpzFile::NpzFile(const std::filesystem::path& path)
    : state_(new State{path, open_archive("load_npz", path, ZIP_RDONLY), 0}) {
  std::error_code gone;
  state_->size = std::filesystem::file_size(path, gone);
}
NpzFile::NpzFile(NpzFile&&) noexcept = default;
NpzFile& NpzFile::operator=(NpzFile&&) noexcept = default;
NpzFile::~NpzFile() = default;

std::vector<std::string> NpzFile::files() const {
  std::vector<std::string> names = members_of(state_->archive.get());
  for (std::string& name : names) name = without_suffix(std::move(name));
  return names;
}

detail::NpyContent NpzFile::read(std::string_view name, const detail::NpyField& element) const {
  const auto found = find_member(members_of(state_->archive.get()), name);
  if (!found) {
    std::string all;
    for (const std::string& one : files()) {
      all.append(all.empty() ? "" : ", ").append(one);
    }
    fail("load_npz", state_->path,
         "there is no array \"" + std::string(name) + "\" in it; " +
             (all.empty() ? "it is empty" : "there are: " + all));
  }
  try {
    return read_entry(state_->archive.get(), *found, element, "get", state_->size);
  } catch (const InvalidArgument& error) {
    fail("load_npz", state_->path, std::string(name) + ": " + error.std::runtime_error::what());
  }
}

std::map<std::string, NpyInfo> npz_members(const std::filesystem::path& path) {
  const Archive archive = open_archive("npz_members", path, ZIP_RDONLY);
  const std::vector<std::string> names = members_of(archive.get());
  std::map<std::string, NpyInfo> arrays;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::optional<NpyInfo> info = info_of_member(archive.get(), i, names[i])) {
      arrays[without_suffix(names[i])] = std::move(*info);
    }
  }
  return arrays;
}

void save_npz(const std::filesystem::path& path, const std::vector<NpzArray>& arrays) {
  try {
    check_names(arrays);
    detail::ReplacementFile file("save_npz", path);
    if (arrays.empty()) {
      file.write(std::as_bytes(std::span(kEmptyArchive)));
    } else {
      write_archive(file.own_path(), path, arrays);
    }
    file.commit();
  } catch (const InvalidArgument& error) {
    const std::string what = error.std::runtime_error::what();
    if (what.starts_with("save_npz: ")) {
      throw;
    }
    fail("save_npz", path, what);
  }
}

}  // namespace manta
