/* Memory of objects, and the garbage collector. A part of Python.h. */

#ifndef RUSTPYTHON_OBJIMPL_H
#define RUSTPYTHON_OBJIMPL_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Memory. Any thread may call these functions. ---- */

void *PyObject_Malloc(size_t size);
void *PyObject_Calloc(size_t count, size_t size);
void *PyObject_Realloc(void *memory, size_t new_size);
void PyObject_Free(void *memory);
#define PyObject_Del PyObject_Free

/* ---- Instances of classes that C code has made. `count` is a number of items. The macros convert
   the address of the object to `type *`, which is of use only for `PyObject`: objects are
   opaque. ---- */

PyObject *PyObject_Init(PyObject *object, PyTypeObject *type);
PyVarObject *PyObject_InitVar(PyVarObject *object, PyTypeObject *type, Py_ssize_t count);
PyObject *_PyObject_New(PyTypeObject *type);
PyVarObject *_PyObject_NewVar(PyTypeObject *type, Py_ssize_t count);
PyObject *_PyObject_GC_New(PyTypeObject *type);
PyVarObject *_PyObject_GC_NewVar(PyTypeObject *type, Py_ssize_t count);

#define PyObject_New(type, class_) ((type *)_PyObject_New(class_))
#define PyObject_NewVar(type, class_, count) ((type *)_PyObject_NewVar(class_, count))
#define PyObject_GC_New(type, class_) ((type *)_PyObject_GC_New(class_))
#define PyObject_GC_NewVar(type, class_, count) ((type *)_PyObject_GC_NewVar(class_, count))

/* ---- The garbage collector ---- */

void PyObject_GC_Track(void *object);
void PyObject_GC_UnTrack(void *object);
void PyObject_GC_Del(void *object);
int PyObject_GC_IsTracked(PyObject *object);
int PyObject_GC_IsFinalized(PyObject *object);
#define PyType_IS_GC(type) PyType_HasFeature((type), Py_TPFLAGS_HAVE_GC)

Py_ssize_t PyGC_Collect(void);
int PyGC_Enable(void);
int PyGC_Disable(void);
int PyGC_IsEnabled(void);

#ifdef __cplusplus
}
#endif

#endif
