/* A module that calls a function that the C API lacks. */
#include "extension.h"

void PyNoSuch_Function(void);

static int fill(PyObject *module)
{
    (void)module;
    PyNoSuch_Function();
    return 0;
}

MODULE(undefined, PySlot_FUNC(Py_mod_exec, fill))
