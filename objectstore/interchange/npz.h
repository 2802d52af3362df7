// Arrays in numpy's .npz files: several .npy files in a zip archive, each under its name.
//
//   save_npz("run.npz", {{"x", x}, {"labels", labels}});     numpy: np.savez("run.npz", x=x, labels=labels)
//   const NpzFile file = load_npz("run.npz");                numpy: file = np.load("run.npz")
//   file.files();                                            {"x", "labels"}, in the file's order
//   Array<double> x = file.get<double>("x");                 numpy: file["x"]
//
// Files are written uncompressed, as numpy.savez does; compressed ones (numpy.savez_compressed) are read, too. Element
// types are those of npy.h. An array's checksum is checked when it is read. save_npz replaces the file only when all is
// written; without arrays it writes an archive of none, as numpy does. Of several members of one name the last is read.
// Errors:  InvalidArgument with file, array and reason: unreadable, no zip archive, no such array (the names in the
//          file are listed), another element type, column-major, corrupt; a name that is empty or given twice.
// OutOfDisk. Threads: save_npz from any; an NpzFile is confined.
#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "npy.h"

namespace manta {

// An array to be written, under its name.
class NpzArray {
 public:
  template <class T>
  NpzArray(std::string name, const Array<T>& array)
      : name_(std::move(name)),
        type_(detail::npy_type(detail::kNpyKind<T>, sizeof(T))),
        shape_(array.shape().begin(), array.shape().end()),
        bytes_(std::as_bytes(array.span())),
        storage_(detail::ArrayAccess::storage(array)) {}

  const std::string& name() const { return name_; }
  const std::string& type() const { return type_; }
  const std::vector<std::size_t>& shape() const { return shape_; }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::string name_;
  std::string type_;
  std::vector<std::size_t> shape_;
  std::span<const std::byte> bytes_;
  base::StorageRef storage_;  // keeps the bytes alive
};

// An open .npz file, of which arrays are read by name.
class NpzFile {
 public:
  explicit NpzFile(const std::filesystem::path& path);
  NpzFile(NpzFile&&) noexcept;
  NpzFile& operator=(NpzFile&&) noexcept;
  ~NpzFile();

  // The names of its arrays, in the file's order.
  std::vector<std::string> files() const;
  // The array of that name.
  template <class T>
  Array<T> get(std::string_view name) const {
    auto content = read(name, detail::npy_type(detail::kNpyKind<T>, sizeof(T)), sizeof(T));
    return detail::ArrayAccess::adopt<T>(std::move(content.memory), std::move(content.shape))
        .freeze();
  }

 private:
  detail::NpyContent read(std::string_view name, const std::string& type,
                          std::size_t element_size) const;
  struct State;
  std::unique_ptr<State> state_;
};

// Opens a file, of which nothing but its table is read yet.
inline NpzFile load_npz(const std::filesystem::path& path) { return NpzFile(path); }
// Writes the arrays to the file, in this order.
void save_npz(const std::filesystem::path& path, const std::vector<NpzArray>& arrays);

}  // namespace manta
