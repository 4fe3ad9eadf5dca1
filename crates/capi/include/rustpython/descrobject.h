/* Attributes that C code defines: members, getters and setters. A part of Python.h. */

#ifndef RUSTPYTHON_DESCROBJECT_H
#define RUSTPYTHON_DESCROBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Getters and setters. `value` is NULL if the attribute is deleted. ---- */

typedef PyObject *(*getter)(PyObject *self, void *closure);
typedef int (*setter)(PyObject *self, PyObject *value, void *closure);

/* An array of definitions ends with one whose name is NULL. */
typedef struct PyGetSetDef {
    const char *name;
    getter get;      /* NULL: the attribute cannot be read */
    setter set;      /* NULL: the attribute is read-only */
    const char *doc; /* or NULL */
    void *closure;
} PyGetSetDef;

/* ---- Members: attributes that are stored in the C data of an instance. An object has no layout
   that C code could know, so a member needs Py_RELATIVE_OFFSET: its offset, in bytes, is that in
   what PyObject_GetTypeData returns. Members named __dictoffset__, __weaklistoffset__ and
   __vectorcalloffset__ tell the interpreter where the class keeps these. ---- */

/* An array of definitions ends with one whose name is NULL. */
typedef struct PyMemberDef {
    const char *name;
    int type;
    Py_ssize_t offset;
    int flags;
    const char *doc; /* or NULL */
} PyMemberDef;

#define Py_T_SHORT 0
#define Py_T_INT 1
#define Py_T_LONG 2
#define Py_T_FLOAT 3
#define Py_T_DOUBLE 4
#define Py_T_STRING 5 /* const char *; read-only; None if NULL */
#define _Py_T_OBJECT 6 /* PyObject *; None if NULL */
#define Py_T_CHAR 7 /* char; a str of one character */
#define Py_T_BYTE 8 /* signed char */
#define Py_T_UBYTE 9
#define Py_T_USHORT 10
#define Py_T_UINT 11
#define Py_T_ULONG 12
#define Py_T_STRING_INPLACE 13 /* char[]; read-only */
#define Py_T_BOOL 14 /* char; 0 or 1 */
#define Py_T_OBJECT_EX 16 /* PyObject *; AttributeError if NULL */
#define Py_T_LONGLONG 17
#define Py_T_ULONGLONG 18
#define Py_T_PYSSIZET 19
#define _Py_T_NONE 20 /* always None */

#define Py_READONLY 1
#define Py_AUDIT_READ 2
#define _Py_WRITE_RESTRICTED 4 /* has no effect any more */
#define Py_RELATIVE_OFFSET 8

PyObject *PyMember_GetOne(const char *data, PyMemberDef *definition);
int PyMember_SetOne(char *data, PyMemberDef *definition, PyObject *value);

/* ---- Descriptors. A definition must live as long as the descriptor. ---- */

PyObject *PyDescr_NewMethod(PyTypeObject *type, PyMethodDef *definition);
PyObject *PyDescr_NewClassMethod(PyTypeObject *type, PyMethodDef *definition);
PyObject *PyDescr_NewMember(PyTypeObject *type, PyMemberDef *definition);
PyObject *PyDescr_NewGetSet(PyTypeObject *type, PyGetSetDef *definition);
PyObject *PyDictProxy_New(PyObject *mapping);
PyObject *PyWrapper_New(PyObject *descriptor, PyObject *self);

#ifdef __cplusplus
}
#endif

#endif
