// The names of called code as users write them: "mean", "ns::scale", "main()::<lambda(int)>", "Counter::add".
//
// A name is looked up once in each thread and then remembered. Threads: any. Errors: none.
#pragma once
#include <string>

#include "../wire/lane_messages.h"

namespace manta::detail {

// `given`, unless it is empty; else the name of the function, member or callable that is called. The result lives as
// long as the thread, or as `given`.
const std::string& display_name(const CallFrame& call, const std::string& given);

}  // namespace manta::detail
