// A class of another library cannot be changed: the advice shows what is written beside it.
// Says: template <> struct manta::serializer<T>
#include <manta/manta.h>

namespace foreign {
class Matrix {  // neither an aggregate nor trivially copyable
 public:
  Matrix() = default;
  Matrix(const Matrix& other) : rows_(other.rows_) {}
  int rows() const { return rows_; }

 private:
  int rows_ = 0;
};
}  // namespace foreign
#ifndef WRONG
template <>
struct manta::serializer<foreign::Matrix> {
  static int reduce(const foreign::Matrix& m) { return m.rows(); }
  static foreign::Matrix restore(int) { return {}; }
};
#endif
int rows(const foreign::Matrix& m) { return m.rows(); }

int main() {
  (void)manta::put(foreign::Matrix());
  (void)manta::remote(rows)(foreign::Matrix());
}
