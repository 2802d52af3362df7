// An id of one kind is not taken for one of another.
// Says: TaskTag
// Says: ObjectTag
#include "../../base/id.h"

void end_task(manta::TaskId) {}

int main() {
  end_task(manta::TaskId(1, 2));
#ifdef WRONG
  end_task(manta::ObjectId(1, 2));
#endif
}
