/* Measures a loop: the processor time of the thread that runs it, which does not include other load
   on the machine, and the cycles. */

#ifndef SPEED_CLOCK_H
#define SPEED_CLOCK_H

#include <stdint.h>

/* The difference of two readings. */
struct span {
    uint64_t nanoseconds;
    /* In user mode only. 0 if the kernel does not count them. */
    uint64_t cycles;
};

/* The monotonic clock, for loops on several threads. */
uint64_t wall_nanoseconds(void);

/* Call both on the same thread. stop_clock writes the difference to the last start_clock. */
void start_clock(void);
void stop_clock(struct span *span);

#endif
