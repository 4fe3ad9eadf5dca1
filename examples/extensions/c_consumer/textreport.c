/* textreport: reports on texts. It uses the tables of three other modules, which are written in C
   and in Rust, and knows nothing of them but their headers. It imports the table of statlib when
   it is imported itself, and keeps it in its module state. It imports the other two tables for one
   call at a time. */

#include <Python.h>

#include <stdio.h>
#include <string.h>

#include "bytesearch.h"
#include "pycapsule.h"
#include "statlib.h"
#include "wordindex.h"

/* ---- The module state, one for each module object, initially zero ---- */

typedef struct {
    PyObject *capsule; /* keeps the table valid */
    const StatlibApi *statlib;
} State;

static int fill_module(PyObject *module)
{
    State *const state = PyModule_GetState(module);
    state->statlib = StatlibApi_Import(&state->capsule);
    return state->statlib == NULL ? -1 : 0;
}

/* Reports the references of the state to the collector. */
static int traverse(PyObject *module, visitproc visit, void *arg)
{
    State *const state = PyModule_GetState(module);
    Py_VISIT(state->capsule);
    return 0;
}

/* Drops the references. Objects of the same garbage can still call the functions of the module
   afterwards. */
static int clear(PyObject *module)
{
    State *const state = PyModule_GetState(module);
    state->statlib = NULL;
    Py_CLEAR(state->capsule);
    return 0;
}

static void free_state(void *module)
{
    clear(module);
}

static const StatlibApi *statlib_of(PyObject *module)
{
    const State *const state = PyModule_GetState(module);
    if (state->statlib == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the module textreport has been cleared");
    }
    return state->statlib;
}

/* ---- Functions ---- */

static PyObject *table(PyObject *module, PyObject *nothing)
{
    (void)nothing;
    const State *const state = PyModule_GetState(module);
    return statlib_of(module) == NULL ? NULL : Py_NewRef(state->capsule);
}

static PyObject *no_values(void)
{
    PyErr_SetString(PyExc_ValueError, "there are no values");
    return NULL;
}

/* Returns count, minimum, maximum, mean and standard deviation as a tuple. */
static PyObject *report(const StatlibApi *statlib, const StatlibSample *sample)
{
    StatlibSummary summary;
    if (statlib->summarize(sample, &summary) < 0) {
        return no_values();
    }
    PyObject *items[] = {
        PyLong_FromUnsignedLongLong(summary.count), PyFloat_FromDouble(summary.minimum),
        PyFloat_FromDouble(summary.maximum),        PyFloat_FromDouble(summary.mean),
        PyFloat_FromDouble(summary.deviation),
    };
    const size_t length = sizeof items / sizeof *items;
    /* The tuple takes references of its own. */
    PyObject *const tuple = PyTuple_FromArray(items, (Py_ssize_t)length);
    for (size_t i = 0; i < length; i++) {
        Py_XDECREF(items[i]);
    }
    return tuple;
}

static PyObject *summary(PyObject *module, PyObject *capsule)
{
    const StatlibApi *const statlib = statlib_of(module);
    const StatlibSample *const sample = PyCapsule_GetPointer(capsule, STATLIB_SAMPLE);
    return statlib == NULL || sample == NULL ? NULL : report(statlib, sample);
}

enum { BINS = 8, WIDTH = 40 };

static PyObject *histogram(PyObject *module, PyObject *capsule)
{
    const StatlibApi *const statlib = statlib_of(module);
    const StatlibSample *const sample = PyCapsule_GetPointer(capsule, STATLIB_SAMPLE);
    if (statlib == NULL || sample == NULL) {
        return NULL;
    }
    StatlibSummary whole;
    if (statlib->summarize(sample, &whole) < 0) {
        return no_values();
    }
    uint64_t bins[BINS];
    statlib->histogram(sample, whole.minimum, whole.maximum, bins, BINS);
    const double width = (whole.maximum - whole.minimum) / BINS;
    char text[BINS * (WIDTH + 64)];
    size_t used = 0;
    for (size_t bin = 0; bin < BINS; bin++) {
        const int bar = (int)(WIDTH * bins[bin] / whole.count);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%8.1f %6llu%s%.*s",
                                 bin == 0 ? "" : "\n", whole.minimum + (double)bin * width,
                                 (unsigned long long)bins[bin], bar == 0 ? "" : " ", bar,
                                 "########################################");
    }
    return PyUnicode_FromString(text);
}

/* Summarizes the distances between the occurrences of a word. Rust finds the occurrences. */
static PyObject *gaps(PyObject *module, PyObject *const *arguments, Py_ssize_t given)
{
    if (given != 2) {
        PyErr_SetString(PyExc_TypeError, "gaps() takes an index and a word");
        return NULL;
    }
    char *word;
    Py_ssize_t length;
    const StatlibApi *const statlib = statlib_of(module);
    const WordindexIndex *const index = PyCapsule_GetPointer(arguments[0], WORDINDEX_INDEX);
    if (statlib == NULL || index == NULL ||
        PyBytes_AsStringAndSize(arguments[1], &word, &length) < 0) {
        return NULL;
    }
    PyObject *holder;
    const WordindexApi *const wordindex = WordindexApi_Import(&holder);
    if (wordindex == NULL) {
        return NULL;
    }
    const uint64_t *offsets;
    const size_t found = wordindex->find(index, word, (size_t)length, &offsets);
    Py_DECREF(holder);
    if (found < 2) {
        return no_values();
    }
    double *const values = PyMem_Malloc((found - 1) * sizeof *values);
    if (values == NULL) {
        return PyErr_NoMemory();
    }
    for (size_t i = 1; i < found; i++) {
        values[i - 1] = (double)(offsets[i] - offsets[i - 1]);
    }
    const StatlibSample sample = {.count = found - 1, .values = values};
    PyObject *const answer = report(statlib, &sample);
    PyMem_Free(values);
    return answer;
}

/* Counts a needle in a haystack with the search of the embedder's program. */
static PyObject *count(PyObject *module, PyObject *const *arguments, Py_ssize_t given)
{
    (void)module;
    if (given != 2) {
        PyErr_SetString(PyExc_TypeError, "count() takes a text and a needle");
        return NULL;
    }
    char *text, *needle;
    Py_ssize_t text_length, needle_length;
    if (PyBytes_AsStringAndSize(arguments[0], &text, &text_length) < 0 ||
        PyBytes_AsStringAndSize(arguments[1], &needle, &needle_length) < 0) {
        return NULL;
    }
    if (needle_length == 0) {
        PyErr_SetString(PyExc_ValueError, "the needle is empty");
        return NULL;
    }
    PyObject *holder;
    const BytesearchApi *const bytesearch = BytesearchApi_Import(&holder);
    if (bytesearch == NULL) {
        return NULL;
    }
    const uint8_t *rest = (const uint8_t *)text;
    size_t length = (size_t)text_length, found = 0;
    for (;;) {
        const size_t at =
            bytesearch->find(rest, length, (const uint8_t *)needle, (size_t)needle_length);
        if (at == SIZE_MAX) {
            break;
        }
        found++;
        rest += at + (size_t)needle_length;
        length -= at + (size_t)needle_length;
    }
    Py_DECREF(holder);
    return PyLong_FromSize_t(found);
}

/* ---- The module ---- */

/* A function pointer may be stored as another type if it is cast back for the call. The cast
   through `void (*)(void)` shows the compiler that this is intended. */
#define FASTCALL(function) ((PyCFunction)(void (*)(void))(function)), METH_FASTCALL

static PyMethodDef methods[] = {
    {"table", table, METH_NOARGS, "Return the capsule of statlib's table that this module keeps."},
    {"summary", summary, METH_O, "Return count, minimum, maximum, mean, deviation of a sample."},
    {"histogram", histogram, METH_O, "Return a histogram of a sample as text."},
    {"gaps", FASTCALL(gaps), "Summarize the distances between the occurrences of a word."},
    {"count", FASTCALL(count), "Return how many times a needle occurs in a text."},
    {NULL, NULL, 0, NULL},
};

PyABIInfo_VAR(abi_info);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_name, "textreport"),
    PySlot_STATIC_DATA(Py_mod_doc, "Reports on texts."),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_SIZE(Py_mod_state_size, sizeof(State)),
    PySlot_FUNC(Py_mod_state_traverse, traverse),
    PySlot_FUNC(Py_mod_state_clear, clear),
    PySlot_FUNC(Py_mod_state_free, free_state),
    PySlot_FUNC(Py_mod_exec, fill_module),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_DATA(Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport_textreport(void)
{
    return slots;
}
