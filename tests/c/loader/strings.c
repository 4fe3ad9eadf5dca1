/* Calls of the functions that return the address of an object's bytes. */
#define _POSIX_C_SOURCE 200809L
#include "extension.h"
#include <pthread.h>

/* A tuple of three. Steals the references. */
static PyObject *triple(PyObject *first, PyObject *second, PyObject *third)
{
    PyObject *all[] = {first, second, third};
    PyObject *tuple = PyTuple_FromArray(all, 3);
    for (int i = 0; i < 3; i++) {
        Py_XDECREF(all[i]);
    }
    return tuple;
}

/* The address, the size, and the bytes with the one after them. */
static PyObject *seen(const char *address, Py_ssize_t size)
{
    return triple(PyLong_FromVoidPtr((void *)address), PyLong_FromSsize_t(size),
                  PyBytes_FromStringAndSize(address, size + 1));
}

static PyObject *bytes(PyObject *self, PyObject *object)
{
    (void)self;
    const char *const address = PyBytes_AsString(object);
    return address == NULL ? NULL : seen(address, PyBytes_Size(object));
}

static PyObject *bytes_and_size(PyObject *self, PyObject *object)
{
    (void)self;
    char *address = NULL;
    Py_ssize_t size = -7;
    return PyBytes_AsStringAndSize(object, &address, &size) < 0 ? NULL : seen(address, size);
}

static PyObject *bytes_without_size(PyObject *self, PyObject *object)
{
    (void)self;
    char *address = NULL;
    if (PyBytes_AsStringAndSize(object, &address, NULL) < 0) {
        return NULL;
    }
    return seen(address, (Py_ssize_t)strlen(address));
}

static PyObject *bytearray(PyObject *self, PyObject *object)
{
    (void)self;
    const char *const address = PyByteArray_AsString(object);
    return address == NULL ? NULL : seen(address, PyByteArray_Size(object));
}

static PyObject *str(PyObject *self, PyObject *object)
{
    (void)self;
    const char *const address = PyUnicode_AsUTF8(object);
    return address == NULL ? NULL : seen(address, (Py_ssize_t)strlen(address));
}

static PyObject *str_and_size(PyObject *self, PyObject *object)
{
    (void)self;
    Py_ssize_t size = -7;
    const char *const address = PyUnicode_AsUTF8AndSize(object, &size);
    return address == NULL ? NULL : seen(address, size);
}

/* The value of the size after a failure. */
static PyObject *size_of_failed(PyObject *self, PyObject *object)
{
    (void)self;
    Py_ssize_t size = -7;
    if (PyUnicode_AsUTF8AndSize(object, &size) != NULL) {
        return PyUnicode_FromString("no failure");
    }
    Py_XDECREF(PyErr_GetRaisedException());
    return PyLong_FromSsize_t(size);
}

static PyObject *module_texts(PyObject *self, PyObject *module)
{
    (void)self;
    const char *const name = PyModule_GetName(module);
    const char *const file = name == NULL ? NULL : PyModule_GetFilename(module);
    return file == NULL ? NULL : triple(PyBytes_FromString(name), PyBytes_FromString(file),
                                        PyLong_FromLong(name == PyModule_GetName(module)));
}

/* Calls each function with NULL. */
static PyObject *of_null(PyObject *self, PyObject *which)
{
    (void)self;
    char *address;
    Py_ssize_t size;
    switch (PyLong_AsLong(which)) {
    case 0:
        return (PyObject *)PyBytes_AsString(NULL);
    case 1:
        return PyBytes_AsStringAndSize(NULL, &address, &size) < 0 ? NULL : Py_NewRef(Py_None);
    case 2:
        return PyBytes_AsStringAndSize(which, NULL, NULL) < 0 ? NULL : Py_NewRef(Py_None);
    case 3:
        return (PyObject *)PyByteArray_AsString(NULL);
    default:
        return (PyObject *)PyUnicode_AsUTF8(NULL);
    }
}

/* A new bytes object, filled through its address. */
static PyObject *filled(PyObject *self, PyObject *count)
{
    (void)self;
    const Py_ssize_t size = PyLong_AsSsize_t(count);
    PyObject *const made = PyBytes_FromStringAndSize(NULL, size);
    if (made != NULL) {
        memset(PyBytes_AsString(made), 'x', (size_t)size);
    }
    return made;
}

static PyObject *array_filled(PyObject *self, PyObject *count)
{
    (void)self;
    const Py_ssize_t size = PyLong_AsSsize_t(count);
    PyObject *const made = PyByteArray_FromStringAndSize(NULL, size);
    if (made != NULL) {
        memset(PyByteArray_AsString(made), 'y', (size_t)size);
    }
    return made;
}

/* Changes a bytearray through its address. */
static PyObject *overwritten(PyObject *self, PyObject *object)
{
    (void)self;
    char *const address = PyByteArray_AsString(object);
    if (address != NULL) {
        memset(address, 'z', strlen(address));
    }
    return address == NULL ? NULL : Py_NewRef(object);
}

/* Copies the text through its address, as C code does to keep a name. */
static PyObject *copied(PyObject *self, PyObject *object)
{
    (void)self;
    char *const copy = strdup(PyBytes_AsString(object));
    PyObject *const made = PyBytes_FromString(copy);
    free(copy);
    return made;
}

/* ---- Objects that are destroyed on another thread after their address was taken ---- */

static void *drop(void *object)
{
    Py_DecRef(object);
    return NULL;
}

/* Makes a str and a bytes object, takes their addresses, and drops the only reference to each on a
   native thread that is not attached. */
static PyObject *dropped_elsewhere(PyObject *self, PyObject *text)
{
    (void)self;
    PyObject *const objects[] = {
        PySequence_Concat(text, text),
        PyUnicode_AsUTF8String(text),
    };
    size_t sum = strlen(PyUnicode_AsUTF8(objects[0])) + strlen(PyBytes_AsString(objects[1]));
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, drop, objects[i]);
        pthread_join(thread, NULL);
    }
    return PyLong_FromSize_t(sum);
}

static PyMethodDef methods[] = {
    {"bytes", bytes, METH_O, NULL},
    {"bytes_and_size", bytes_and_size, METH_O, NULL},
    {"bytes_without_size", bytes_without_size, METH_O, NULL},
    {"bytearray", bytearray, METH_O, NULL},
    {"str", str, METH_O, NULL},
    {"str_and_size", str_and_size, METH_O, NULL},
    {"size_of_failed", size_of_failed, METH_O, NULL},
    {"module_texts", module_texts, METH_O, NULL},
    {"of_null", of_null, METH_O, NULL},
    {"filled", filled, METH_O, NULL},
    {"array_filled", array_filled, METH_O, NULL},
    {"overwritten", overwritten, METH_O, NULL},
    {"copied", copied, METH_O, NULL},
    {"dropped_elsewhere", dropped_elsewhere, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

MODULE(strings, PySlot_STATIC_DATA(Py_mod_methods, methods))
