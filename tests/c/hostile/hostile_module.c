/* A module whose slots are the array that a test has set. */

#include <Python.h>

PySlot *hostile_array;

PyMODEXPORT_FUNC PyModExport_hostile_module(void)
{
    return hostile_array;
}
