/* The end of a driver: a module that this interpreter and CPython load. */

#ifndef DRIVER_MODULE_H
#define DRIVER_MODULE_H

#include <Python.h>

/* Defines the module `name` with the functions in `methods`. */
#ifdef RUSTPYTHON_CAPI
#define DRIVER_MODULE(name, methods)                                                               \
    PyABIInfo_VAR(abi_info);                                                                       \
    static PySlot slots[] = {                                                                      \
        PySlot_STATIC_DATA(Py_mod_abi, &abi_info),                                                 \
        PySlot_STATIC_DATA(Py_mod_methods, methods),                                               \
        PySlot_PTR(Py_mod_gil, Py_MOD_GIL_NOT_USED),                                               \
        PySlot_END,                                                                                \
    };                                                                                             \
    PyMODEXPORT_FUNC PyModExport_##name(void) { return slots; }
#else
#define DRIVER_MODULE(name, methods)                                                               \
    static PyModuleDef definition = {PyModuleDef_HEAD_INIT, #name, NULL, 0, methods,               \
                                     NULL, NULL, NULL, NULL};                                      \
    PyMODINIT_FUNC PyInit_##name(void) { return PyModuleDef_Init(&definition); }
#endif

#endif
