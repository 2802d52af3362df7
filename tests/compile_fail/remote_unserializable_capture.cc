// A lambda whose captures are not trivially copyable: they cannot be listed.
// Says: captures cannot be listed
// Says: manta::capture(lambda, captured...)
#include <string>

#include <manta/manta.h>

int main() {
  const std::string text = "text";
  (void)manta::remote(manta::capture([](const std::string& s) { return s.size(); }, text))();
#ifdef WRONG
  (void)manta::remote([text] { return text.size(); })();
#endif
}
