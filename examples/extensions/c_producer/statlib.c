/* statlib: statistics of samples of numbers, for C code of other modules through the table in
 * `statlib._C_API`, and for Python. The samples travel in capsules, which free them. */
#include <Python.h>

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "pycapsule.h"
#include "statlib.h"

/* How often the table was used; its destructor reports it. */
static atomic_ulong table_calls;

static int
summarize(const Statlib_Sample *sample, Statlib_Summary *summary)
{
    atomic_fetch_add_explicit(&table_calls, 1, memory_order_relaxed);
    if (sample->count == 0) {
        return -1;
    }
    Statlib_Summary result = {.minimum = DBL_MAX, .maximum = -DBL_MAX};
    double squares = 0;
    /* Welford's way, which loses no digits to large means. */
    for (uint64_t i = 0; i < sample->count; i++) {
        double value = sample->values[i];
        double off = value - result.mean;
        result.count++;
        result.mean += off / (double)result.count;
        squares += off * (value - result.mean);
        result.minimum = fmin(result.minimum, value);
        result.maximum = fmax(result.maximum, value);
    }
    if (result.count > 1) {
        result.deviation = sqrt(squares / (double)(result.count - 1));
    }
    *summary = result;
    return 0;
}

static void
histogram(const Statlib_Sample *sample, double low, double high, uint64_t *bins, size_t bin_count)
{
    atomic_fetch_add_explicit(&table_calls, 1, memory_order_relaxed);
    for (size_t bin = 0; bin < bin_count; bin++) {
        bins[bin] = 0;
    }
    double width = (high - low) / (double)bin_count;
    for (uint64_t i = 0; i < sample->count; i++) {
        double value = sample->values[i];
        if (bin_count == 0 || !(value >= low && value <= high)) {
            continue;
        }
        size_t bin = width > 0 ? (size_t)((value - low) / width) : 0;
        bins[bin < bin_count ? bin : bin_count - 1]++;
    }
}
