/* Modules that can be found in many places and under many names. */
#include "extension.h"

/* How often modules of this library were filled; modules that share it count on. */
static int fillings;

static int fill(PyObject *module)
{
    return add(module, "filling", PyLong_FromLong(++fillings));
}

#define FOUND(name) MODULE(name, PySlot_FUNC(Py_mod_exec, fill))

FOUND(plain)
FOUND(other)
FOUND(pkg)
FOUND(_private)

/* zoë, ёж and a_ž_b: ASCII first where there is some, then what is not. */
#define BEYOND_ASCII(name)                                                                         \
    static PySlot name##_slots[] = {ABI, NO_GIL, PySlot_FUNC(Py_mod_exec, fill), PySlot_END};      \
    PyMODEXPORT_FUNC PyModExportU_##name(void);                                                    \
    PyMODEXPORT_FUNC PyModExportU_##name(void) { return name##_slots; }

BEYOND_ASCII(zo_ija)
BEYOND_ASCII(f1a7c)
BEYOND_ASCII(a__b_mbb)
