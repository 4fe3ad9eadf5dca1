/* The C API of the module statlib: statistics of samples of numbers. The producer
   (c_producer/statlib.c) and every consumer include this. */

#ifndef STATLIB_H
#define STATLIB_H

#include "pycapsule.h"

/* What a capsule of this name points to. It stays valid and unchanged as long as the capsule. */
#define STATLIB_SAMPLE "statlib.Sample"
typedef struct {
    uint64_t count;
    const double *values;
} StatlibSample;

typedef struct {
    uint64_t count;
    double minimum;
    double maximum;
    double mean;
    double deviation; /* standard deviation, 0 for fewer than two values */
} StatlibSummary;

/* The functions need no interpreter: any thread may call them while it holds the capsule. */
typedef struct {
    PyCapsuleApi_Header header;
    /* Fills in the summary and returns 0, or returns -1 for a sample without values. */
    int (*summarize)(const StatlibSample *sample, StatlibSummary *summary);
    /* Counts the values in `bin_count` bins of equal width from `low` to `high`, both included.
       Values outside are not counted. */
    void (*histogram)(const StatlibSample *sample, double low, double high, uint64_t *bins,
                      size_t bin_count);
} StatlibApi;
PyCapsuleApi_DEFINE(StatlibApi, "statlib._C_API", 1, 0);

#endif
