// Read from the end: a file is read tile by tile (read_tiles), a tile by its rows (TileReader), a row by one of three
// ways to copy an item, which the layout chooses.
#include "npy_data.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "../../base/error.h"

namespace manta::detail {
namespace {

constexpr std::size_t kTile = std::size_t{4} << 20;  // bytes of a tile
constexpr std::size_t kRun = std::size_t{128}
                             << 10;      // bytes of a run, so that a disk is read in long pieces
constexpr std::size_t kRowsAtOnce = 16;  // lines that are filled side by side

using Buffer = std::unique_ptr<std::byte[]>;

// One item from the file to memory.
template <std::size_t kSize>
struct CopyItem {
  void operator()(std::byte* to, const std::byte* from) const { std::memcpy(to, from, kSize); }
};
struct CopyBytes {
  std::size_t size;
  void operator()(std::byte* to, const std::byte* from) const { std::memcpy(to, from, size); }
};
struct CopyPieces {
  std::span<const NpyPiece> pieces;
  void operator()(std::byte* to, const std::byte* from) const {
    for (const NpyPiece& piece : pieces) {
      std::memcpy(to + piece.to, from + piece.from, piece.size);
    }
  }
};

// The rows of a column in the order of the file, first index first, and where they lie in memory, last index first.
class Rows {
 public:
  explicit Rows(std::span<const std::size_t> dimensions)
      : dimensions_(dimensions), strides_(dimensions.size()), index_(dimensions.size()) {
    for (std::size_t d = dimensions.size(); d > 0; --d) {
      strides_[d - 1] = count_;
      count_ *= dimensions[d - 1];
    }
  }

  std::size_t count() const { return count_; }

  // The number of the row in memory; then continues with the next in the file, and after the last one to the first.
  std::size_t take() {
    const std::size_t row = row_;
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
      row_ += strides_[d];
      if (++index_[d] < dimensions_[d]) break;
      row_ -= strides_[d] * dimensions_[d];
      index_[d] = 0;
    }
    return row;
  }

 private:
  std::span<const std::size_t> dimensions_;
  std::vector<std::size_t> strides_;
  std::vector<std::size_t> index_;
  std::size_t count_ = 1;
  std::size_t row_ = 0;
};

class TileReader {
 public:
  TileReader(const NpyLayout& layout, const NpySource& source, std::byte* memory)
      : layout_(layout),
        source_(source),
        memory_(memory),
        columns_(layout.column_major ? layout.items.back()
                                     : layout.size_in_file / layout.item_in_file),
        rows_(layout.column_major ? std::span(layout.items).first(layout.items.size() - 1)
                                  : std::span<const std::size_t>()) {
    const std::size_t item = layout.item_in_file;
    rows_of_tile_ =
        rows_.count() * item <= kRun ? rows_.count() : std::max<std::size_t>(kRun / item, 1);
    const std::size_t fit = std::max<std::size_t>(kTile / (rows_of_tile_ * item), 1);
    columns_of_tile_ = std::min(columns_, fit);
    tile_.reset(new std::byte[rows_of_tile_ * columns_of_tile_ * item]);
  }

  // Whether the tiles follow each other in the file.
  bool in_order() const { return rows_of_tile_ == rows_.count(); }

  template <class Copy>
  void run(Copy copy) {
    for (std::size_t column = 0; column < columns_; column += columns_of_tile_) {
      const std::size_t columns = std::min(columns_of_tile_, columns_ - column);
      for (std::size_t row = 0; row < rows_.count(); row += rows_of_tile_) {
        const std::size_t rows = std::min(rows_of_tile_, rows_.count() - row);
        read(column, columns, row, rows);
        write(column, columns, rows, copy);
      }
    }
  }

 private:
  void read(std::size_t column, std::size_t columns, std::size_t row, std::size_t rows) {
    const std::size_t item = layout_.item_in_file;
    if (in_order()) {
      return source_.read(column * rows * item, tile_.get(), columns * rows * item);
    }
    for (std::size_t c = 0; c < columns; ++c) {
      const std::size_t first = (column + c) * rows_.count() + row;
      source_.read(first * item, tile_.get() + c * rows * item, rows * item);
    }
  }

  template <class Copy>
  void write(std::size_t column, std::size_t columns, std::size_t rows, Copy copy) {
    const std::size_t from_item = layout_.item_in_file;
    const std::size_t to_item = layout_.item_in_memory;
    for (std::size_t first = 0; first < rows; first += kRowsAtOnce) {
      const std::size_t count = std::min(kRowsAtOnce, rows - first);
      std::byte* to[kRowsAtOnce];
      for (std::size_t r = 0; r < count; ++r) {
        to[r] = memory_ + (rows_.take() * columns_ + column) * to_item;
      }
      for (std::size_t c = 0; c < columns; ++c) {
        const std::byte* from = tile_.get() + (c * rows + first) * from_item;
        for (std::size_t r = 0; r < count; ++r) {
          copy(to[r] + c * to_item, from + r * from_item);
        }
      }
    }
  }

  const NpyLayout& layout_;
  const NpySource& source_;
  std::byte* const memory_;
  const std::size_t columns_;  // of the file: how many values the last index has
  Rows rows_;
  std::size_t rows_of_tile_ = 0;
  std::size_t columns_of_tile_ = 0;
  Buffer tile_;
};

void run(TileReader& reader, const NpyLayout& layout) {
  if (!layout.pieces.empty()) return reader.run(CopyPieces{layout.pieces});
  switch (layout.item_in_file) {
    case 1:
      return reader.run(CopyItem<1>());
    case 2:
      return reader.run(CopyItem<2>());
    case 4:
      return reader.run(CopyItem<4>());
    case 8:
      return reader.run(CopyItem<8>());
    case 16:
      return reader.run(CopyItem<16>());
    default:
      return reader.run(CopyBytes{layout.item_in_file});
  }
}

void read_tiles(const NpyLayout& layout, const NpySource& source, std::byte* memory) {
  TileReader reader(layout, source, memory);
  if (source.any_order || reader.in_order()) return run(reader, layout);
  const Buffer whole(new std::byte[layout.size_in_file]);
  source.read(0, whole.get(), layout.size_in_file);
  const NpySource copy{[&](std::size_t offset, std::byte* to, std::size_t size) {
                         std::memcpy(to, whole.get() + offset, size);
                       },
                       true};
  TileReader again(layout, copy, memory);
  run(again, layout);
}

void check_bools(const NpyType& type, std::span<const std::byte> elements) {
  const std::vector<std::size_t> bools = npy_bools(type);
  if (bools.empty()) return;
  for (std::size_t at = 0; at < elements.size(); at += type.size) {
    for (const std::size_t one : bools) {
      if (elements[at + one] > std::byte{1}) {
        throw InvalidArgument("it is damaged: a bool in it is neither 0 nor 1");
      }
    }
  }
}

}  // namespace

ArrayMemory read_npy_data(const NpyLayout& layout, const NpyField& element,
                          const NpySource& source) {
  const bool as_it_is = layout.pieces.empty() && !layout.column_major;
  // Bytes that no piece reaches, of padding and behind short texts, are zeros.
  const std::size_t size = layout.size_in_memory;
  ArrayMemory memory = allocate_array(size, 1, layout.pieces.empty() ? Fill::kNone : Fill::kZero);
  if (as_it_is || layout.size_in_file == 0) {
    source.read(0, memory.writable, layout.size_in_file);
  } else {
    read_tiles(layout, source, memory.writable);
  }
  check_bools(element.type, {memory.writable, size});
  return memory;
}

}  // namespace manta::detail
