// The names of called code as users write them: "mean", "ns::scale", "main()::<lambda(int)>", "Counter::add".
//
// Threads: any; found once per code and process, then remembered. Never fails.
#pragma once
#include <string>

#include "../wire/lane_messages.h"

namespace manta::detail {

// The given name, if there is one; else that of the function, member or callable behind the call.
const std::string& display_name(const CallFrame& call, const std::string& given);

}  // namespace manta::detail
