// Arrays without copies: filled in the store, sealed by put, read in place by every process.
//
//   main      MutableArray --put (no copy)--> [ 80 MB in shared memory ]
//   workers   brightest(image)  mean(image)     ^ read-only views of it, as many as you like
//
//   $ ./arrays
//
// Expected output:
//   the store holds 80 MB
//   brightest pixel 4999, mean 2499.5
//   a row of main's view: 1 2 3 ...; the same memory: yes
//   afterwards it holds 0 MB
#include <algorithm>
#include <iostream>
#include <numeric>

#include <manta/manta.h>

using Image = manta::Array<double>;

double brightest(const Image& image) { return *std::max_element(image.begin(), image.end()); }
double mean(std::span<const double> pixels) {  // a span is a view, too
  return std::accumulate(pixels.begin(), pixels.end(), 0.0) / static_cast<double>(pixels.size());
}

std::uint64_t megabytes_in_store() { return manta::cluster().nodes[0].store.used / 1'000'000; }

int main() {
  auto session = manta::init({.object_store_bytes = 200'000'000});
  {
    auto pixels = manta::uninitialized<double>(2000, 5000);  // lies in the store already
    for (std::size_t y = 0; y < 2000; ++y) {
      for (std::size_t x = 0; x < 5000; ++x) pixels(y, x) = static_cast<double>(x);
    }
    manta::ObjectRef<Image> image = manta::put(std::move(pixels));  // from now on it never changes
    std::cout << "the store holds " << megabytes_in_store() << " MB\n";

    auto max = manta::remote(brightest)(image);
    auto avg = manta::remote(mean)(image);
    std::cout << "brightest pixel " << manta::get(max) << ", mean " << manta::get(avg) << "\n";

    const Image view = manta::get(image);
    const Image part = view.slice(100, 101).reshape({5000}).slice(1, 4);
    std::cout << "a row of main's view: " << part[0] << " " << part[1] << " " << part[2]
              << " ...; the same memory: " << (manta::same_storage(view, part) ? "yes" : "no")
              << "\n";
  }
  std::cout << "afterwards it holds " << megabytes_in_store() << " MB\n";
}
