// Where a node spills objects to: the spill_dirs of its session, or the bucket that they name.
//
// Tests have a disk of which every n-th write fails: MANTA_FAILING_WRITES=n in the environment of the driver.
// Threads: the node's. Errors: what S3Place throws.
#pragma once
#include <filesystem>
#include <memory>

#include "../../objectstore/spill/spill_place.h"
#include "../launch/role.h"

namespace manta::detail::node {

// Null where nothing can be spilled.
std::unique_ptr<objectstore::SpillPlace> spill_place_of(
    const NodeOptions& options, const std::filesystem::path& session_directory);

}  // namespace manta::detail::node
