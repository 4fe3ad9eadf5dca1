/* Functions that ask about classes and instances. */

#include "class_driver.h"

#include <stdint.h>

/* get_slot(type, id): whether the slot has a value. */
static PyObject *get_slot(PyObject *module, PyObject *args)
{
    (void)module;
    PyTypeObject *const type = (PyTypeObject *)PyTuple_GetItem(args, 0);
    const int id = PyLong_AsInt(PyTuple_GetItem(args, 1));
    void *const value = PyType_GetSlot(type, id);
    if (value == NULL && PyErr_Occurred() != NULL) {
        return NULL;
    }
    return PyBool_FromLong(value != NULL);
}

/* The object in a slot that has one: its bases. */
static PyObject *slot_object(PyObject *module, PyObject *args)
{
    (void)module;
    PyTypeObject *const type = (PyTypeObject *)PyTuple_GetItem(args, 0);
    PyObject *const value = PyType_GetSlot(type, PyLong_AsInt(PyTuple_GetItem(args, 1)));
    return Py_NewRef(value == NULL ? Py_None : value);
}

/* call_slot(type, name, arguments...): calls the function in a slot. */
static PyObject *call_slot(PyObject *module, PyObject *args)
{
    (void)module;
    PyTypeObject *const type = (PyTypeObject *)PyTuple_GetItem(args, 0);
    const char *const name = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(args, 1), NULL);
    PyObject *const first = PyTuple_GetItem(args, 2);
    PyObject *const second = PyTuple_Size(args) > 3 ? PyTuple_GetItem(args, 3) : NULL;
    PyErr_Clear();
    static const struct {
        const char *name;
        int id;
        char form; /* u unaryfunc, b binaryfunc, l lenfunc, i ssizeargfunc, h hashfunc, n newfunc */
    } rows[] = {
        {"repr", Py_tp_repr, 'u'},         {"str", Py_tp_str, 'u'},
        {"iter", Py_tp_iter, 'u'},         {"iternext", Py_tp_iternext, 'u'},
        {"negative", Py_nb_negative, 'u'}, {"int", Py_nb_int, 'u'},
        {"add", Py_nb_add, 'b'},           {"subtract", Py_nb_subtract, 'b'},
        {"concat", Py_sq_concat, 'b'},     {"subscript", Py_mp_subscript, 'b'},
        {"getattro", Py_tp_getattro, 'b'}, {"length", Py_sq_length, 'l'},
        {"mp_length", Py_mp_length, 'l'},  {"item", Py_sq_item, 'i'},
        {"hash", Py_tp_hash, 'h'},         {"new", Py_tp_new, 'n'},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) != 0) {
            continue;
        }
        void *const value = PyType_GetSlot(type, rows[i].id);
        if (value == NULL) {
            return PyErr_Occurred() != NULL ? NULL : text("no %s", name);
        }
        PyObject *made;
        switch (rows[i].form) {
        case 'u':
            made = ((unaryfunc)value)(first);
            if (made == NULL && PyErr_Occurred() == NULL) {
                return text("NULL");
            }
            return made;
        case 'b':
            return ((binaryfunc)value)(first, second);
        case 'i':
            return ((ssizeargfunc)value)(first, PyLong_AsSsize_t(second));
        case 'n':
            return ((newfunc)value)((PyTypeObject *)first, second, NULL);
        default: {
            const Py_ssize_t answer = ((lenfunc)value)(first);
            return PyErr_Occurred() != NULL ? NULL : PyLong_FromSsize_t(answer);
        }
        }
    }
    return text("no row %s", name);
}

/* The name of the module of a class, and the number in its state. */
static PyObject *module_of(PyObject *module, PyObject *type)
{
    (void)module;
    PyObject *const found = PyType_GetModule((PyTypeObject *)type);
    if (found == NULL) {
        return NULL;
    }
    long *const state = PyType_GetModuleState((PyTypeObject *)type);
    return tuple_of(PyModule_GetNameObject(found), PyLong_FromLong(state == NULL ? -1 : *state));
}

static PyObject *names_of(PyObject *module, PyObject *type)
{
    (void)module;
    PyTypeObject *const class = (PyTypeObject *)type;
    return tuple_of(tuple_of(PyType_GetName(class), PyType_GetQualName(class)),
                    tuple_of(PyType_GetModuleName(class), PyType_GetFullyQualifiedName(class)));
}

static PyObject *flags_of(PyObject *module, PyObject *type)
{
    (void)module;
    return PyLong_FromUnsignedLong(PyType_GetFlags((PyTypeObject *)type));
}

static PyObject *data_size(PyObject *module, PyObject *type)
{
    (void)module;
    return PyLong_FromSsize_t(PyType_GetTypeDataSize((PyTypeObject *)type));
}

/* data_state(object, type): whether the data is aligned and zero. */
static PyObject *data_state(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *const object = PyTuple_GetItem(args, 0);
    PyTypeObject *const type = (PyTypeObject *)PyTuple_GetItem(args, 1);
    const unsigned char *const data = PyObject_GetTypeData(object, type);
    if (data == NULL) {
        return NULL;
    }
    int zero = 1;
    const Py_ssize_t size = PyType_GetTypeDataSize(type);
    for (Py_ssize_t i = 0; i < size; i++) {
        zero = zero && data[i] == 0;
    }
    return text("aligned %d, zero %d", (uintptr_t)data % 8 == 0, zero);
}

static PyObject *is_tracked(PyObject *module, PyObject *object)
{
    (void)module;
    return PyBool_FromLong(PyObject_GC_IsTracked(object));
}

static PyObject *allocate(PyObject *module, PyObject *type)
{
    (void)module;
    return PyType_GenericAlloc((PyTypeObject *)type, 0);
}

static PyObject *generic_new(PyObject *module, PyObject *type)
{
    (void)module;
    PyObject *const args = PyTuple_New(0);
    PyObject *const made = PyType_GenericNew((PyTypeObject *)type, args, NULL);
    Py_XDECREF(args);
    return made;
}

/* iter_send(iterator, value): the result of PyIter_Send, and what it gives. */
static PyObject *iter_send(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *given = NULL;
    const PySendResult result =
        PyIter_Send(PyTuple_GetItem(args, 0), PyTuple_GetItem(args, 1), &given);
    return given == NULL ? NULL : tuple_of(PyLong_FromLong(result), given);
}

PyMethodDef inquiry_functions[] = {
    {"iter_send", iter_send, METH_VARARGS, NULL},
    {"get_slot", get_slot, METH_VARARGS, NULL},
    {"slot_object", slot_object, METH_VARARGS, NULL},
    {"call_slot", call_slot, METH_VARARGS, NULL},
    {"module_of", module_of, METH_O, NULL},
    {"names_of", names_of, METH_O, NULL},
    {"flags_of", flags_of, METH_O, NULL},
    {"data_size", data_size, METH_O, NULL},
    {"data_state", data_state, METH_VARARGS, NULL},
    {"is_tracked", is_tracked, METH_O, NULL},
    {"allocate", allocate, METH_O, NULL},
    {"generic_new", generic_new, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
