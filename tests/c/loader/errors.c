/* Modules that the loader must refuse because of their export functions. */
#include "extension.h"

#define OLD_HOOK(name)                                                                             \
    PyMODEXPORT_FUNC name(void);                                                                   \
    PyMODEXPORT_FUNC name(void) { abort(); }

OLD_HOOK(PyInit_older)
OLD_HOOK(PyInitU_zo_ija)
OLD_HOOK(PyInit_both)
MODULE(both, PySlot_STATIC_DATA(Py_mod_doc, "New."))

PyMODEXPORT_FUNC PyModExport_silent(void);
PyMODEXPORT_FUNC PyModExport_silent(void)
{
    return NULL;
}

PyMODEXPORT_FUNC PyModExport_raises(void);
PyMODEXPORT_FUNC PyModExport_raises(void)
{
    PyErr_SetString(PyExc_KeyError, "mine");
    return NULL;
}

static PySlot slots[] = {ABI, PySlot_END};

PyMODEXPORT_FUNC PyModExport_both_ways(void);
PyMODEXPORT_FUNC PyModExport_both_ways(void)
{
    PyErr_SetString(PyExc_KeyError, "mine");
    return slots;
}

static PySlot no_abi_slots[] = {NO_GIL, PySlot_END};
HOOK(no_abi, no_abi_slots)

static PyABIInfo for_one_version = {1, 0, PyABIInfo_INTERNAL, 0x030f0000, 0x030f0000};
static PySlot incompatible_slots[] = {PySlot_STATIC_DATA(Py_mod_abi, &for_one_version), PySlot_END};
HOOK(incompatible, incompatible_slots)
