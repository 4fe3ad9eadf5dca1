/* Included by the extension modules of these tests. */
#ifndef EXTENSION_H
#define EXTENSION_H

#include <Python.h>
#include "pycapsule.h"

PyABIInfo_VAR(abi_info);

/* Defines the export function of a module. */
#define HOOK(name, array)                                                                          \
    PyMODEXPORT_FUNC PyModExport_##name(void);                                                     \
    PyMODEXPORT_FUNC PyModExport_##name(void) { return array; }

#define NO_GIL PySlot_PTR(Py_mod_gil, Py_MOD_GIL_NOT_USED)
#define ABI PySlot_STATIC_DATA(Py_mod_abi, &abi_info)

/* Defines a module that can be loaded, with additional slots. */
#define MODULE(name, ...)                                                                          \
    static PySlot name##_slots[] = {ABI, NO_GIL, __VA_ARGS__, PySlot_END};                         \
    HOOK(name, name##_slots)

/* Casts functions with other parameters than those of PyCFunction. */
#define CAST(function) ((PyCFunction)(void (*)(void))(function))

/* Adds an attribute. Steals the reference to `value`. */
static inline int add(PyObject *module, const char *name, PyObject *value)
{
    int status = value == NULL ? -1 : PyObject_SetAttrString(module, name, value);
    Py_XDECREF(value);
    return status;
}

#endif
