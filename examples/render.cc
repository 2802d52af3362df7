// A picture that is computed in tiles, with progress: manta::map() gives a ref for each tile, in order,
// and the tiles are arrays in shared memory, from which the picture is put together.
//
//   tiles  [ . . . . | . . . . | ... ]  --map(render)-->  [ pixels ... ]  --get-->  picture  -->  PNG
//
//   $ ./render [FILE.png]
//
// Expected output:
//   80 tiles, 960 x 640 pixels
//   ... is written
#include <algorithm>
#include <complex>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <png.h>
#include <vector>

#include <manta/manta.h>
#include <manta/parallel.h>

constexpr unsigned kWidth = 960, kHeight = 640, kTileWidth = 96, kTileHeight = 80;

struct Tile {
  unsigned left = 0, top = 0;
};

// How soon the point's orbit leaves; 0: it stays, so that the point belongs to the Mandelbrot set.
std::uint8_t shade(double re, double im) {
  const std::complex<double> c(re, im);
  std::complex<double> z;
  for (int i = 0; i < 1000; ++i) {
    z = z * z + c;
    if (std::norm(z) > 4) return static_cast<std::uint8_t>(std::max(40, 255 - 4 * i));
  }
  return 0;
}

manta::MutableArray<std::uint8_t> render(const Tile& tile) {
  manta::MutableArray<std::uint8_t> pixels(kTileHeight, kTileWidth);
  for (unsigned y = 0; y < kTileHeight; ++y) {
    for (unsigned x = 0; x < kTileWidth; ++x) {
      pixels(y, x) =
          shade((tile.left + x) * 3.0 / kWidth - 2.2, (tile.top + y) * 2.0 / kHeight - 1);
    }
  }
  return pixels;
}

int main(int count, char** words) {
  auto session = manta::init();

  std::vector<Tile> tiles;
  for (unsigned y = 0; y < kHeight; y += kTileHeight) {
    for (unsigned x = 0; x < kWidth; x += kTileWidth) tiles.push_back({x, y});
  }
  const auto refs = manta::map(render, tiles, {.progress = "rendering"});
  std::cout << refs.size() << " tiles, " << kWidth << " x " << kHeight << " pixels\n";

  std::vector<std::uint8_t> picture(std::size_t{kWidth} * kHeight);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const manta::Array<std::uint8_t> pixels = manta::get(refs[i]);  // no copy
    for (unsigned y = 0; y < kTileHeight; ++y) {
      std::copy_n(&pixels(y, 0), kTileWidth,
                  &picture[std::size_t{tiles[i].top + y} * kWidth + tiles[i].left]);
    }
  }

  const auto own = std::filesystem::temp_directory_path() / "manta-render.png";
  const std::filesystem::path file = count > 1 ? words[1] : own;
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = kWidth;
  image.height = kHeight;  // the format is gray, 8 bits
  if (png_image_write_to_file(&image, file.c_str(), 0, picture.data(), 0, nullptr) == 0) {
    std::cerr << file << ": " << image.message << "\n";
    return EXIT_FAILURE;
  }
  std::cout << file.string() << " is written\n";
  if (file == own) std::filesystem::remove(own);
}
