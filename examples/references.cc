// References are values: inside a struct they are passed on as references, not resolved, and keep
// their objects alive wherever they go.
//
//   main --> load task --> Catalog { title, ref to 8 MB }    the pages stay in the store;
//   main --> read(Catalog): get(ref) where it is needed      only the Catalog travels
//
//   $ ./references
//
// Expected output:
//   "letters" has 1000000 pages, page 3 is 3
//   still there without its maker: 1000000
#include <iostream>
#include <string>

#include <manta/manta.h>

struct Catalog {  // serialized without a line of code, references included
  std::string title;
  manta::ObjectRef<manta::Array<long>> pages;
};

Catalog load(const std::string& title) {
  return {title, manta::put(manta::arange<long>(1'000'000))};  // outlives this worker
}

std::string describe(const Catalog& catalog) {
  const auto pages = manta::get(catalog.pages);  // read in place
  return '"' + catalog.title + "\" has " + std::to_string(pages.size()) + " pages, page 3 is " +
         std::to_string(pages[3]);
}

// A parameter that is a reference receives the reference itself.
std::size_t size_of(const manta::ObjectRef<manta::Array<long>>& pages) {
  return manta::get(pages).size();
}

int main() {
  auto session = manta::init();
  auto catalog = manta::remote(load)("letters");
  std::cout << manta::get(manta::remote(describe)(catalog)) << "\n";

  const auto pages = manta::get(catalog).pages;
  catalog = {};
  std::cout << "still there without its maker: " << manta::get(manta::remote(size_of)(pages))
            << "\n";
}
