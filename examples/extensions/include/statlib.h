/* The C API of the module statlib: statistics of samples of numbers.
 *
 * `statlib._C_API` is a capsule of that name with a Statlib_API. Its functions need no interpreter
 * and may be called on any thread. They may be called as long as a reference to the capsule is
 * held. */
#ifndef STATLIB_H
#define STATLIB_H

#include <stddef.h>
#include <stdint.h>

#include "pycapsule.h"

/* What capsules named STATLIB_SAMPLE point to. Both live as long as the capsule; the values are
 * never changed. */
typedef struct {
    uint64_t count;
    const double *values;
} Statlib_Sample;

#define STATLIB_SAMPLE "statlib.Sample"

typedef struct {
    uint64_t count;
    double minimum;
    double maximum;
    double mean;
    double deviation; /* the standard deviation; 0 for fewer than two values */
} Statlib_Summary;

typedef struct {
    PyCapsuleApi_Header header;
    /* Fills in the summary. Returns 0, or -1 for a sample without values. */
    int (*summarize)(const Statlib_Sample *sample, Statlib_Summary *summary);
    /* Counts how many values lie in each of `bin_count` bins of equal width between `low` and
     * `high`, both included; values outside are not counted. */
    void (*histogram)(const Statlib_Sample *sample, double low, double high, uint64_t *bins,
                      size_t bin_count);
} Statlib_API;

#define STATLIB_API "statlib._C_API"
#define STATLIB_MAJOR 1
#define STATLIB_MINOR 0

#endif
