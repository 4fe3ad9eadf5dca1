/* Reads the clocks of the system and, on Linux, a cycle counter of perf_event_open. Each thread
   opens its counter at its first measurement. */

#include "clock.h"

#include <time.h>

static uint64_t nanoseconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

uint64_t wall_nanoseconds(void)
{
    return nanoseconds_of(CLOCK_MONOTONIC);
}

#ifdef __linux__

#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOT_OPENED = -2, NOT_COUNTED = -1 };

static _Thread_local int counter = NOT_OPENED;

static int open_counter(void)
{
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.config = PERF_COUNT_HW_CPU_CYCLES;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    const long opened = syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    return opened < 0 ? NOT_COUNTED : (int)opened;
}

static uint64_t cycles_now(void)
{
    uint64_t cycles;
    if (counter == NOT_OPENED) {
        counter = open_counter();
    }
    if (counter == NOT_COUNTED || read(counter, &cycles, sizeof cycles) != sizeof cycles) {
        return 0;
    }
    return cycles;
}

#else

static uint64_t cycles_now(void)
{
    return 0;
}

#endif

static _Thread_local struct span started;

void start_clock(void)
{
    started.cycles = cycles_now();
    started.nanoseconds = nanoseconds_of(CLOCK_THREAD_CPUTIME_ID);
}

void stop_clock(struct span *span)
{
    span->nanoseconds = nanoseconds_of(CLOCK_THREAD_CPUTIME_ID) - started.nanoseconds;
    span->cycles = cycles_now() - started.cycles;
}
