// The messages by which a call is cancelled (decision 030), or may be missed, among those of node_messages.h.
//
//   caller --CancelCall--> node --CallCancel--> callee        anybody --CancelObject--> node --ObjectCancel--> maker
#pragma once
#include <cstdint>

#include "../../base/id.h"

namespace manta::detail {

// How a call is to end before its time.
enum class CancelHow : std::uint32_t {
  kAsk,    // it is dropped if it has not begun; else this_task().cancelled() is true from now on
  kForce,  // likewise, but if it runs, its worker ends itself
  kKill,   // kForce was in vain: if it runs, the node kills its worker
};

// From the caller of a lane: a call of it that has no reply yet is not wanted any more.
struct CancelCall {
  std::uint64_t sequence = 0;
  TaskId task = {};
  std::uint32_t lane = 0;
  CancelHow how = {};
  std::uint32_t recursive = 0;  // 1: and what the call has called
};

// The call that makes a pending object is not wanted any more; its maker is told (ObjectCancel).
struct CancelObject {
  ObjectId object = {};
  CancelHow how = {};
  std::uint32_t recursive = 0;
};

// To the callee: as CancelCall.
struct CallCancel {
  std::uint64_t sequence = 0;
  TaskId task = {};
  std::uint32_t lane = 0;
  CancelHow how = {};
  std::uint32_t recursive = 0;
};

// To the maker of a pending object: as CancelObject.
struct ObjectCancel {
  ObjectId object = {};
  CancelHow how = {};
  std::uint32_t recursive = 0;
};

// To the caller: the call is the last that the callee has begun on that lane, so long ago. Whether it has ended the
// caller knows.
struct CallRunsLong {
  std::uint64_t sequence = 0;
  std::int64_t ms = 0;
  std::uint32_t lane = 0;
};

}  // namespace manta::detail
