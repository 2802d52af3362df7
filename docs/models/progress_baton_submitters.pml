/* progress_baton.pml with threads that submit to their own process's queue.
 *   // pan: -m1000000 -DMEMLIM=6000 -DCOLLAPSE
 */
#define SUBMITTERS
#include "progress_baton.pml"
