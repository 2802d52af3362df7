// A library that its program is linked with, and that uses Manta itself.
#pragma once
#include <manta/manta.h>

namespace core {

manta::Session open_session();
int squared_in_a_task(int x);

}  // namespace core
