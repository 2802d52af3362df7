// plain() vouches for bytes.
// Says: trivially copyable captures only
#include <string>

#include <manta/manta.h>

int main() {
  const int number = 1;
  const std::string text = "text";
  (void)manta::remote(manta::plain([number] { return number; }))();
#ifdef WRONG
  (void)manta::remote(manta::plain([text] { return text.size(); }))();
#endif
}
