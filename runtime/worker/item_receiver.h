// What becomes of the items of a generator that runs here: whoever runs the call hands each to its caller, and lets the
// generator continue when there is room for another one (decision 034).
//
// Threads: the one that runs the call.
#pragma once
#include "../../base/build_settings.h"

namespace manta::detail {

class RunningCall;

class ItemReceiver {
 public:
  // The results of the call are one item. False: nobody wants another one.
  virtual bool take_item(RunningCall& call) = 0;

 protected:
  ~ItemReceiver() = default;
};

}  // namespace manta::detail
