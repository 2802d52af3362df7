// Arguments where the options stand; a signature that is none, or that the callable has not.
// Error: beside f only its options are given here
// Error: stands for the function's signature
// Error: f cannot be called with the parameters of this signature
#include <string>

#include <manta/manta.h>

int twice(int x) { return 2 * x; }
class Hidden {
  int operator()(int x) const { return x; }
};
struct Sum {
  template <class T>
    requires std::is_arithmetic_v<T>
  T operator()(T a, T b) const {
    return a + b;
  }
};

int main() {
  (void)manta::remote(twice, {.cpus = 2})(3);
  (void)manta::remote<int(int, int)>(Sum(), manta::TaskOptions{.cpus = 0.5})(3, 4);
#ifdef WRONG
  const int six = manta::get(manta::remote(twice, 3));
  (void)manta::remote(twice, "a name")(six);
  (void)manta::remote(twice, manta::TaskOptions{}, 3);
  (void)manta::remote<int(int)>(twice, 3);
  (void)manta::remote<int>(twice)(3);
  (void)manta::remote<int(int)>(Hidden())(3);
  (void)manta::remote<std::string(std::string, std::string)>(Sum())("a", "b");
#endif
}
