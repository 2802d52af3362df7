/* progress_baton.pml with one user thread, and a message that nobody waits for.
 *   // pan: -m1000000 -DMEMLIM=6000 -DCOLLAPSE
 */
#define ALONE
#include "progress_baton.pml"
