/* statlib: statistics of samples of numbers, for C code of other modules through the table in
   `statlib._C_API`, and for Python. The samples travel in capsules, which free them. */

#include <Python.h>

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "pycapsule.h"
#include "statlib.h"

/* ---- The table ---- */

static atomic_ulong calls;

static int summarize(const StatlibSample *sample, StatlibSummary *summary)
{
    atomic_fetch_add(&calls, 1);
    if (sample->count == 0) {
        return -1;
    }
    const double first = sample->values[0];
    StatlibSummary so_far = {.minimum = first, .maximum = first};
    double squares = 0;
    /* Welford's method, which stays exact if the mean is large. */
    for (uint64_t i = 0; i < sample->count; i++) {
        const double value = sample->values[i];
        const double off = value - so_far.mean;
        so_far.count++;
        so_far.mean += off / (double)so_far.count;
        squares += off * (value - so_far.mean);
        so_far.minimum = fmin(so_far.minimum, value);
        so_far.maximum = fmax(so_far.maximum, value);
    }
    if (so_far.count > 1) {
        so_far.deviation = sqrt(squares / (double)(so_far.count - 1));
    }
    *summary = so_far;
    return 0;
}

static void histogram(const StatlibSample *sample, double low, double high, uint64_t *bins,
                      size_t bin_count)
{
    atomic_fetch_add(&calls, 1);
    memset(bins, 0, bin_count * sizeof *bins);
    const double width = (high - low) / (double)bin_count;
    for (uint64_t i = 0; i < sample->count; i++) {
        const double value = sample->values[i];
        if (bin_count == 0 || !(low <= value && value <= high)) {
            continue;
        }
        const size_t bin = width > 0 ? (size_t)((value - low) / width) : 0;
        bins[bin < bin_count ? bin : bin_count - 1]++;
    }
}

/* Not static, so that `_capsule.describe` can find its name. */
const StatlibApi statlib_table = {PyCapsuleApi_HEADER_INIT(StatlibApi, 0), summarize, histogram};

/* Runs when the last reference to the capsule is dropped. A library that needs to shut down can do
   it here. */
static void table_released(PyObject *capsule)
{
    (void)capsule;
    printf("statlib:    the table is released, after %lu calls\n", atomic_load(&calls));
    fflush(stdout);
}

/* ---- Samples ---- */

/* A sample and its values are one allocation. */
static StatlibSample *new_sample(size_t count)
{
    StatlibSample *const sample =
        PyMem_RawMalloc(sizeof(StatlibSample) + count * sizeof(double));
    if (sample == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    *sample = (StatlibSample){.count = count, .values = (double *)(sample + 1)};
    return sample;
}

/* May run on any thread, attached or not, so it only frees. */
static void free_sample(PyObject *capsule)
{
    StatlibSample *const sample = PyCapsule_GetPointer(capsule, STATLIB_SAMPLE);
    printf("statlib:    freed a sample of %llu values\n", (unsigned long long)sample->count);
    fflush(stdout);
    PyMem_RawFree(sample);
}

static PyObject *line_lengths(PyObject *module, PyObject *text)
{
    (void)module;
    char *bytes;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(text, &bytes, &length) < 0) {
        return NULL;
    }
    const char *const end = bytes + length;
    size_t count = 0;
    for (const char *at = bytes; at < end; at++) {
        count += *at == '\n' || at + 1 == end;
    }
    StatlibSample *const sample = new_sample(count);
    if (sample == NULL) {
        return NULL;
    }
    double *value = (double *)sample->values;
    for (const char *line = bytes, *at = bytes; at < end; at++) {
        if (*at == '\n' || at + 1 == end) {
            *value++ = (double)(at - line + (*at != '\n'));
            line = at + 1;
        }
    }
    PyObject *const capsule = PyCapsule_New(sample, STATLIB_SAMPLE, free_sample);
    if (capsule == NULL) {
        PyMem_RawFree(sample);
    }
    return capsule;
}

static PyObject *mean(PyObject *module, PyObject *capsule)
{
    (void)module;
    const StatlibSample *const sample = PyCapsule_GetPointer(capsule, STATLIB_SAMPLE);
    StatlibSummary summary;
    if (sample == NULL) {
        return NULL;
    }
    if (summarize(sample, &summary) < 0) {
        PyErr_SetString(PyExc_ValueError, "the sample has no values");
        return NULL;
    }
    return PyFloat_FromDouble(summary.mean);
}

/* ---- The module ---- */

static int fill_module(PyObject *module)
{
    PyObject *const capsule = StatlibApi_Publish(&statlib_table);
    if (capsule == NULL) {
        return -1;
    }
    int failed = PyCapsule_SetDestructor(capsule, table_released);
    failed = failed || PyObject_SetAttrString(module, "_C_API", capsule);
    Py_DECREF(capsule);
    return failed ? -1 : 0;
}

static PyMethodDef methods[] = {
    {"line_lengths", line_lengths, METH_O, "Return the lengths of the lines of a text, as a sample."},
    {"mean", mean, METH_O, "Return the mean of a sample."},
    {NULL, NULL, 0, NULL},
};

PyABIInfo_VAR(abi_info);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_name, "statlib"),
    PySlot_STATIC_DATA(Py_mod_doc, "Statistics of samples of numbers."),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_FUNC(Py_mod_exec, fill_module),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_DATA(Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport_statlib(void)
{
    return slots;
}
