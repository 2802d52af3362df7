/* progress_baton.pml with one user thread that waits for what another thread submits.
 *   // pan: -m1000000 -DMEMLIM=6000 -DCOLLAPSE
 */
#define BESIDE
#include "progress_baton.pml"
