/* The module `class_driver` and its events. */

#include "class_driver.h"

/* ---- Events ---- */

static char events[1 << 16];
static size_t events_length;

void event(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t room = sizeof events - events_length;
    const int length = vsnprintf(events + events_length, room, format, arguments);
    va_end(arguments);
    /* What does not fit is dropped. The scripts take the events often enough. */
    if (length >= 0 && (size_t)length + 2 < room) {
        events_length += (size_t)length;
        events[events_length++] = '\n';
        events[events_length] = '\0';
    } else {
        events[events_length] = '\0';
    }
}

/* A str with the events since the last call. */
static PyObject *take_events(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    PyObject *const taken = PyUnicode_FromStringAndSize(events, (Py_ssize_t)events_length);
    events_length = 0;
    return taken;
}

/* Adds a str to the events. */
static PyObject *add_event(PyObject *module, PyObject *line)
{
    (void)module;
    const char *const bytes = PyUnicode_AsUTF8AndSize(line, NULL);
    if (bytes == NULL) {
        return NULL;
    }
    event("%s", bytes);
    return Py_NewRef(Py_None);
}

/* ---- Texts ---- */

const char *kind(PyObject *object)
{
    static char names[8][64];
    static int next;
    if (object == NULL) {
        return "NULL";
    }
    PyObject *const name = PyType_GetName(Py_TYPE(object));
    const char *const bytes = name == NULL ? "?" : PyUnicode_AsUTF8AndSize(name, NULL);
    char *const copy = names[next++ % 8];
    snprintf(copy, sizeof names[0], "%s", bytes == NULL ? "?" : bytes);
    Py_XDECREF(name);
    return copy;
}

PyObject *text(const char *format, ...)
{
    char buffer[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    return PyUnicode_FromString(buffer);
}

PyObject *tuple_of(PyObject *first, PyObject *second)
{
    PyObject *const tuple = first == NULL ? NULL : PyTuple_New(second == NULL ? 1 : 2);
    if (tuple == NULL || PyTuple_SetItem(tuple, 0, first) < 0 ||
        (second != NULL && PyTuple_SetItem(tuple, 1, second) < 0)) {
        Py_XDECREF(tuple);
        return NULL;
    }
    return tuple;
}

/* ---- Classes ---- */

PyTypeObject *add_class(PyObject *module, PyType_Spec *spec, PyObject *bases)
{
    PyObject *const made = PyType_FromModuleAndSpec(module, spec, bases);
    if (made == NULL) {
        return NULL;
    }
    const int status = PyModule_AddObjectRef(module, strrchr(spec->name, '.') + 1, made);
    /* The reference stays with the static variable that the caller sets. */
    return status < 0 ? NULL : (PyTypeObject *)made;
}

void free_instance(PyObject *self)
{
    PyTypeObject *const type = Py_TYPE(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* ---- The module ---- */

static int execute(PyObject *module)
{
    *(long *)PyModule_GetState(module) = 271828;
    PyMethodDef *const functions[] = {inheritance_functions, lifetime_functions, inquiry_functions,
                                      refusal_functions};
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        for (PyMethodDef *function = functions[i]; function->ml_name != NULL; function++) {
            PyObject *const made = PyCFunction_NewEx(function, module, NULL);
            if (PyModule_Add(module, function->ml_name, made) < 0) {
                return -1;
            }
        }
    }
    if (add_numbers(module) < 0 || add_containers(module) < 0 || add_iteration(module) < 0 ||
        add_attributes(module) < 0 || add_members(module) < 0 || add_methods(module) < 0 ||
        add_lifetimes(module) < 0 || add_inheritance(module) < 0 || add_buffers(module) < 0) {
        return -1;
    }
    return 0;
}

static PyMethodDef functions[] = {
    {"add_event", add_event, METH_O, NULL},
    {"take_events", take_events, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#ifdef RUSTPYTHON_CAPI
PyABIInfo_VAR(abi);
static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi),
    PySlot_STATIC_DATA(Py_mod_methods, functions),
    PySlot_FUNC(Py_mod_exec, execute),
    PySlot_SIZE(Py_mod_state_size, sizeof(long)),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport_class_driver(void)
{
    return slots;
}
#else
static PyModuleDef_Slot slots[] = {SLOT(Py_mod_exec, execute), {0, NULL}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "class_driver", NULL, sizeof(long),
                                 functions,             slots,          NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_class_driver(void)
{
    return PyModuleDef_Init(&definition);
}
#endif
