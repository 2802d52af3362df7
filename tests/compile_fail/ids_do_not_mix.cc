// An id of one kind is not taken for one of another.
// Says: TaskTag
// Says: ObjectTag
#include "../../base/id.h"

void cancel(manta::TaskId) {}

int main() {
  cancel(manta::TaskId(1, 2));
#ifdef WRONG
  cancel(manta::ObjectId(1, 2));
#endif
}
