/* The objects of the interpreter that are data symbols: classes and constants. A part of Python.h.

   The address of such a symbol is the object itself, in every interpreter and on every thread, so
   `Py_TYPE(object) == &PyLong_Type` is true for an `int`. The address can be used in initializers of
   static variables. The symbols exist for shared libraries that `import` loads; a program that embeds
   the interpreter cannot use them itself. On a system where the interpreter cannot define them, the
   import of a module that uses one raises ImportError with the reason. */

#ifndef RUSTPYTHON_TYPESYMBOLS_H
#define RUSTPYTHON_TYPESYMBOLS_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Classes: the basic ones. pycapsule.h declares PyCapsule_Type. ---- */

extern PyTypeObject PyBaseObject_Type;
extern PyTypeObject PyType_Type;
extern PyTypeObject PySuper_Type;
extern PyTypeObject PyProperty_Type;
extern PyTypeObject PyModule_Type;

/* ---- Numbers ---- */

extern PyTypeObject PyBool_Type;
extern PyTypeObject PyLong_Type;
extern PyTypeObject PyFloat_Type;
extern PyTypeObject PyComplex_Type;

/* ---- Bytes and text ---- */

extern PyTypeObject PyBytes_Type;
extern PyTypeObject PyByteArray_Type;
extern PyTypeObject PyMemoryView_Type;
extern PyTypeObject PyUnicode_Type;

/* ---- Containers ---- */

extern PyTypeObject PyTuple_Type;
extern PyTypeObject PyList_Type;
extern PyTypeObject PyDict_Type;
extern PyTypeObject PySet_Type;
extern PyTypeObject PyFrozenSet_Type;
extern PyTypeObject PyRange_Type;
extern PyTypeObject PySlice_Type;
extern PyTypeObject PyDictKeys_Type;
extern PyTypeObject PyDictValues_Type;
extern PyTypeObject PyDictItems_Type;
extern PyTypeObject PyDictProxy_Type;

/* ---- Iterators ---- */

extern PyTypeObject PyEnum_Type;
extern PyTypeObject PyFilter_Type;
extern PyTypeObject PyMap_Type;
extern PyTypeObject PyReversed_Type;
extern PyTypeObject PyZip_Type;
extern PyTypeObject PySeqIter_Type;
extern PyTypeObject PyCallIter_Type;
extern PyTypeObject PyByteArrayIter_Type;
extern PyTypeObject PyBytesIter_Type;
extern PyTypeObject PyDictIterItem_Type;
extern PyTypeObject PyDictIterKey_Type;
extern PyTypeObject PyDictIterValue_Type;
extern PyTypeObject PyDictRevIterItem_Type;
extern PyTypeObject PyDictRevIterKey_Type;
extern PyTypeObject PyDictRevIterValue_Type;
extern PyTypeObject PyListIter_Type;
extern PyTypeObject PyListRevIter_Type;
extern PyTypeObject PyLongRangeIter_Type;
extern PyTypeObject PyRangeIter_Type;
extern PyTypeObject PySetIter_Type;
extern PyTypeObject PyTupleIter_Type;
extern PyTypeObject PyUnicodeIter_Type;

/* ---- Functions and descriptors ---- */

extern PyTypeObject PyCFunction_Type;
extern PyTypeObject PyMethodDescr_Type;
extern PyTypeObject PyClassMethodDescr_Type;
extern PyTypeObject PyGetSetDescr_Type;
extern PyTypeObject PyMemberDescr_Type;
extern PyTypeObject PyWrapperDescr_Type;

/* ---- Others ---- */

extern PyTypeObject PyEllipsis_Type;
extern PyTypeObject PyTraceBack_Type;
extern PyTypeObject Py_GenericAliasType;
extern PyTypeObject _PyWeakref_RefType;
extern PyTypeObject _PyWeakref_ProxyType;
extern PyTypeObject _PyWeakref_CallableProxyType;

/* ---- Constants ---- */

extern PyObject _Py_EllipsisObject;
extern PyObject _Py_FalseStruct;
extern PyObject _Py_NoneStruct;
extern PyObject _Py_NotImplementedStruct;
extern PyObject _Py_TrueStruct;

/* ---- OSError under its old names. They share the variable of PyExc_OSError. ---- */

extern PyObject *PyExc_EnvironmentError;
extern PyObject *PyExc_IOError;

#ifdef __cplusplus
}
#endif

#endif
