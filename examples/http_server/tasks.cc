#include "tasks.h"

#include <complex>
#include <cstddef>
#include <random>

namespace http {
namespace {

constexpr int kMostSteps = 255;

// How many steps it takes to leave the circle of radius 2.
int steps_from(std::complex<double> c) {
  double x = 0, y = 0;
  for (int steps = 0; steps < kMostSteps; ++steps) {
    if (x * x + y * y > 4) return steps;
    const double next = x * x - y * y + c.real();
    y = 2 * x * y + c.imag();
    x = next;
  }
  return kMostSteps;
}

class Bytes {  // little-endian
 public:
  explicit Bytes(std::uint8_t* at) : at_(at) {}
  Bytes& put(std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) *at_++ = static_cast<std::uint8_t>(value >> 8 * i);
    return *this;
  }
  std::uint8_t* at() const { return at_; }

 private:
  std::uint8_t* at_;
};

}  // namespace

manta::MutableArray<std::uint8_t> draw(const View& view) {
  constexpr std::uint32_t kColours = 256, kHeads = 14 + 40 + 4 * kColours;
  const auto size = static_cast<std::uint32_t>(view.size);
  const std::uint32_t row = (size + 3) / 4 * 4;
  auto file = manta::zeros<std::uint8_t>(kHeads + row * size);
  Bytes bytes(file.data());
  bytes.put('B' | 'M' << 8, 2).put(kHeads + row * size, 4).put(0, 4).put(kHeads, 4);
  bytes.put(40, 4).put(size, 4).put(size, 4).put(1, 2).put(8, 2).put(0, 4).put(row * size, 4);
  bytes.put(0, 4).put(0, 4).put(kColours, 4).put(0, 4);
  for (std::uint32_t grey = 0; grey < kColours; ++grey) bytes.put(0x10101 * (255 - grey), 4);
  const double scale = 3 / view.zoom / view.size;
  for (std::uint32_t v = 0; v < size; ++v) {
    std::uint8_t* const pixels = bytes.at() + std::size_t{v} * row;
    for (std::uint32_t u = 0; u < size; ++u) {
      const double x = view.x + (u - size / 2.0) * scale, y = view.y + (v - size / 2.0) * scale;
      pixels[u] = static_cast<std::uint8_t>(steps_from({x, y}));
    }
  }
  return file;
}

double mean_of_random(std::int64_t n) {
  std::mt19937_64 random(static_cast<std::uint64_t>(n));
  std::uniform_real_distribution<double> between(0, 1);
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += between(random);
  return sum / static_cast<double>(n);
}

}  // namespace http
