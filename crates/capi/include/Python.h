/* The C API of this interpreter: declarations of all functions that it exports, and the macros that
   most modules need. It replaces CPython's Python.h for sources that keep to the stable ABI without
   a GIL (abi3t), but it is only a part of that ABI. Every function that is declared here exists.

   The macro RUSTPYTHON_CAPI distinguishes this Python.h from CPython's. Objects are opaque. There
   is no GIL, so C code must protect data that several threads can reach.

   Unless a comment or docs/extensions.md says otherwise, a function behaves as CPython's manual
   says: its arguments, its result, the ownership of references and its exceptions. It needs a
   thread that is attached to an interpreter. On another thread it fails without an exception, or
   aborts the process. */

#ifndef Py_PYTHON_H
#define Py_PYTHON_H

#define RUSTPYTHON_CAPI 1

/* The version of the Python language, as in sys.version_info. */
#define PY_MAJOR_VERSION 3
#define PY_MINOR_VERSION 14
#define PY_MICRO_VERSION 0
#define PY_VERSION_HEX 0x030E00A0

/* CPython's headers define this for builds without a GIL. */
#define Py_GIL_DISABLED 1

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The others use the types of object.h. */
#include "rustpython/object.h"

#include "rustpython/pyerrors.h"
#include "rustpython/typesymbols.h"
#include "rustpython/pybuffer.h"

#include "rustpython/abstract.h"
#include "rustpython/builtins.h"
#include "rustpython/unicodeobject.h"

#include "rustpython/methodobject.h"
#include "rustpython/slots.h"
#include "rustpython/moduleobject.h"

#include "rustpython/typeslots.h"
/* It uses methodobject.h. */
#include "rustpython/descrobject.h"
#include "rustpython/objimpl.h"

#include "rustpython/runtime.h"

#include "pycapsule.h"

#endif
