/* A module that calls a function of another Python itself or through a library. */
#include "extension.h"

#include <stdlib.h>

int PyOther_Function(void);
int call_other(void);

int call_other(void)
{
    return PyOther_Function();
}

static int fill(PyObject *module)
{
    (void)module;
    return call_other();
}

static PySlot slots[] = {ABI, NO_GIL, PySlot_FUNC(Py_mod_exec, fill), PySlot_END};

PyMODEXPORT_FUNC PyModExport_linked(void);
PyMODEXPORT_FUNC PyModExport_linked(void)
{
    abort();
    return slots;
}
