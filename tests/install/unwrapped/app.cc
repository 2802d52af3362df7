// Linked without --wrap=main: init must refuse, lest the program start copies of itself.
#include <cstring>
#include <iostream>

#include <manta/manta.h>

int main() {
  std::cout << "main\n";
  try {
    auto session = manta::init();
  } catch (const manta::InvalidArgument& error) {
    std::cout << "refused: " << error.what() << "\n";
    return 0;
  }
  return 1;
}
