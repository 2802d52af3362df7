// With MANTA_LEAK_REPORT=1, at the end of a session: the objects in the store that are held still, and by what.
//
//   manta: at the end of the session 1 object is held, of 8388608 bytes:
//     8388608 bytes, "weights", made at load at train.cc:12: driver (pid 12): ref, array
//
// Threads: any; the session must be open. Errors: none; a session that cannot be asked is said to be so.
#pragma once
#include <filesystem>

namespace manta::detail {

void report_leaks(const std::filesystem::path& session_directory);

}  // namespace manta::detail
