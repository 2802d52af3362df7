#include "core_library.h"

namespace core {
namespace {
int square(int x) { return x * x; }
}  // namespace

manta::Session open_session() { return manta::init({.cpus = 1}); }
int squared_in_a_task(int x) { return manta::get(manta::remote(square)(x)); }

}  // namespace core
