// What runs in workers.
#pragma once
#include <cstdint>

#include <manta/manta.h>

namespace http {

struct View {  // of the complex plane: a square of 3/zoom by 3/zoom around x + iy
  double x = -0.5;
  double y = 0;
  double zoom = 1;
  int size = 400;  // pixels
};

// The Mandelbrot set, as a BMP file: its bytes lie in shared memory from the first on.
manta::MutableArray<std::uint8_t> draw(const View& view);

// The mean of so many random numbers between 0 and 1.
double mean_of_random(std::int64_t n);

}  // namespace http
