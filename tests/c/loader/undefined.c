/* A module that wants of the C API what is not there. */
#include "extension.h"

void PyNoSuch_Function(void);

static int fill(PyObject *module)
{
    (void)module;
    PyNoSuch_Function();
    return 0;
}

MODULE(undefined, PySlot_FUNC(Py_mod_exec, fill))
