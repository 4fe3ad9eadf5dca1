/* Gives Python code access to the slots of types, in this interpreter and in CPython: `slot` for
   what is in one, `call` to call the function in one. */

#include "../driver_module.h"
#include "delegating.h"

#include <stdint.h>
#include <string.h>

/* The object that stands for NULL in arguments and answers. */
static PyObject *null_mark;

static PyObject *give(PyObject *object)
{
    return Py_NewRef(object == NULL ? null_mark : object);
}

/* slot(type, id): the content of a slot as a number, or the exception of the request. */
static PyObject *slot(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    void *const content =
        PyType_GetSlot((PyTypeObject *)arguments[0], (int)PyLong_AsLong(arguments[1]));
    return PyErr_Occurred() != NULL ? NULL : PyLong_FromVoidPtr(content);
}

/* object_in(type, id): the object in a slot. */
static PyObject *object_in(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    return give(PyType_GetSlot((PyTypeObject *)arguments[0], (int)PyLong_AsLong(arguments[1])));
}

/* text_in(type, id): the text in a slot. */
static PyObject *text_in(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    const char *const text =
        PyType_GetSlot((PyTypeObject *)arguments[0], (int)PyLong_AsLong(arguments[1]));
    return text == NULL ? give(NULL) : PyUnicode_FromString(text);
}

/* The answer of a function that returns a new reference. */
static PyObject *taken(PyObject *object)
{
    PyObject *const given = give(object);
    Py_XDECREF(object);
    return given;
}

/* An argument: an object, NULL or a number. */
typedef intptr_t Word;

/* Calls a function. The first letter of the form is for the result, the others for the arguments: o
   is an object or NULL, r a new reference, n Py_ssize_t, i int, v void, s the result of am_send. */
static PyObject *invoke(void *function, const char *form, const Word *a)
{
    if (strcmp(form, "ro") == 0) {
        return taken(((PyObject * (*)(Word)) function)(a[0]));
    }
    if (strcmp(form, "roo") == 0) {
        return taken(((PyObject * (*)(Word, Word)) function)(a[0], a[1]));
    }
    if (strcmp(form, "rooo") == 0) {
        return taken(((PyObject * (*)(Word, Word, Word)) function)(a[0], a[1], a[2]));
    }
    if (strcmp(form, "ron") == 0) {
        return taken(((PyObject * (*)(Word, Py_ssize_t)) function)(a[0], a[1]));
    }
    if (strcmp(form, "rooi") == 0) {
        return taken(((PyObject * (*)(Word, Word, int)) function)(a[0], a[1], (int)a[2]));
    }
    if (strcmp(form, "io") == 0) {
        return PyLong_FromLong(((int (*)(Word))function)(a[0]));
    }
    if (strcmp(form, "ioo") == 0) {
        return PyLong_FromLong(((int (*)(Word, Word))function)(a[0], a[1]));
    }
    if (strcmp(form, "iooo") == 0) {
        return PyLong_FromLong(((int (*)(Word, Word, Word))function)(a[0], a[1], a[2]));
    }
    if (strcmp(form, "iono") == 0) {
        return PyLong_FromLong(((int (*)(Word, Py_ssize_t, Word))function)(a[0], a[1], a[2]));
    }
    if (strcmp(form, "no") == 0) {
        return PyLong_FromSsize_t(((Py_ssize_t(*)(Word))function)(a[0]));
    }
    if (strcmp(form, "vo") == 0) {
        ((void (*)(Word))function)(a[0]);
        return Py_NewRef(Py_None);
    }
    PyObject *result = NULL;
    const int status = ((int (*)(Word, Word, PyObject **))function)(a[0], a[1], &result);
    PyObject *const answers = PyList_New(0);
    PyObject *const number = PyLong_FromLong(status);
    PyObject *const given = taken(result);
    PyList_Append(answers, number);
    PyList_Append(answers, given);
    Py_DECREF(number);
    Py_DECREF(given);
    return answers;
}

/* call(type, id, form, *arguments): calls the function in a slot. Returns its answer, and the
   exception that is pending afterwards. */
static PyObject *call(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module;
    const long id = PyLong_AsLong(arguments[1]);
    void *const function = PyType_GetSlot((PyTypeObject *)arguments[0], (int)id);
    const char *const form = PyUnicode_AsUTF8AndSize(arguments[2], NULL);
    if (function == NULL || form == NULL) {
        PyErr_SetString(PyExc_LookupError, "the slot is empty");
        return NULL;
    }
    Word words[3] = {0, 0, 0};
    for (Py_ssize_t i = 3; i < count && i < 6; i++) {
        PyObject *const argument = arguments[i] == null_mark ? NULL : arguments[i];
        const int is_object = form[i - 2] == 'o';
        words[i - 3] = is_object ? (Word)argument : (Word)PyLong_AsSsize_t(argument);
    }
    PyObject *answer = invoke(function, form, words);
    PyObject *const raised = PyErr_GetRaisedException();
    PyObject *const list = PyList_New(0);
    PyObject *const error = give(raised);
    PyList_Append(list, answer);
    PyList_Append(list, error);
    Py_XDECREF(answer);
    Py_XDECREF(raised);
    Py_DECREF(error);
    return list;
}

/* bytes_of(type, object, flags): the bytes that the object exports by the function in its slot. */
static PyObject *bytes_of(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    PyTypeObject *const type = (PyTypeObject *)arguments[0];
    const getbufferproc get = (getbufferproc)PyType_GetSlot(type, Py_bf_getbuffer);
    const releasebufferproc release = (releasebufferproc)PyType_GetSlot(type, Py_bf_releasebuffer);
    Py_buffer view;
    memset(&view, 0, sizeof view);
    if (get(arguments[1], &view, (int)PyLong_AsLong(arguments[2])) < 0) {
        return NULL;
    }
    PyObject *const bytes = PyBytes_FromStringAndSize(view.buf, view.len);
    if (release != NULL) {
        release(arguments[1], &view);
    }
    Py_XDECREF(view.obj);
    return bytes;
}

/* set_null(object): sets the object that stands for NULL. */
static PyObject *set_null(PyObject *module, PyObject *object)
{
    (void)module;
    null_mark = Py_NewRef(object);
    return Py_NewRef(Py_None);
}

/* new_numbers(): whether some slots have the numbers of Python 3.15. */
static PyObject *new_numbers(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
#ifdef RUSTPYTHON_CAPI
    return Py_NewRef(Py_True);
#else
    return Py_NewRef(Py_False);
#endif
}

#define FAST(name) {#name, (PyCFunction)(void (*)(void))(name), METH_FASTCALL, NULL}

static PyMethodDef methods[] = {
    FAST(slot),
    FAST(object_in),
    FAST(text_in),
    FAST(call),
    FAST(bytes_of),
    {"set_null", set_null, METH_O, NULL},
    {"new_numbers", new_numbers, METH_NOARGS, NULL},
    {"delegating", delegating, METH_O, NULL},
    {"delegated", delegated, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

DRIVER_MODULE(type_slots_driver, methods)
