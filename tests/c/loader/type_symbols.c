/* The data symbols of the stable ABI. The test writes type_symbols_list.h, which has the macros
   OBJECTS, VARIABLES and MISSING with the names of the symbols, each as an argument of X. */
#include "extension.h"
#include "type_symbols_list.h"

#define X(name) extern const char name[] __attribute__((weak));
MISSING(X)
#undef X

/* In this table the dynamic loader writes the addresses. */
static const struct {
    const char *name;
    void *address;
} table[] = {
#define X(name) {#name, &name},
    OBJECTS(X) VARIABLES(X)
#undef X
};

/* Here the code reads them, from where the dynamic loader has written them for code. */
static PyObject *in_code(const char *name)
{
#define X(symbol)                                                                                  \
    if (strcmp(name, #symbol) == 0) {                                                              \
        return (PyObject *)&symbol;                                                                \
    }
    OBJECTS(X)
#undef X
#define X(symbol)                                                                                  \
    if (strcmp(name, #symbol) == 0) {                                                              \
        return symbol;                                                                             \
    }
    VARIABLES(X)
#undef X
    return NULL;
}

/* The object of a symbol; that of a variable if the second argument is true. */
static PyObject *in_table(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module;
    const char *name = count == 2 ? PyUnicode_AsUTF8AndSize(arguments[0], NULL) : NULL;
    for (size_t i = 0; name != NULL && i < sizeof table / sizeof *table; i++) {
        if (strcmp(name, table[i].name) == 0) {
            PyObject **variable = table[i].address;
            return Py_NewRef(Py_IsTrue(arguments[1]) ? *variable : (PyObject *)variable);
        }
    }
    return Py_NewRef(module);
}

static PyObject *by_code(PyObject *module, PyObject *argument)
{
    const char *name = PyUnicode_AsUTF8AndSize(argument, NULL);
    PyObject *found = name == NULL ? NULL : in_code(name);
    return Py_NewRef(found == NULL ? module : found);
}

/* The symbols that are listed as missing and are not. */
static PyObject *not_missing(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    PyObject *found = PyList_New(0);
#define X(name)                                                                                    \
    if (found != NULL && name != NULL) {                                                           \
        PyObject *text = PyUnicode_FromString(#name);                                              \
        PyList_Append(found, text);                                                                \
        Py_XDECREF(text);                                                                          \
    }
    MISSING(X)
#undef X
    return found;
}

static PyObject *is_int(PyObject *module, PyObject *object)
{
    (void)module;
    const int same = Py_TYPE(object) == &PyLong_Type;
    return PyLong_FromLong(same == Py_IS_TYPE(object, &PyLong_Type) ? same : -1);
}

static PyMethodDef methods[] = {
    {"in_table", CAST(in_table), METH_FASTCALL, NULL},
    {"by_code", by_code, METH_O, NULL},
    {"not_missing", not_missing, METH_NOARGS, NULL},
    {"is_int", is_int, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

MODULE(type_symbols, PySlot_STATIC_DATA(Py_mod_methods, methods))
