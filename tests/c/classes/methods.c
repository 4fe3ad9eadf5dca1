/* A class with a method of every calling convention, alone and with METH_CLASS and METH_STATIC. */

#include "class_driver.h"

static PyObject *no_args(PyObject *self, PyObject *none)
{
    return text("noargs(%s, %s)", kind(self), kind(none));
}

static PyObject *one(PyObject *self, PyObject *argument)
{
    return text("o(%s, %s)", kind(self), kind(argument));
}

static PyObject *varargs(PyObject *self, PyObject *args)
{
    return text("varargs(%s, %zd)", kind(self), PyTuple_Size(args));
}

static PyObject *keywords(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return text("keywords(%s, %zd, %zd)", kind(self), PyTuple_Size(args),
                kwargs == NULL ? (Py_ssize_t)-1 : PyDict_Size(kwargs));
}

/* The classes of the last argument and of the last name. */
static PyObject *fast(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    return text("fast(%s, %zd, %s)", kind(self), count, kind(count > 0 ? args[count - 1] : NULL));
}

static PyObject *fast_keywords(PyObject *self, PyObject *const *args, Py_ssize_t count,
                               PyObject *names)
{
    const Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names);
    PyObject *const last = named > 0 ? args[count + named - 1] : NULL;
    return text("fast_keywords(%s, %zd, %zd, %s)", kind(self), count,
                names == NULL ? (Py_ssize_t)-1 : named, kind(last));
}

static PyObject *method(PyObject *self, PyTypeObject *defining_class, PyObject *const *args,
                        size_t count, PyObject *names)
{
    (void)args;
    PyObject *const name = PyType_GetName(defining_class);
    long *const state = PyType_GetModuleState(defining_class);
    PyObject *const made =
        text("method(%s, %s, %zd, %zd, state %ld)", kind(self),
             name == NULL ? "?" : PyUnicode_AsUTF8AndSize(name, NULL), PyVectorcall_NARGS(count),
             names == NULL ? (Py_ssize_t)-1 : PyTuple_Size(names), state == NULL ? -1L : *state);
    Py_XDECREF(name);
    return made;
}

static PyObject *raises(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    PyErr_SetString(PyExc_ZeroDivisionError, "in a method");
    return NULL;
}

static PyObject *nothing(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    return NULL;
}

static PyObject *too_much(PyObject *self, PyObject *none)
{
    (void)none;
    PyErr_SetString(PyExc_ZeroDivisionError, "beside a result");
    return Py_NewRef(self);
}

/* A slot and a method of the same name. */
static Py_ssize_t length(PyObject *self)
{
    event("slot length(%s)", kind(self));
    return 5;
}

static int contains(PyObject *self, PyObject *value)
{
    event("slot contains(%s, %s)", kind(self), kind(value));
    return 0;
}

static PyObject *length_method(PyObject *self, PyObject *none)
{
    (void)none;
    event("method __len__(%s)", kind(self));
    return PyLong_FromLong(6);
}

static PyObject *contains_method(PyObject *self, PyObject *value)
{
    event("method __contains__(%s, %s)", kind(self), kind(value));
    return Py_NewRef(Py_True);
}

#define IN_ALL_WAYS(name, function, flags)                                                         \
    {name, METHOD(function), flags, NULL}, {"class_" name, METHOD(function), METH_CLASS | flags,   \
                                            "Of the class."},                                      \
    {                                                                                              \
        "static_" name, METHOD(function), METH_STATIC | flags, "Of none."                          \
    }

static PyMethodDef definitions[] = {
    IN_ALL_WAYS("noargs", no_args, METH_NOARGS),
    IN_ALL_WAYS("o", one, METH_O),
    IN_ALL_WAYS("varargs", varargs, METH_VARARGS),
    IN_ALL_WAYS("keywords", keywords, METH_VARARGS | METH_KEYWORDS),
    IN_ALL_WAYS("fast", fast, METH_FASTCALL),
    IN_ALL_WAYS("fast_keywords", fast_keywords, METH_FASTCALL | METH_KEYWORDS),
    {"method", METHOD(method), METH_METHOD | METH_FASTCALL | METH_KEYWORDS, NULL},
    {"class_method", METHOD(method), METH_METHOD | METH_FASTCALL | METH_KEYWORDS | METH_CLASS, NULL},
    {"with_doc", no_args, METH_NOARGS, "Plain text."},
    {"with_signature", one, METH_O, "with_signature($self, value, /)\n--\n\nText."},
    {"with_empty_doc", no_args, METH_NOARGS, ""},
    {"raises", raises, METH_NOARGS, NULL},
    {"nothing", nothing, METH_NOARGS, NULL},
    {"too_much", too_much, METH_NOARGS, NULL},
    {"__len__", length_method, METH_NOARGS, "Hidden by the slot."},
    {"__contains__", contains_method, METH_O | METH_COEXIST, "Beside the slot."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot methods_slots[] = {
    SLOT(Py_tp_doc, "Methods()\n--\n\nA method of every kind.\n\nAnd a second paragraph."),
    SLOT(Py_tp_methods, definitions),
    SLOT(Py_sq_length, length),
    SLOT(Py_sq_contains, contains),
    {0, NULL},
};
static PyType_Spec methods_spec = {"class_driver.Methods", 0, 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, methods_slots};

int add_methods(PyObject *module)
{
    return add_class(module, &methods_spec, NULL) == NULL ? -1 : 0;
}
