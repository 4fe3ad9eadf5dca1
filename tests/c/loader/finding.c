/* Modules for the rows that find libraries in different places and under different names. */
#include "extension.h"

/* How often modules of this library were filled. Modules of one library share the count. */
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

/* zoë, ёж and a_ž_b in Punycode: the ASCII characters first, then the others. */
#define BEYOND_ASCII(name)                                                                         \
    static PySlot name##_slots[] = {ABI, NO_GIL, PySlot_FUNC(Py_mod_exec, fill), PySlot_END};      \
    PyMODEXPORT_FUNC PyModExportU_##name(void);                                                    \
    PyMODEXPORT_FUNC PyModExportU_##name(void) { return name##_slots; }

BEYOND_ASCII(zo_ija)
BEYOND_ASCII(f1a7c)
BEYOND_ASCII(a__b_mbb)
