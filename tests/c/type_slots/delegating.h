/* Classes that extend a class of the interpreter, and whose slots call those of that class. */

#ifndef DELEGATING_H
#define DELEGATING_H

#include <Python.h>

/* delegating(base): such a class over `base`. */
PyObject *delegating(PyObject *module, PyObject *base);

/* delegated(): how often functions of these classes were called. */
PyObject *delegated(PyObject *module, PyObject *unused);

#endif
