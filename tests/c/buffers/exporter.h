/* Classes that export buffers, and how scripts tell them what to export. */

#define Py_LIMITED_API 0x030b0000

#include <Python.h>

/* The most numbers in a list, and the most views that are kept. */
#define MOST 80

/* Reads a tuple of numbers. Returns how many there are, or -1 if the object is None. */
int numbers_of(PyObject *tuple, Py_ssize_t *array);

/* configure((what, len, itemsize, readonly, ndim, offset), format, shape, strides, suboffsets): what the
   next views of exporters are. `offset` is that of the first item in the memory, or -1 for NULL; each
   of the last four may be None for NULL. */
PyObject *configure(PyObject *module, PyObject *arguments);

/* counts(): how often exporters were asked and told to release, the flags of the last request, and the
   number of views that were released with other fields than they had. */
PyObject *counts(PyObject *module, PyObject *none);

/* Adds the classes to the module. Returns 0, or -1 with an exception. */
int add_exporters(PyObject *module);
