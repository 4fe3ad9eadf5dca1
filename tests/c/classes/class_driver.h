/* What the files of the module `class_driver` share. The module has classes made by C code: one
   source for this interpreter and for CPython's stable ABI. Python scripts use the classes in both,
   and print what they see. */

#ifndef CLASS_DRIVER_H
#define CLASS_DRIVER_H

#define Py_LIMITED_API 0x030d0000
#include <Python.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#ifndef RUSTPYTHON_CAPI
/* What CPython's headers have for its full API only. Its machine code knows them in any case. */
#define METH_METHOD 0x0200
#define Py_TPFLAGS_MANAGED_WEAKREF (1UL << 3)
#define Py_TPFLAGS_MANAGED_DICT (1UL << 4)
#define Py_TPFLAGS_SEQUENCE (1UL << 5)
#define Py_TPFLAGS_MAPPING (1UL << 6)
typedef PySendResult (*sendfunc)(PyObject *self, PyObject *value, PyObject **result);
int PyObject_CallFinalizerFromDealloc(PyObject *object);
int PyObject_VisitManagedDict(PyObject *object, visitproc visit, void *arg);
void PyObject_ClearManagedDict(PyObject *object);
#define PyObject_GetTypeData_DuringGC PyObject_GetTypeData
#endif

/* Casts a function of any type, for a slot or a definition. */
#define SLOT(id, function) {id, (void *)(function)}
#define METHOD(function) ((PyCFunction)(void (*)(void))(function))

/* A member that tells the interpreter of a place in the data of a class over `object`. CPython 3.13
   ignores Py_RELATIVE_OFFSET there. */
#ifdef RUSTPYTHON_CAPI
#define PLACE(name, offset) {name, Py_T_PYSSIZET, offset, Py_READONLY | Py_RELATIVE_OFFSET, NULL}
#else
#define PLACE(name, offset)                                                                        \
    {name, Py_T_PYSSIZET, (Py_ssize_t)sizeof(PyObject) + (Py_ssize_t)(offset), Py_READONLY, NULL}
#endif

/* Adds a line to the events, which the scripts print. Calls no Python code, and may be called while
   an object is destroyed. */
void event(const char *format, ...);

/* The name of the class of an object, or "NULL". Lives until the eighth call after this one. */
const char *kind(PyObject *object);

/* A new str: `format` with its arguments. */
PyObject *text(const char *format, ...);

/* A new tuple of one object, or of two if `second` is not NULL. Steals the references to them, and
   returns NULL if `first` is NULL. */
PyObject *tuple_of(PyObject *first, PyObject *second);

/* Makes a class and adds it to the module. The result is borrowed and never freed; NULL with an
   exception if the class cannot be made. */
PyTypeObject *add_class(PyObject *module, PyType_Spec *spec, PyObject *bases);

/* The end of a `tp_dealloc`: frees the memory, and drops the reference to the class. */
void free_instance(PyObject *self);

/* Counts for the function `counts` of the module. Any thread may call it. */
void count_deallocation(void);

/* Each adds the classes of one file. Return 0, or -1 with an exception. */
int add_numbers(PyObject *module);
int add_containers(PyObject *module);
int add_iteration(PyObject *module);
int add_attributes(PyObject *module);
int add_members(PyObject *module);
int add_methods(PyObject *module);
int add_lifetimes(PyObject *module);
int add_inheritance(PyObject *module);
int add_buffers(PyObject *module);

/* The functions of the module, each file's ended by one whose name is NULL. */
extern PyMethodDef inheritance_functions[];
extern PyMethodDef lifetime_functions[];
extern PyMethodDef inquiry_functions[];
extern PyMethodDef refusal_functions[];

#endif
