/* Objects, references, types, and the constants. A part of Python.h. */

#ifndef RUSTPYTHON_OBJECT_H
#define RUSTPYTHON_OBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _object PyObject;
typedef struct _typeobject PyTypeObject;
typedef struct _ts PyThreadState;
typedef struct _is PyInterpreterState;
typedef struct _frame PyFrameObject;
typedef struct PyCodeObject PyCodeObject;

typedef ptrdiff_t Py_ssize_t;
typedef Py_ssize_t Py_hash_t;
#define PY_SSIZE_T_MAX PTRDIFF_MAX
#define PY_SSIZE_T_MIN PTRDIFF_MIN

typedef int (*visitproc)(PyObject *object, void *arg);
typedef int (*traverseproc)(PyObject *self, visitproc visit, void *arg);
typedef int (*inquiry)(PyObject *self);
typedef void (*freefunc)(void *memory);

/* ---- refcount.h. Py_IncRef, Py_DecRef and the macros that call them do nothing for NULL. ---- */

void Py_IncRef(PyObject *object);
void Py_DecRef(PyObject *object);
PyObject *Py_NewRef(PyObject *object);
PyObject *Py_XNewRef(PyObject *object);
Py_ssize_t Py_REFCNT(PyObject *object);

#define Py_INCREF(object) Py_IncRef((PyObject *)(object))
#define Py_XINCREF(object) Py_IncRef((PyObject *)(object))
#define Py_DECREF(object) Py_DecRef((PyObject *)(object))
#define Py_XDECREF(object) Py_DecRef((PyObject *)(object))

/* Sets a `PyObject *` variable to NULL, and then drops the reference that it held. The order
   matters: a finalizer may read the variable. */
#define Py_CLEAR(object)                                                                           \
    do {                                                                                           \
        PyObject **const py_variable_ = &(object);                                                 \
        PyObject *const py_old_ = *py_variable_;                                                   \
        *py_variable_ = NULL;                                                                      \
        Py_DecRef(py_old_);                                                                        \
    } while (0)

/* Visits a reference, for use in a `traverseproc` with parameters named `visit` and `arg`. NULL is
   skipped. */
#define Py_VISIT(object)                                                                           \
    do {                                                                                           \
        if ((object) != NULL) {                                                                    \
            const int py_answer_ = visit((PyObject *)(object), arg);                               \
            if (py_answer_ != 0) {                                                                 \
                return py_answer_;                                                                 \
            }                                                                                      \
        }                                                                                          \
    } while (0)

/* ---- Constants ---- */

#define Py_CONSTANT_NONE 0
#define Py_CONSTANT_FALSE 1
#define Py_CONSTANT_TRUE 2
#define Py_CONSTANT_ELLIPSIS 3
#define Py_CONSTANT_NOT_IMPLEMENTED 4

PyObject *Py_GetConstant(unsigned int constant);
PyObject *Py_GetConstantBorrowed(unsigned int constant);

#define Py_None Py_GetConstantBorrowed(Py_CONSTANT_NONE)
#define Py_False Py_GetConstantBorrowed(Py_CONSTANT_FALSE)
#define Py_True Py_GetConstantBorrowed(Py_CONSTANT_TRUE)
#define Py_Ellipsis Py_GetConstantBorrowed(Py_CONSTANT_ELLIPSIS)
#define Py_NotImplemented Py_GetConstantBorrowed(Py_CONSTANT_NOT_IMPLEMENTED)

#define Py_RETURN_NONE return Py_GetConstant(Py_CONSTANT_NONE)
#define Py_RETURN_FALSE return Py_GetConstant(Py_CONSTANT_FALSE)
#define Py_RETURN_TRUE return Py_GetConstant(Py_CONSTANT_TRUE)
#define Py_RETURN_NOTIMPLEMENTED return Py_GetConstant(Py_CONSTANT_NOT_IMPLEMENTED)

int Py_Is(PyObject *left, PyObject *right);
int Py_IsNone(PyObject *object);
int Py_IsTrue(PyObject *object);
int Py_IsFalse(PyObject *object);

/* ---- Attributes and what every object can do ---- */

PyObject *PyObject_GetAttr(PyObject *object, PyObject *name);
PyObject *PyObject_GetAttrString(PyObject *object, const char *name);
int PyObject_GetOptionalAttr(PyObject *object, PyObject *name, PyObject **result);
int PyObject_GetOptionalAttrString(PyObject *object, const char *name, PyObject **result);
int PyObject_SetAttr(PyObject *object, PyObject *name, PyObject *value);
int PyObject_SetAttrString(PyObject *object, const char *name, PyObject *value);
int PyObject_DelAttr(PyObject *object, PyObject *name);
int PyObject_DelAttrString(PyObject *object, const char *name);
int PyObject_HasAttr(PyObject *object, PyObject *name);
int PyObject_HasAttrString(PyObject *object, const char *name);
int PyObject_HasAttrWithError(PyObject *object, PyObject *name);
int PyObject_HasAttrStringWithError(PyObject *object, const char *name);
PyObject *PyObject_GenericGetAttr(PyObject *object, PyObject *name);
int PyObject_GenericSetAttr(PyObject *object, PyObject *name, PyObject *value);
PyObject *PyObject_GenericGetDict(PyObject *object, void *context);
int PyObject_GenericSetDict(PyObject *object, PyObject *value, void *context);

PyObject *PyObject_Repr(PyObject *object);
PyObject *PyObject_Str(PyObject *object);
PyObject *PyObject_ASCII(PyObject *object);
PyObject *PyObject_Bytes(PyObject *object);
PyObject *PyObject_Dir(PyObject *object);
Py_hash_t PyObject_Hash(PyObject *object);
Py_hash_t PyObject_HashNotImplemented(PyObject *object);
int PyObject_IsTrue(PyObject *object);
int PyObject_Not(PyObject *object);
PyObject *PyObject_SelfIter(PyObject *object);
int PyCallable_Check(PyObject *object);
void PyObject_ClearWeakRefs(PyObject *object);
int Py_ReprEnter(PyObject *object);
void Py_ReprLeave(PyObject *object);

#define Py_LT 0
#define Py_LE 1
#define Py_EQ 2
#define Py_NE 3
#define Py_GT 4
#define Py_GE 5

PyObject *PyObject_RichCompare(PyObject *left, PyObject *right, int operation);
int PyObject_RichCompareBool(PyObject *left, PyObject *right, int operation);

/* ---- Types. Py_TYPE returns a borrowed reference. ---- */

PyTypeObject *Py_TYPE(PyObject *object);
int Py_IS_TYPE(PyObject *object, PyTypeObject *type);
int PyObject_TypeCheck(PyObject *object, PyTypeObject *type);
int PyType_Check(PyObject *object);
int PyType_CheckExact(PyObject *object);
unsigned long PyType_GetFlags(PyTypeObject *type);
int PyType_IsSubtype(PyTypeObject *type, PyTypeObject *base);
PyObject *PyType_GetName(PyTypeObject *type);
PyObject *PyType_GetQualName(PyTypeObject *type);
PyObject *PyType_GetModuleName(PyTypeObject *type);
PyObject *PyType_GetFullyQualifiedName(PyTypeObject *type);

#ifdef __cplusplus
}
#endif

#endif
