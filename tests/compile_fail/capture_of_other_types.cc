// Captured values that the function cannot take.
// Error: a captured value does not convert to the parameter
// Error: fewer parameters than captured values
#include <string>
#include <vector>

#include <manta/manta.h>

int length(const std::string& text, int x) { return int(text.size()) + x; }

int main() {
  const std::string text = "text";
  (void)manta::remote(manta::capture(length, text))(1);
#ifdef WRONG
  const int a = manta::get(manta::remote(manta::capture(length, 5))(1));
  (void)manta::capture([](int, const std::vector<int>& v) { return v; }, 1, text);
  (void)manta::capture([](std::string& s) { return s; }, text);
  (void)manta::remote(manta::capture(length, text, 1, 2))(a);
#endif
}
