/* Functions and methods that C code defines. A part of Python.h. */

#ifndef RUSTPYTHON_METHODOBJECT_H
#define RUSTPYTHON_METHODOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* The flags of a function say how it takes its arguments: METH_NOARGS, METH_O, METH_VARARGS or
   METH_FASTCALL. METH_VARARGS and METH_FASTCALL may be combined with METH_KEYWORDS. A method of a
   class may also have METH_METHOD | METH_FASTCALL | METH_KEYWORDS. */

#define METH_VARARGS 0x0001
#define METH_KEYWORDS 0x0002
#define METH_NOARGS 0x0004
#define METH_O 0x0008
#define METH_FASTCALL 0x0080
#define METH_METHOD 0x0200

/* For methods of a class. A function with METH_CLASS gets the class as `self`, one with METH_STATIC
   gets NULL. Without METH_COEXIST a slot of the class has precedence over a method of the same
   name. */
#define METH_CLASS 0x0010
#define METH_STATIC 0x0020
#define METH_COEXIST 0x0040

/* METH_VARARGS (a tuple), METH_NOARGS (NULL), METH_O (the argument) */
typedef PyObject *(*PyCFunction)(PyObject *self, PyObject *args);
/* METH_VARARGS | METH_KEYWORDS */
typedef PyObject *(*PyCFunctionWithKeywords)(PyObject *self, PyObject *args, PyObject *kwargs);
/* METH_FASTCALL */
typedef PyObject *(*PyCFunctionFast)(PyObject *self, PyObject *const *args, Py_ssize_t count);
/* METH_FASTCALL | METH_KEYWORDS */
typedef PyObject *(*PyCFunctionFastWithKeywords)(PyObject *self, PyObject *const *args,
                                                 Py_ssize_t count, PyObject *names);
/* METH_METHOD | METH_FASTCALL | METH_KEYWORDS. `defining_class` is the class whose array of methods
   has the function; `self` may be an instance of a subclass. */
typedef PyObject *(*PyCMethod)(PyObject *self, PyTypeObject *defining_class, PyObject *const *args,
                               size_t count, PyObject *names);

/* The definition of a function. An array of definitions ends with one whose name is NULL. */
typedef struct PyMethodDef {
    const char *ml_name;
    PyCFunction ml_meth; /* if it is of another type, cast it through `void (*)(void)` */
    int ml_flags;
    const char *ml_doc; /* or NULL */
} PyMethodDef;

PyObject *PyCFunction_New(PyMethodDef *definition, PyObject *self);
PyObject *PyCFunction_NewEx(PyMethodDef *definition, PyObject *self, PyObject *module);
PyObject *PyCMethod_New(PyMethodDef *definition, PyObject *self, PyObject *module,
                        PyTypeObject *type);
PyCFunction PyCFunction_GetFunction(PyObject *function);
PyObject *PyCFunction_GetSelf(PyObject *function); /* borrowed; NULL if there is none */
int PyCFunction_GetFlags(PyObject *function);
int PyCFunction_Check(PyObject *object);
int PyCFunction_CheckExact(PyObject *object);

#ifdef __cplusplus
}
#endif

#endif
