// A captured value must be serializable.
// Says: std::mutex
// Says: give it a manta_reduce()
#include <memory>
#include <mutex>

#include <manta/manta.h>

int main() {
  (void)manta::remote(
      manta::capture([](const std::shared_ptr<int>& p) { return *p; }, std::make_shared<int>(1)))();
#ifdef WRONG
  (void)manta::remote(manta::capture([](const std::shared_ptr<std::mutex>&) { return 1; },
                                     std::make_shared<std::mutex>()))();
#endif
}
