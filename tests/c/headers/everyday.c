/* A module that uses the macros and inline functions of Python.h. It is compiled as C and as
   C++. */

#include <Python.h>

typedef struct {
    PyObject *kept;
} State;

static PyObject *constants(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    PyObject *const all[] = {Py_None, Py_False, Py_True, Py_Ellipsis, Py_NotImplemented};
    return PyTuple_FromArray(all, 5);
}

static PyObject *returned(PyObject *self, PyObject *which)
{
    (void)self;
    switch (PyLong_AsLong(which)) {
    case 0:
        Py_RETURN_NONE;
    case 1:
        Py_RETURN_FALSE;
    case 2:
        Py_RETURN_TRUE;
    default:
        Py_RETURN_NOTIMPLEMENTED;
    }
}

/* The capsule that Py_CLEAR drops, and whether its destructor found the variable still set. */
static PyObject *variable;
static int found = -1;

static void look(PyObject *capsule)
{
    (void)capsule;
    found = variable != NULL;
}

static PyObject *cleared(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    variable = PyCapsule_New(&found, NULL, look);
    Py_CLEAR(variable);
    Py_CLEAR(variable);
    return PyLong_FromLong(found);
}

static PyObject *counted(PyObject *self, PyObject *object)
{
    (void)self;
    const Py_ssize_t before = Py_REFCNT(object);
    Py_INCREF(object);
    Py_XINCREF(object);
    PyObject *const nothing = NULL;
    Py_XINCREF(nothing);
    Py_XDECREF(nothing);
    const Py_ssize_t between = Py_REFCNT(object);
    Py_DECREF(object);
    Py_XDECREF(object);
    PyObject *const counts[] = {PyLong_FromSsize_t(between - before),
                                PyLong_FromSsize_t(Py_REFCNT(object) - before)};
    PyObject *const answer = PyTuple_FromArray(counts, 2);
    Py_DECREF(counts[0]);
    Py_DECREF(counts[1]);
    return answer;
}

/* Detaches and attaches, then raises MemoryError. */
static PyObject *waited(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    int blocked = 0;
    Py_BEGIN_ALLOW_THREADS
    Py_BLOCK_THREADS
    blocked = Py_IsNone(Py_None);
    Py_UNBLOCK_THREADS
    Py_END_ALLOW_THREADS
    return blocked ? PyErr_NoMemory() : NULL;
}

/* 1 if an exception of the class matches LookupError, plus 2 if it matches OSError. */
static PyObject *matched(PyObject *self, PyObject *type)
{
    (void)self;
    if (PyErr_ExceptionMatches(type)) {
        return NULL;
    }
    PyErr_SetNone(type);
    const int lookup = PyErr_ExceptionMatches(PyExc_LookupError);
    const int os = PyErr_ExceptionMatches(PyExc_OSError);
    PyErr_Clear();
    PyErr_Clear();
    return PyErr_Occurred() != NULL ? NULL : PyLong_FromLong(lookup + 2 * os);
}

static PyObject *imported(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    if (count != 1) {
        PyErr_SetString(PyExc_TypeError, "imported() takes one argument");
        return NULL;
    }
    Py_ssize_t size;
    const char *const text = PyUnicode_AsUTF8AndSize(args[0], &size);
    char name[32] = "";
    if (text == NULL || (size_t)size >= sizeof name) {
        return NULL;
    }
    memcpy(name, text, (size_t)size);
    return PyImport_ImportModule(name);
}

/* Calls `callable` with `object` if `object` is an instance of the callable's class. */
static PyObject *called(PyObject *self, PyObject *args, PyObject *kwargs)
{
    (void)self;
    PyObject *const callable = PyDict_GetItemString(kwargs, "callable");
    PyObject *const object = PyTuple_GetItem(args, 0);
    if (callable == NULL || object == NULL || !PyObject_TypeCheck(object, Py_TYPE(callable))) {
        Py_RETURN_NONE;
    }
    return PyObject_CallOneArg(callable, object);
}

static PyObject *versions(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    return PyBool_FromLong(Py_Version == PY_VERSION_HEX &&
                           PY_VERSION_HEX >> 16 == (PY_MAJOR_VERSION << 8 | PY_MINOR_VERSION));
}

/* Keeps an object in the module's state, where the collector sees it. */
static PyObject *keep(PyObject *self, PyObject *object)
{
    State *const state = (State *)PyModule_GetState(self);
    PyObject *const old = state->kept;
    state->kept = Py_NewRef(object);
    if (old == NULL) {
        Py_RETURN_NONE;
    }
    return old;
}

static int state_traverse(PyObject *self, visitproc visit, void *arg)
{
    State *const state = (State *)PyModule_GetState(self);
    Py_VISIT(state->kept);
    return 0;
}

static int state_clear(PyObject *self)
{
    State *const state = (State *)PyModule_GetState(self);
    Py_CLEAR(state->kept);
    return 0;
}

static void state_free(void *self)
{
    (void)state_clear((PyObject *)self);
}

static int fill(PyObject *module)
{
    if (PyModule_AddIntConstant(module, "answer", 42) != 0 ||
        PyModule_AddStringConstant(module, "word", "capsule") != 0 ||
        PyModule_AddObjectRef(module, "nothing", Py_None) != 0 ||
        PyModule_Add(module, "number", PyLong_FromLong(7)) != 0) {
        return -1;
    }
    /* PyModule_Add passes on the failure of the call that makes the value. */
    const int failed = PyModule_Add(module, "pi", PyCapsule_New(NULL, NULL, NULL));
    const int matches = PyErr_ExceptionMatches(PyExc_ValueError);
    PyErr_Clear();
    return failed == -1 && matches ? 0 : -1;
}

#define CAST(function) ((PyCFunction)(void (*)(void))(function))

static PyMethodDef methods[] = {
    {"constants", constants, METH_NOARGS, "The constants."},
    {"returned", returned, METH_O, NULL},
    {"cleared", cleared, METH_NOARGS, NULL},
    {"counted", counted, METH_O, NULL},
    {"waited", waited, METH_NOARGS, NULL},
    {"matched", matched, METH_O, NULL},
    {"imported", CAST(imported), METH_FASTCALL, NULL},
    {"called", CAST(called), METH_VARARGS | METH_KEYWORDS, NULL},
    {"versions", versions, METH_NOARGS, NULL},
    {"keep", keep, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

PyABIInfo_VAR(abi);

#ifdef __cplusplus
static PySlot more[] = {
    PySlot_PTR_STATIC(Py_mod_doc, "Everyday macros."),
    PySlot_PTR(Py_mod_state_size, sizeof(State)),
    PySlot_PTR(Py_mod_state_traverse, state_traverse),
    PySlot_PTR(Py_mod_state_clear, state_clear),
    PySlot_PTR(Py_mod_state_free, state_free),
    PySlot_END,
};
static PySlot slots[] = {
    PySlot_PTR_STATIC(Py_mod_abi, &abi),
    PySlot_PTR(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_PTR(Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED),
    PySlot_PTR(Py_mod_exec, fill),
    PySlot_PTR_STATIC(Py_mod_methods, methods),
    PySlot_PTR(Py_slot_subslots, more),
    PySlot_END,
};
#else
static PySlot more[] = {
    PySlot_STATIC_DATA(Py_mod_doc, "Everyday macros."),
    PySlot_SIZE(Py_mod_state_size, sizeof(State)),
    PySlot_FUNC(Py_mod_state_traverse, state_traverse),
    PySlot_FUNC(Py_mod_state_clear, state_clear),
    PySlot_FUNC(Py_mod_state_free, state_free),
    {.sl_id = 9999, .sl_flags = PySlot_OPTIONAL, .sl_ptr = NULL},
    PySlot_END,
};
static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi),
    PySlot_UINT64(Py_mod_gil, 1),
    PySlot_INT64(Py_mod_multiple_interpreters, 2),
    PySlot_FUNC(Py_mod_exec, fill),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_DATA(Py_slot_subslots, more),
    PySlot_END,
};
#endif

PyMODEXPORT_FUNC PyModExport_everyday(void)
{
    if (PyABIInfo_Check(&abi, "everyday") != 0) {
        return NULL;
    }
    return slots;
}
