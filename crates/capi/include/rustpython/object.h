/* Objects, references, the constants, and classes. A part of Python.h. */

#ifndef RUSTPYTHON_OBJECT_H
#define RUSTPYTHON_OBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _object PyObject;
typedef struct PyVarObject PyVarObject; /* an object with a number of items */
typedef struct _typeobject PyTypeObject;
typedef struct PyModuleDef PyModuleDef;
typedef struct PySlot PySlot;
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

typedef enum { PYGEN_RETURN = 0, PYGEN_ERROR = -1, PYGEN_NEXT = 1 } PySendResult;

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

/* Returns from a `richcmpfunc` what `left operation right` is for two numbers. */
#define Py_RETURN_RICHCOMPARE(left, right, operation)                                              \
    do {                                                                                           \
        const int py_order_ = ((left) > (right)) - ((left) < (right));                             \
        const int py_holds_ = (operation) == Py_EQ   ? (left) == (right)                           \
                              : (operation) == Py_NE ? (left) != (right)                           \
                              : (operation) == Py_LT ? py_order_ < 0                               \
                              : (operation) == Py_LE ? (left) <= (right)                           \
                              : (operation) == Py_GT ? py_order_ > 0                               \
                                                     : (left) >= (right);                          \
        return Py_GetConstant(py_holds_ ? Py_CONSTANT_TRUE : Py_CONSTANT_FALSE);                   \
    } while (0)

/* ---- Types of the functions of a class. typeslots.h says which slot has which type. ---- */

typedef PyObject *(*unaryfunc)(PyObject *self);
typedef PyObject *(*binaryfunc)(PyObject *left, PyObject *right);
typedef PyObject *(*ternaryfunc)(PyObject *first, PyObject *second, PyObject *third);
typedef Py_ssize_t (*lenfunc)(PyObject *self);
typedef PyObject *(*ssizeargfunc)(PyObject *self, Py_ssize_t index);
typedef PyObject *(*ssizessizeargfunc)(PyObject *self, Py_ssize_t low, Py_ssize_t high);
/* In the following types `value` is NULL where something is deleted. */
typedef int (*ssizeobjargproc)(PyObject *self, Py_ssize_t index, PyObject *value);
typedef int (*ssizessizeobjargproc)(PyObject *self, Py_ssize_t low, Py_ssize_t high,
                                    PyObject *value);
typedef int (*objobjargproc)(PyObject *self, PyObject *key, PyObject *value);
typedef int (*setattrfunc)(PyObject *self, char *name, PyObject *value);
typedef int (*setattrofunc)(PyObject *self, PyObject *name, PyObject *value);
typedef int (*descrsetfunc)(PyObject *self, PyObject *instance, PyObject *value);
typedef int (*objobjproc)(PyObject *self, PyObject *value);
typedef PyObject *(*getattrfunc)(PyObject *self, char *name);
typedef PyObject *(*getattrofunc)(PyObject *self, PyObject *name);
typedef PyObject *(*reprfunc)(PyObject *self);
typedef Py_hash_t (*hashfunc)(PyObject *self);
typedef PyObject *(*richcmpfunc)(PyObject *self, PyObject *other, int operation);
typedef PyObject *(*getiterfunc)(PyObject *self);
/* Returns NULL without an exception at the end. */
typedef PyObject *(*iternextfunc)(PyObject *self);
typedef PySendResult (*sendfunc)(PyObject *self, PyObject *value, PyObject **result);
typedef PyObject *(*descrgetfunc)(PyObject *self, PyObject *instance, PyObject *owner);
typedef PyObject *(*newfunc)(PyTypeObject *type, PyObject *args, PyObject *kwargs);
typedef int (*initproc)(PyObject *self, PyObject *args, PyObject *kwargs);
typedef PyObject *(*allocfunc)(PyTypeObject *type, Py_ssize_t count);
typedef void (*destructor)(PyObject *self);
typedef PyObject *(*vectorcallfunc)(PyObject *callable, PyObject *const *args, size_t count,
                                    PyObject *names);

/* ---- Flags of classes. The following can be set. ---- */

#define Py_TPFLAGS_DEFAULT 0
#define Py_TPFLAGS_MANAGED_WEAKREF (1UL << 3) /* instances can have weak references */
#define Py_TPFLAGS_MANAGED_DICT (1UL << 4)    /* instances have a __dict__ */
#define Py_TPFLAGS_SEQUENCE (1UL << 5)        /* `match` takes instances for sequences */
#define Py_TPFLAGS_MAPPING (1UL << 6)         /* `match` takes instances for mappings */
#define Py_TPFLAGS_DISALLOW_INSTANTIATION (1UL << 7)
#define Py_TPFLAGS_IMMUTABLETYPE (1UL << 8)
#define Py_TPFLAGS_BASETYPE (1UL << 10) /* the class can have subclasses */
#define Py_TPFLAGS_HAVE_VECTORCALL (1UL << 11)
#define Py_TPFLAGS_HAVE_GC (1UL << 14) /* the class has a `traverseproc` */
#define Py_TPFLAGS_METHOD_DESCRIPTOR (1UL << 17)
#define Py_TPFLAGS_IS_ABSTRACT (1UL << 20)
#define Py_TPFLAGS_ITEMS_AT_END (1UL << 23)

/* These have no effect any more. */
#define Py_TPFLAGS_HAVE_FINALIZE (1UL << 0)
#define Py_TPFLAGS_HAVE_STACKLESS_EXTENSION 0
#define Py_TPFLAGS_HAVE_VERSION_TAG (1UL << 18)
#define Py_TPFLAGS_VALID_VERSION_TAG (1UL << 19)

/* The interpreter sets these. */
#define Py_TPFLAGS_HEAPTYPE (1UL << 9)
#define Py_TPFLAGS_READY (1UL << 12)
#define Py_TPFLAGS_READYING (1UL << 13)
#define Py_TPFLAGS_LONG_SUBCLASS (1UL << 24)
#define Py_TPFLAGS_LIST_SUBCLASS (1UL << 25)
#define Py_TPFLAGS_TUPLE_SUBCLASS (1UL << 26)
#define Py_TPFLAGS_BYTES_SUBCLASS (1UL << 27)
#define Py_TPFLAGS_UNICODE_SUBCLASS (1UL << 28)
#define Py_TPFLAGS_DICT_SUBCLASS (1UL << 29)
#define Py_TPFLAGS_BASE_EXC_SUBCLASS (1UL << 30)
#define Py_TPFLAGS_TYPE_SUBCLASS (1UL << 31)

/* ---- The type of an object. Py_TYPE returns a borrowed reference. ---- */

PyTypeObject *Py_TYPE(PyObject *object);
int Py_IS_TYPE(PyObject *object, PyTypeObject *type);
int PyObject_TypeCheck(PyObject *object, PyTypeObject *type);
int PyType_Check(PyObject *object);
int PyType_CheckExact(PyObject *object);
unsigned long PyType_GetFlags(PyTypeObject *type);
int PyType_HasFeature(PyTypeObject *type, unsigned long flags);
int PyType_IsSubtype(PyTypeObject *type, PyTypeObject *base);
PyObject *PyType_GetName(PyTypeObject *type);
PyObject *PyType_GetQualName(PyTypeObject *type);
PyObject *PyType_GetModuleName(PyTypeObject *type);
PyObject *PyType_GetFullyQualifiedName(PyTypeObject *type);

/* ---- Making classes. The name of a class has the form "module.Name". typeslots.h has the ids of
   the slots. After the call, C code may change or free an array of PySlot and what it points to,
   except the data of slots with PySlot_STATIC. `bases` is a class, a tuple of classes or NULL. ---- */

typedef struct PyType_Slot {
    int slot; /* 0 ends the array */
    void *pfunc;
} PyType_Slot;

typedef struct PyType_Spec {
    const char *name;
    int basicsize; /* 0: that of the base; negative: as many bytes more than the base */
    int itemsize;
    unsigned int flags;
    PyType_Slot *slots;
} PyType_Spec;

PyObject *PyType_FromSlots(const PySlot *slots);
PyObject *PyType_FromSpec(PyType_Spec *spec);
PyObject *PyType_FromSpecWithBases(PyType_Spec *spec, PyObject *bases);
PyObject *PyType_FromModuleAndSpec(PyObject *module, PyType_Spec *spec, PyObject *bases);
PyObject *PyType_FromMetaclass(PyTypeObject *metaclass, PyObject *module, PyType_Spec *spec,
                               PyObject *bases);
int PyType_Ready(PyTypeObject *type);
int PyType_Freeze(PyTypeObject *type);
void PyType_Modified(PyTypeObject *type);
unsigned int PyType_ClearCache(void);

/* ---- What C code has put into a class and its instances. PyType_GetModule returns a borrowed
   reference. The functions that end in _DuringGC may be called in a `traverseproc`; they return
   borrowed references. A size is in bytes. ---- */

void *PyType_GetSlot(PyTypeObject *type, int slot);
void *PyObject_GetTypeData(PyObject *object, PyTypeObject *type);
void *PyObject_GetTypeData_DuringGC(PyObject *object, PyTypeObject *type);
Py_ssize_t PyType_GetTypeDataSize(PyTypeObject *type);
PyObject *PyType_GetModule(PyTypeObject *type);
PyObject *PyType_GetModule_DuringGC(PyTypeObject *type);
void *PyType_GetModuleState(PyTypeObject *type);
void *PyType_GetModuleState_DuringGC(PyTypeObject *type);
PyObject *PyType_GetModuleByToken(PyTypeObject *type, const void *token);
PyObject *PyType_GetModuleByToken_DuringGC(PyTypeObject *type, const void *token);
int PyType_GetBaseByToken(PyTypeObject *type, void *token, PyTypeObject **result);
int PyType_GetBaseByToken_DuringGC(PyTypeObject *type, void *token, PyTypeObject **result);

/* ---- Making and finalizing instances ---- */

PyObject *PyType_GenericNew(PyTypeObject *type, PyObject *args, PyObject *kwargs);
PyObject *PyType_GenericAlloc(PyTypeObject *type, Py_ssize_t count);
void PyObject_CallFinalizer(PyObject *object);
int PyObject_CallFinalizerFromDealloc(PyObject *object);

#ifdef __cplusplus
}
#endif

#endif
