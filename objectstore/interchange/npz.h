// Arrays in numpy's .npz files: several .npy files in a zip archive, each under its name.
//
//   save_npz("run.npz", {{"x", x}, {"labels", labels}});     numpy: np.savez("run.npz", x=x, labels=labels)
//   const NpzFile file = load_npz("run.npz");                numpy: file = np.load("run.npz")
//   file.files();                                            {"x", "labels"}, in the file's order
//   Array<double> x = file.get<double>("x");                 numpy: file["x"]
//
//   npz_members("run.npz")                                   {"x": {"<f8", {2, 3}, false}, ...}, without loading them
//
// Files are written uncompressed, as numpy.savez does; compressed ones (numpy.savez_compressed, and by what libzip has
// besides) are read, too. Element types and orders are those of npy.h. An array's checksum is checked when it is read.
// save_npz replaces the file only when all is written; without arrays it writes an archive of none, as numpy does. Of
// several members of one name the last is read.
// Errors:  InvalidArgument with file, array and reason: unreadable, no zip archive, no such array (the names in the
//          file are listed), a member that is no array, another element type (and the call for it), damaged, of
//          a method of compression that is not supported; a name that is empty or given twice. OutOfDisk.
// Threads: save_npz and npz_members from any; an NpzFile is confined.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "npy.h"

namespace manta {

// An array to be written, under its name.
class NpzArray {
 public:
  // Keeps the array, without a copy.
  template <class T>
  NpzArray(std::string name, const Array<T>& array)
      : name_(std::move(name)), view_(detail::npy_view(array)) {}

  const std::string& name() const { return name_; }
  const detail::NpyView& view() const { return view_; }

 private:
  std::string name_;
  detail::NpyView view_;
};

// An open .npz file, of which arrays are read by name.
class NpzFile {
 public:
  // As load_npz().
  explicit NpzFile(const std::filesystem::path& path);
  NpzFile(NpzFile&&) noexcept;
  NpzFile& operator=(NpzFile&&) noexcept;
  ~NpzFile();

  // The names of its members, in the file's order; those of arrays are without their ".npy".
  std::vector<std::string> files() const;
  // The array of that name.
  template <class T>
  Array<T> get(std::string_view name) const {
    detail::require_array_element<T>();
    return detail::make_array<T>(read(name, detail::npy_element<T>()));
  }

 private:
  detail::NpyContent read(std::string_view name, const detail::NpyField& element) const;
  struct State;
  std::unique_ptr<State> state_;
};

// Opens a file, of which nothing but its table is read yet.
inline NpzFile load_npz(const std::filesystem::path& path) { return NpzFile(path); }
// What the members that are arrays hold, by their names, without loading them. Others are left out, also those of which
// that cannot be told: damaged where they begin, or compressed by a method that is not supported. NpzFile::files()
// names them, and get() says why.
std::map<std::string, NpyInfo> npz_members(const std::filesystem::path& path);
// Writes the arrays to the file, in this order.
void save_npz(const std::filesystem::path& path, const std::vector<NpzArray>& arrays);

}  // namespace manta
