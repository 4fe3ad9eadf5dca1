/* A module that makes modules from arrays of slots. Python code builds the arrays from numbers, and
   gets the addresses of these functions and data for them. */
#include "extension.h"

/* The functions that ran, a digit for each, in order. */
static long trace;

static int note(int digit)
{
    trace = 10 * trace + digit;
    return 0;
}

static int exec_one(PyObject *module)
{
    return add(module, "one", Py_NewRef(Py_None)) + note(1);
}

static int exec_two(PyObject *module)
{
    return add(module, "two", Py_NewRef(Py_None)) + note(2);
}

static int exec_fails(PyObject *module)
{
    (void)module;
    note(9);
    PyErr_SetString(PyExc_KeyError, "mine");
    return -1;
}

static PyObject *create_module(PyObject *spec, void *definition)
{
    PyObject *name = definition == NULL ? PyObject_GetAttrString(spec, "name") : NULL;
    PyObject *module = name == NULL ? NULL : PyModule_NewObject(name);
    Py_XDECREF(name);
    if (module != NULL && add(module, "created", Py_NewRef(spec)) != 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}

static PyObject *create_other(PyObject *spec, void *definition)
{
    (void)definition;
    return PyObject_GetAttrString(spec, "other");
}

static PyObject *create_fails(PyObject *spec, void *definition)
{
    (void)spec, (void)definition;
    PyErr_SetString(PyExc_KeyError, "mine");
    return NULL;
}

static PyObject *twice(PyObject *module, PyObject *number)
{
    (void)module;
    return PyLong_FromLong(2 * PyLong_AsLong(number));
}

static PyMethodDef two_methods[] = {
    {"twice", twice, METH_O, "twice(number)\n--\n\nThe double."},
    {"double", twice, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMethodDef class_method[] = {
    {"f", twice, METH_O | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyMethodDef odd_method[] = {{"f", twice, METH_O | METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyMethodDef null_method[] = {{"f", NULL, METH_O, NULL}, {NULL, NULL, 0, NULL}};

static int token;

static PyObject *from_slots(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)self;
    const char *slots = arguments[0] == Py_None ? NULL : PyBytes_AsString(arguments[0]);
    return PyModule_FromSlotsAndSpec((const PySlot *)slots, count == 2 ? arguments[1] : NULL);
}

static PyObject *execute(PyObject *self, PyObject *module)
{
    (void)self;
    if (PyModule_Exec(module == Py_None ? NULL : module) != 0) {
        return NULL;
    }
    return PyLong_FromLong(trace);
}

static PyObject *forget(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    trace = 0;
    Py_RETURN_NONE;
}

static PyObject *address(PyObject *self, PyObject *bytes)
{
    (void)self;
    return PyLong_FromVoidPtr(PyBytes_AsString(bytes));
}

static PyObject *get_token(PyObject *self, PyObject *module)
{
    (void)self;
    void *found = &found;
    if (PyModule_GetToken(module == Py_None ? NULL : module, &found) != 0) {
        return found == NULL ? NULL : PyLong_FromLong(-1);
    }
    return PyLong_FromVoidPtr(found);
}

static PyObject *check_abi(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)self;
    const char *record = arguments[0] == Py_None ? NULL : PyBytes_AsString(arguments[0]);
    const char *name = count == 2 ? PyBytes_AsString(arguments[1]) : NULL;
    int status = PyABIInfo_Check((PyABIInfo *)record, name);
    return status == 0 ? PyLong_FromLong(status) : NULL;
}

static PyMethodDef methods[] = {
    {"from_slots", CAST(from_slots), METH_FASTCALL, NULL},
    {"execute", execute, METH_O, NULL},
    {"forget", forget, METH_NOARGS, NULL},
    {"address", address, METH_O, NULL},
    {"token", get_token, METH_O, NULL},
    {"check_abi", CAST(check_abi), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

#define FUNCTION(name) {#name, (void *)name}
#define DATA(name, address) {name, (void *)(address)}
static const struct {
    const char *name;
    void *address;
} addresses[] = {
    FUNCTION(exec_one),
    FUNCTION(exec_two),
    FUNCTION(exec_fails),
    FUNCTION(create_module),
    FUNCTION(create_other),
    FUNCTION(create_fails),
    DATA("METHODS", two_methods),
    DATA("CLASS_METHOD", class_method),
    DATA("ODD_METHOD", odd_method),
    DATA("NULL_METHOD", null_method),
    DATA("TOKEN", &token),
    DATA("DOC", "What it says."),
    DATA("NOT_UTF_8", "what\xff"),
    DATA("ABI", &abi_info),
};

static int fill(PyObject *module)
{
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        if (add(module, addresses[i].name, PyLong_FromVoidPtr(addresses[i].address)) != 0) {
            return -1;
        }
    }
    return 0;
}

MODULE(maker, PySlot_STATIC_DATA(Py_mod_methods, methods), PySlot_FUNC(Py_mod_exec, fill))

/* ---- Modules with static slots ---- */
MODULE(whole, PySlot_STATIC_DATA(Py_mod_name, "another"),
       PySlot_STATIC_DATA(Py_mod_doc, "What it says."),
       PySlot_STATIC_DATA(Py_mod_methods, two_methods), PySlot_FUNC(Py_mod_exec, exec_one),
       PySlot_FUNC(Py_mod_exec, exec_two), PySlot_STATIC_DATA(Py_mod_token, &token))
MODULE(failing, PySlot_FUNC(Py_mod_exec, exec_one), PySlot_FUNC(Py_mod_exec, exec_fails),
       PySlot_FUNC(Py_mod_exec, exec_two))
MODULE(created, PySlot_FUNC(Py_mod_create, create_module), PySlot_FUNC(Py_mod_exec, exec_one))

static PyObject *create_number(PyObject *spec, void *definition)
{
    (void)spec, (void)definition;
    return PyLong_FromLong(5);
}

MODULE(number, PySlot_FUNC(Py_mod_create, create_number))
MODULE(alone, PySlot_PTR(Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED))
MODULE(everywhere, PySlot_PTR(Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED))

static PySlot silent_slots[] = {ABI, PySlot_END};
HOOK(silent, silent_slots)
static PySlot locked_slots[] = {ABI, PySlot_PTR(Py_mod_gil, Py_MOD_GIL_USED), PySlot_END};
HOOK(locked, locked_slots)
