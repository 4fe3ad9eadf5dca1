/* How long a loop took the thread that ran it: its time on a processor, so that what else the
   machine does is not counted, and its cycles. */

#ifndef SPEED_CLOCK_H
#define SPEED_CLOCK_H

#include <stdint.h>

/* What passed between two readings. */
struct span {
    uint64_t nanoseconds;
    /* In user mode only. 0 where the kernel does not count them. */
    uint64_t cycles;
};

/* What the clock on the wall says, for loops on several threads. */
uint64_t wall_nanoseconds(void);

/* Both on one thread. The second writes what passed since the first. */
void start_clock(void);
void stop_clock(struct span *span);

#endif
