/* Stands in for crates/capi/include/Python.h and pycapsule.h until they are there. */
#ifndef INTERIM_PYTHON_H
#define INTERIM_PYTHON_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define RUSTPYTHON_CAPI 1

typedef struct _object PyObject;
typedef intptr_t Py_ssize_t;
typedef PyObject *(*PyCFunction)(PyObject *, PyObject *);
typedef PyObject *(*PyCFunctionWithKeywords)(PyObject *, PyObject *, PyObject *);
typedef PyObject *(*PyCFunctionFast)(PyObject *, PyObject *const *, Py_ssize_t);
typedef PyObject *(*PyCFunctionFastWithKeywords)(PyObject *, PyObject *const *, Py_ssize_t,
                                                 PyObject *);
typedef int (*visitproc)(PyObject *, void *);
typedef int (*traverseproc)(PyObject *, visitproc, void *);
typedef int (*inquiry)(PyObject *);
typedef void (*freefunc)(void *);
typedef void (*_Py_funcptr_t)(void);

#define _PyCFunction_CAST(f) ((PyCFunction)(void (*)(void))(f))
#define METH_VARARGS 0x0001
#define METH_KEYWORDS 0x0002
#define METH_NOARGS 0x0004
#define METH_O 0x0008
#define METH_CLASS 0x0010
#define METH_STATIC 0x0020
#define METH_COEXIST 0x0040
#define METH_FASTCALL 0x0080
#define METH_METHOD 0x0200

typedef struct PyMethodDef {
    const char *ml_name;
    PyCFunction ml_meth;
    int ml_flags;
    const char *ml_doc;
} PyMethodDef;

typedef struct PyABIInfo {
    uint8_t abiinfo_major_version, abiinfo_minor_version;
    uint16_t flags;
    uint32_t build_version, abi_version;
} PyABIInfo;
#define PyABIInfo_STABLE 0x1
#define PyABIInfo_GIL 0x2
#define PyABIInfo_FREETHREADED 0x4
#define PyABIInfo_INTERNAL 0x8
#define PyABIInfo_FREETHREADING_AGNOSTIC (PyABIInfo_GIL | PyABIInfo_FREETHREADED)
#define PyABIInfo_VAR(name)                                                                        \
    static PyABIInfo name = {1, 0, PyABIInfo_STABLE | PyABIInfo_FREETHREADING_AGNOSTIC,            \
                             0x030f0000, 0x030f0000}

typedef struct PySlot {
    uint16_t sl_id, sl_flags;
    uint32_t sl_reserved;
    union {
        void *sl_ptr;
        _Py_funcptr_t sl_func;
        Py_ssize_t sl_size;
        int64_t sl_int64;
        uint64_t sl_uint64;
    };
} PySlot;
#define PySlot_OPTIONAL 0x1
#define PySlot_STATIC 0x2
#define PySlot_INTPTR 0x4
#define PySlot_DATA(id, value) {.sl_id = (id), .sl_ptr = (void *)(value)}
#define PySlot_STATIC_DATA(id, value)                                                              \
    {.sl_id = (id), .sl_flags = PySlot_STATIC, .sl_ptr = (void *)(value)}
#define PySlot_FUNC(id, value) {.sl_id = (id), .sl_func = (_Py_funcptr_t)(value)}
#define PySlot_SIZE(id, value) {.sl_id = (id), .sl_size = (Py_ssize_t)(value)}
#define PySlot_PTR(id, value) {.sl_id = (id), .sl_flags = PySlot_INTPTR, .sl_ptr = (void *)(value)}
#define PySlot_END {0}

typedef struct PyModuleDef_Slot {
    int slot;
    void *value;
} PyModuleDef_Slot;

#define Py_mod_create 84
#define Py_mod_exec 85
#define Py_mod_multiple_interpreters 86
#define Py_mod_gil 87
#define Py_slot_subslots 92
#define Py_mod_slots 94
#define Py_mod_name 100
#define Py_mod_doc 101
#define Py_mod_state_size 102
#define Py_mod_methods 103
#define Py_mod_state_traverse 104
#define Py_mod_state_clear 105
#define Py_mod_state_free 106
#define Py_mod_abi 109
#define Py_mod_token 110
#define Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED ((void *)0)
#define Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED ((void *)1)
#define Py_MOD_PER_INTERPRETER_GIL_SUPPORTED ((void *)2)
#define Py_MOD_GIL_USED ((void *)0)
#define Py_MOD_GIL_NOT_USED ((void *)1)
#define PyMODEXPORT_FUNC __attribute__((visibility("default"))) PySlot *

extern PyObject *PyExc_ImportError, *PyExc_KeyError, *PyExc_RuntimeError, *PyExc_ValueError,
    *PyExc_TypeError, *PyExc_SystemError, *PyExc_Exception;

void Py_IncRef(PyObject *);
void Py_DecRef(PyObject *);
Py_ssize_t Py_REFCNT(PyObject *);
PyObject *Py_GetConstantBorrowed(unsigned int);
#define Py_CONSTANT_NONE 0
#define Py_None Py_GetConstantBorrowed(Py_CONSTANT_NONE)
#define Py_INCREF(o) Py_IncRef(o)
#define Py_DECREF(o) Py_DecRef(o)
#define Py_XDECREF(o) Py_DecRef(o)
static inline PyObject *Py_NewRef(PyObject *o) { Py_IncRef(o); return o; }
#define Py_RETURN_NONE return Py_NewRef(Py_None)

PyObject *PyErr_Occurred(void);
PyObject *PyErr_GetRaisedException(void);
void PyErr_SetRaisedException(PyObject *);
void PyErr_SetString(PyObject *, const char *);
static inline void PyErr_Clear(void) { Py_DecRef(PyErr_GetRaisedException()); }
PyObject *PyException_GetCause(PyObject *);
PyObject *PyException_GetContext(PyObject *);
PyObject *PyLong_FromLong(long);
PyObject *PyLong_FromVoidPtr(void *);
PyObject *PyLong_FromSsize_t(Py_ssize_t);
long PyLong_AsLong(PyObject *);
void *PyLong_AsVoidPtr(PyObject *);
PyObject *PyUnicode_FromString(const char *);
const char *PyUnicode_AsUTF8AndSize(PyObject *, Py_ssize_t *);
PyObject *PyBytes_FromString(const char *);
char *PyBytes_AsString(PyObject *);
PyObject *PyTuple_FromArray(PyObject *const *, Py_ssize_t);
PyObject *PyList_AsTuple(PyObject *);
PyObject *PyTuple_GetItem(PyObject *, Py_ssize_t);
Py_ssize_t PyTuple_Size(PyObject *);
PyObject *PyList_New(Py_ssize_t);
int PyList_Append(PyObject *, PyObject *);
PyObject *PyDict_New(void);
int PyDict_SetItemString(PyObject *, const char *, PyObject *);
PyObject *PyObject_GetAttrString(PyObject *, const char *);
int PyObject_SetAttrString(PyObject *, const char *, PyObject *);
PyObject *PyObject_CallNoArgs(PyObject *);
PyObject *PyObject_CallObject(PyObject *, PyObject *);
PyObject *PyObject_Repr(PyObject *);
PyObject *PyObject_Str(PyObject *);
PyObject *PyObject_Type(PyObject *);
PyObject *PyImport_Import(PyObject *);
PyObject *PyEval_GetBuiltins(void);
Py_ssize_t PyGC_Collect(void);
typedef int PyGILState_STATE;
PyGILState_STATE PyGILState_Ensure(void);
void PyGILState_Release(PyGILState_STATE);

PyObject *PyModule_FromSlotsAndSpec(const PySlot *, PyObject *);
int PyModule_Exec(PyObject *);
void *PyModule_GetState(PyObject *);
int PyModule_GetStateSize(PyObject *, Py_ssize_t *);
int PyModule_GetToken(PyObject *, void **);
PyObject *PyModule_NewObject(PyObject *);
PyObject *PyCFunction_New(PyMethodDef *, PyObject *);
PyObject *PyCFunction_NewEx(PyMethodDef *, PyObject *, PyObject *);
int PyABIInfo_Check(PyABIInfo *, const char *);

typedef void (*PyCapsule_Destructor)(PyObject *);
PyObject *PyCapsule_New(void *, const char *, PyCapsule_Destructor);
void *PyCapsule_GetPointer(PyObject *, const char *);
const char *PyCapsule_GetName(PyObject *);
void *PyCapsule_GetContext(PyObject *);
PyCapsule_Destructor PyCapsule_GetDestructor(PyObject *);
int PyCapsule_IsValid(PyObject *, const char *);
int PyCapsule_CheckExact(PyObject *);
int PyCapsule_SetPointer(PyObject *, void *);
int PyCapsule_SetName(PyObject *, const char *);
int PyCapsule_SetContext(PyObject *, void *);
int PyCapsule_SetDestructor(PyObject *, PyCapsule_Destructor);
void *PyCapsule_Import(const char *, int);
int _PyCapsule_SetTraverse(PyObject *, traverseproc, inquiry);
void *PyCapsuleRs_Claim(PyObject *, const char *, const char *);
PyObject *PyCapsuleRs_ImportCapsule(const char *);

PyObject *PyDict_GetItemString(PyObject *, const char *);
static inline PyObject *PyObject_CallOneArg(PyObject *callable, PyObject *argument) {
    PyObject *arguments = PyTuple_FromArray(&argument, 1);
    PyObject *answer = PyObject_CallObject(callable, arguments);
    Py_DecRef(arguments);
    return answer;
}
void *PyCapsuleRs_GetVouchedPointer(PyObject *, const char *, int *);
int PyObject_IsTrue(PyObject *);
Py_ssize_t PyObject_Hash(PyObject *);
#endif
