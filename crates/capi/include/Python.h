/* What C code needs of this interpreter besides capsules: the declarations of the functions that
   it exports, and the macros that most modules need. It stands in for CPython's Python.h in
   sources that keep to the stable ABI without a GIL (abi3t), and it is not all of that: above all
   there are no functions with variable arguments (PyArg_ParseTuple, Py_BuildValue, PyErr_Format)
   and no types of one's own (PyType_FromSpec), because the interpreter has none. What is declared
   is there.

   `#ifdef RUSTPYTHON_CAPI` tells which Python.h it is. Objects are opaque, and there is no GIL:
   what several threads can reach, C code must guard itself. Except where a comment or
   docs/extensions.md says otherwise, a function behaves as CPython's manual says, and needs a
   thread that is attached to an interpreter; called on another, it fails without an exception, or
   aborts the process. */

#ifndef Py_PYTHON_H
#define Py_PYTHON_H

#define RUSTPYTHON_CAPI 1

/* The version of the language, as in sys.version_info. */
#define PY_MAJOR_VERSION 3
#define PY_MINOR_VERSION 14
#define PY_MICRO_VERSION 0
#define PY_VERSION_HEX 0x030E00A0

/* CPython's headers have it where there is no GIL. */
#define Py_GIL_DISABLED 1

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rustpython/object.h"
/* These build on the first. */
#include "rustpython/pyerrors.h"

#include "rustpython/abstract.h"
#include "rustpython/builtins.h"
#include "rustpython/unicodeobject.h"

#include "rustpython/moduleobject.h"
#include "rustpython/runtime.h"

#include "pycapsule.h"

#endif
