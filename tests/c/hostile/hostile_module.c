/* A library that describes its module with the array that a test gives it. */

#include <Python.h>

PySlot *hostile_array;

PyMODEXPORT_FUNC PyModExport_hostile_module(void)
{
    return hostile_array;
}
