/* Rows of classes.py. */

#include "function_driver.h"

static Py_ssize_t vectorcall_count(Py_ssize_t count)
{
    return PyVectorcall_NARGS((size_t)count);
}

static PyObject *generic_dict(PyObject *object)
{
    return PyObject_GenericGetDict(object, NULL);
}

static int set_generic_dict(PyObject *object, PyObject *dict)
{
    return PyObject_GenericSetDict(object, dict, NULL);
}

static PyObject *sent(PyObject *iterator, PyObject *value)
{
    PyObject *result = NULL;
    const int status = PyIter_Send(iterator, value, &result);
    return result == NULL ? NULL : pair(PyLong_FromLong(status), result);
}

const Row class_rows[] = {
    ROW("vo", PyType_Modified),
    ROW("rooo", PyVectorcall_Call),
    {"PyVectorcall_NARGS", "nn", (void (*)(void))vectorcall_count},
    {"PyObject_GenericGetDict", "ro", (void (*)(void))generic_dict},
    {"PyObject_GenericSetDict", "ioo", (void (*)(void))set_generic_dict},
    {"PyIter_Send", "roo", (void (*)(void))sent},
    {NULL, NULL, NULL},
};
