// What an error or a warning says of a full store: its largest blocks, and what holds them. A process knows only of the
// blocks that it holds itself, so whoever can ask the others is asked.
//
// Threads: any. Errors: none.
#pragma once
#include <string>

#include "../base/build_settings.h"

namespace manta::objectstore {

inline constexpr int kLargestUses = 5;

// Gives a line of text for each of the kLargestUses largest blocks, or nothing where that cannot be told now. Is called
// by threads that may wait, and by some that hold locks.
using AskForUses = std::string (*)();
// From now on that is asked first; null: nobody is.
void set_ask_for_uses(AskForUses ask);

}  // namespace manta::objectstore
