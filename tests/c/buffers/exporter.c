#include "exporter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an exporter does when it is asked. */
enum {
    /* Fills all fields as configured, whatever the flags ask for. */
    EVERYTHING,
    /* Fills the view by PyBuffer_FillInfo. */
    PLAIN,
    RAISES,
    /* Reports a failure and raises nothing. */
    FAILS_SILENTLY,
    /* Fills the view, reports success, and raises. */
    RAISES_AND_SUCCEEDS,
    /* Fills the view, but not `obj`. */
    WITHOUT_OBJECT,
    /* Has another object fill the view. */
    OF_BYTES,
    /* As EVERYTHING; a line is printed at the release. */
    TELLS,
    /* Raises in the release. */
    RAISES_AT_RELEASE,
};

typedef struct {
    Py_ssize_t shape[MOST], strides[MOST], suboffsets[MOST];
    char format[32];
} Arrays;

static struct {
    int what;
    Py_ssize_t len, itemsize;
    int readonly, ndim;
    Py_ssize_t offset;
    int has_format, has_shape, has_strides, has_suboffsets;
    Arrays arrays;
} next;

static char exported[64];
static long asked, released, last_flags, changed;
static PyObject *some_bytes;

PyObject *configure(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *const numbers = PyTuple_GetItem(arguments, 0);
    Py_ssize_t fields[MOST];
    if (numbers_of(numbers, fields) != 6) {
        PyErr_SetString(PyExc_TypeError, "six numbers are needed");
        return NULL;
    }
    next.what = (int)fields[0];
    next.len = fields[1];
    next.itemsize = fields[2];
    next.readonly = (int)fields[3];
    next.ndim = (int)fields[4];
    next.offset = fields[5];
    PyObject *const format = PyTuple_GetItem(arguments, 1);
    next.has_format = format != Py_None;
    if (next.has_format) {
        strncpy(next.arrays.format, PyBytes_AsString(format), sizeof next.arrays.format - 1);
    }
    next.has_shape = numbers_of(PyTuple_GetItem(arguments, 2), next.arrays.shape) >= 0;
    next.has_strides = numbers_of(PyTuple_GetItem(arguments, 3), next.arrays.strides) >= 0;
    next.has_suboffsets = numbers_of(PyTuple_GetItem(arguments, 4), next.arrays.suboffsets) >= 0;
    asked = released = changed = 0;
    for (size_t i = 0; i < sizeof exported; i++) {
        exported[i] = (char)i;
    }
    return PyErr_Occurred() == NULL ? Py_NewRef(Py_None) : NULL;
}

PyObject *counts(PyObject *module, PyObject *none)
{
    (void)module, (void)none;
    PyObject *const list = PyList_New(0);
    const long numbers[] = {asked, released, last_flags, changed};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        PyObject *const number = PyLong_FromLong(numbers[i]);
        PyList_Append(list, number);
        Py_DECREF(number);
    }
    return list;
}

static int get_buffer(PyObject *self, Py_buffer *view, int flags)
{
    asked++;
    last_flags = flags;
    view->obj = NULL;
    switch (next.what) {
    case RAISES: PyErr_SetString(PyExc_BufferError, "not now"); return -1;
    case FAILS_SILENTLY: return -1;
    case PLAIN:
        return PyBuffer_FillInfo(view, self, exported + next.offset, next.len, next.readonly, flags);
    case OF_BYTES: return PyObject_GetBuffer(some_bytes, view, flags);
    default: break;
    }
    Arrays *const arrays = malloc(sizeof *arrays);
    *arrays = next.arrays;
    view->buf = next.offset < 0 ? NULL : exported + next.offset;
    view->len = next.len;
    view->itemsize = next.itemsize;
    view->readonly = next.readonly;
    view->ndim = next.ndim;
    view->format = next.has_format ? arrays->format : NULL;
    view->shape = next.has_shape ? arrays->shape : NULL;
    view->strides = next.has_strides ? arrays->strides : NULL;
    view->suboffsets = next.has_suboffsets ? arrays->suboffsets : NULL;
    view->internal = arrays;
    if (next.what == WITHOUT_OBJECT) {
        free(arrays);
        view->shape = view->strides = view->suboffsets = NULL;
        view->format = NULL;
        return 0;
    }
    view->obj = Py_NewRef(self);
    if (next.what == RAISES_AND_SUCCEEDS) {
        PyErr_SetString(PyExc_BufferError, "but it succeeds");
    }
    return 0;
}

static void release_buffer(PyObject *self, Py_buffer *view)
{
    released++;
    if (view->obj != self || view->len != next.len) {
        changed++;
    }
    if (next.what == PLAIN) {
        changed += view->internal != NULL;
        return;
    }
    if (next.what == TELLS) {
        puts("released");
        fflush(stdout);
    }
    if (next.what == RAISES_AT_RELEASE) {
        PyErr_SetString(PyExc_LookupError, "at the release");
    }
    Arrays *const arrays = view->internal;
    memset(arrays, 7, sizeof *arrays);
    free(arrays);
}

static PyType_Slot with_release[] = {
    {Py_bf_getbuffer, (void *)get_buffer},
    {Py_bf_releasebuffer, (void *)release_buffer},
    {0, NULL},
};

static PyType_Spec exporter = {
    "buffer_driver.Exporter",
    0,
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    with_release,
};

static PyType_Slot slots_without_release[] = {
    {Py_bf_getbuffer, (void *)get_buffer},
    {0, NULL},
};

/* For PLAIN only, since nothing frees the arrays. */
static PyType_Spec without_release = {
    "buffer_driver.WithoutRelease",
    0,
    0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    slots_without_release,
};

int add_exporters(PyObject *module)
{
    some_bytes = PyBytes_FromString("some bytes");
    PyObject *const first = PyType_FromSpec(&exporter);
    PyObject *const second = PyType_FromSpec(&without_release);
    int status = -1;
    if (first != NULL && second != NULL) {
        status = PyModule_AddObjectRef(module, "Exporter", first);
        if (status == 0) {
            status = PyModule_AddObjectRef(module, "WithoutRelease", second);
        }
    }
    Py_XDECREF(first);
    Py_XDECREF(second);
    return status;
}
