/* A function for every calling convention, which returns its arguments. */
#include "extension.h"

/* A tuple of objects, with None for NULL. */
static PyObject *pack(Py_ssize_t count, PyObject *const *objects)
{
    PyObject *list = PyList_New(0);
    for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
        PyList_Append(list, objects[i] == NULL ? Py_None : objects[i]);
    }
    PyObject *tuple = list == NULL ? NULL : PyList_AsTuple(list);
    Py_XDECREF(list);
    return tuple;
}

/* A tuple of two. Steals the reference to the second. */
static PyObject *pair(PyObject *first, PyObject *second)
{
    PyObject *both = second == NULL ? NULL : pack(2, (PyObject *[]){first, second});
    Py_XDECREF(second);
    return both;
}

static PyObject *noargs(PyObject *self, PyObject *null)
{
    return pack(2, (PyObject *[]){self, null});
}

static PyObject *one(PyObject *self, PyObject *argument)
{
    return pack(2, (PyObject *[]){self, argument});
}

static PyObject *varargs(PyObject *self, PyObject *arguments)
{
    return pack(2, (PyObject *[]){self, arguments});
}

static PyObject *keywords(PyObject *self, PyObject *arguments, PyObject *named)
{
    return pack(3, (PyObject *[]){self, arguments, named});
}

static PyObject *fast(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    return pair(self, pack(count, arguments));
}

static PyObject *fast_keywords(PyObject *self, PyObject *const *arguments, Py_ssize_t count,
                               PyObject *names)
{
    Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names);
    PyObject *positional = pair(self, pack(count, arguments));
    PyObject *rest = pair(names, pack(named, arguments + count));
    PyObject *both = positional == NULL ? NULL : pair(positional, rest);
    Py_XDECREF(positional);
    return both;
}

/* Whether an exception is pending in C code. */
static PyObject *pending(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return PyLong_FromLong(PyErr_Occurred() != NULL);
}

static PyObject *raises(PyObject *self, PyObject *exception)
{
    (void)self;
    PyErr_SetRaisedException(Py_NewRef(exception));
    return NULL;
}

static PyObject *calls(PyObject *self, PyObject *callable)
{
    (void)self;
    return PyObject_CallNoArgs(callable);
}

/* The exception that the callable raises, caught in C, and whether one is still pending. */
static PyObject *catches(PyObject *self, PyObject *callable)
{
    (void)self;
    PyObject *answer = PyObject_CallNoArgs(callable);
    if (answer != NULL) {
        return answer;
    }
    PyObject *caught = PyErr_GetRaisedException();
    PyObject *both = pair(caught, PyLong_FromLong(PyErr_Occurred() != NULL));
    Py_XDECREF(caught);
    return both;
}

/* METH_METHOD, which needs a defining class; these modules have none. */
#define METHOD_OF_A_CLASS 0x0200

static PyMethodDef made[] = {
    {"made", one, METH_O, "made(x)\n--\n\nMade by C code."},
    {"method", one, METHOD_OF_A_CLASS | METH_FASTCALL | METH_KEYWORDS, NULL},
    {"static_", one, METH_O | METH_STATIC, NULL},
    {NULL, one, METH_O, NULL},
};

static PyObject *makes(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)self;
    long which = PyLong_AsLong(arguments[0]);
    PyObject *bound = arguments[1] == Py_None ? NULL : arguments[1];
    PyMethodDef *definition = which < 0 ? NULL : &made[which];
    return count == 3 ? PyCFunction_NewEx(definition, bound, arguments[2])
                      : PyCFunction_New(definition, bound);
}

static PyMethodDef methods[] = {
    {"noargs", noargs, METH_NOARGS, NULL},
    {"one", one, METH_O, NULL},
    {"varargs", varargs, METH_VARARGS, NULL},
    {"keywords", CAST(keywords), METH_VARARGS | METH_KEYWORDS, NULL},
    {"fast", CAST(fast), METH_FASTCALL, NULL},
    {"fast_keywords", CAST(fast_keywords), METH_FASTCALL | METH_KEYWORDS, NULL},
    {"pending", pending, METH_NOARGS, "Whether C code sees an exception."},
    {"raises", raises, METH_O, ""},
    {"calls", calls, METH_O | METH_COEXIST, NULL},
    {"catches", catches, METH_O, NULL},
    {"makes", CAST(makes), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

MODULE(functions, PySlot_STATIC_DATA(Py_mod_methods, methods))
