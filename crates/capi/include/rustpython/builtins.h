/* The builtin classes except `str`. A part of Python.h. */

#ifndef RUSTPYTHON_BUILTINS_H
#define RUSTPYTHON_BUILTINS_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- bool, float, complex ---- */

int PyBool_Check(PyObject *object);
PyObject *PyBool_FromLong(long value);

int PyFloat_Check(PyObject *object);
int PyFloat_CheckExact(PyObject *object);
PyObject *PyFloat_FromDouble(double value);
PyObject *PyFloat_FromString(PyObject *object);
double PyFloat_AsDouble(PyObject *object);
double PyFloat_GetMax(void);
double PyFloat_GetMin(void);
PyObject *PyFloat_GetInfo(void);

int PyComplex_Check(PyObject *object);
int PyComplex_CheckExact(PyObject *object);
PyObject *PyComplex_FromDoubles(double real, double imag);
double PyComplex_RealAsDouble(PyObject *object);
double PyComplex_ImagAsDouble(PyObject *object);

/* ---- int ---- */

int PyLong_Check(PyObject *object);
int PyLong_CheckExact(PyObject *object);
PyObject *PyLong_FromLong(long value);
PyObject *PyLong_FromLongLong(long long value);
PyObject *PyLong_FromUnsignedLong(unsigned long value);
PyObject *PyLong_FromUnsignedLongLong(unsigned long long value);
PyObject *PyLong_FromSsize_t(Py_ssize_t value);
PyObject *PyLong_FromSize_t(size_t value);
PyObject *PyLong_FromInt32(int32_t value);
PyObject *PyLong_FromInt64(int64_t value);
PyObject *PyLong_FromUInt32(uint32_t value);
PyObject *PyLong_FromUInt64(uint64_t value);
PyObject *PyLong_FromDouble(double value);
PyObject *PyLong_FromVoidPtr(void *memory);
PyObject *PyLong_FromString(const char *text, char **end, int base);
long PyLong_AsLong(PyObject *object);
long long PyLong_AsLongLong(PyObject *object);
unsigned long PyLong_AsUnsignedLong(PyObject *object);
unsigned long long PyLong_AsUnsignedLongLong(PyObject *object);
unsigned long PyLong_AsUnsignedLongMask(PyObject *object);
unsigned long long PyLong_AsUnsignedLongLongMask(PyObject *object);
Py_ssize_t PyLong_AsSsize_t(PyObject *object);
size_t PyLong_AsSize_t(PyObject *object);
int PyLong_AsInt(PyObject *object);
int PyLong_AsInt32(PyObject *object, int32_t *out);
int PyLong_AsInt64(PyObject *object, int64_t *out);
int PyLong_AsUInt32(PyObject *object, uint32_t *out);
int PyLong_AsUInt64(PyObject *object, uint64_t *out);
double PyLong_AsDouble(PyObject *object);
void *PyLong_AsVoidPtr(PyObject *object);

#define Py_ASNATIVEBYTES_DEFAULTS (-1)
#define Py_ASNATIVEBYTES_BIG_ENDIAN 0
#define Py_ASNATIVEBYTES_LITTLE_ENDIAN 1
#define Py_ASNATIVEBYTES_NATIVE_ENDIAN 3
#define Py_ASNATIVEBYTES_UNSIGNED_BUFFER 4
#define Py_ASNATIVEBYTES_REJECT_NEGATIVE 8
#define Py_ASNATIVEBYTES_ALLOW_INDEX 16

PyObject *PyLong_FromNativeBytes(const void *buffer, size_t size, int flags);
PyObject *PyLong_FromUnsignedNativeBytes(const void *buffer, size_t size, int flags);
Py_ssize_t PyLong_AsNativeBytes(PyObject *object, void *buffer, Py_ssize_t size, int flags);

/* ---- bytes. The address that PyBytes_AsString and PyBytes_AsStringAndSize return belongs to the
   object: it is the same at each call, and valid as long as the object lives. A NUL follows the
   bytes; PyBytes_Size does not count it. If PyBytes_FromStringAndSize gets NULL, the new object has
   zeros, and C code may overwrite them until it shares the object. Other bytes must not be changed.
   If `length` is NULL, PyBytes_AsStringAndSize raises ValueError for bytes that
   contain a NUL. ---- */

int PyBytes_Check(PyObject *object);
int PyBytes_CheckExact(PyObject *object);
PyObject *PyBytes_FromString(const char *text);
PyObject *PyBytes_FromStringAndSize(const char *bytes, Py_ssize_t length);
PyObject *PyBytes_FromObject(PyObject *object);
Py_ssize_t PyBytes_Size(PyObject *bytes);
char *PyBytes_AsString(PyObject *bytes);
int PyBytes_AsStringAndSize(PyObject *object, char **buffer, Py_ssize_t *length);

/* ---- bytearray. The address that PyByteArray_AsString returns belongs to the object: it is the
   same at each call, and valid until the length of the bytearray changes. A NUL follows the bytes.
   C code may change the bytes, but not the NUL. PyByteArray_AsString raises BufferError if there is
   no room for the NUL and the bytes cannot be moved because of an exported buffer, such as a
   memoryview. ---- */

int PyByteArray_Check(PyObject *object);
int PyByteArray_CheckExact(PyObject *object);
PyObject *PyByteArray_FromStringAndSize(const char *bytes, Py_ssize_t length);
PyObject *PyByteArray_FromObject(PyObject *object);
Py_ssize_t PyByteArray_Size(PyObject *bytearray);
char *PyByteArray_AsString(PyObject *bytearray);
int PyByteArray_Resize(PyObject *bytearray, Py_ssize_t length);

/* ---- tuple. PyTuple_GetItem returns a borrowed reference. PyTuple_New makes a tuple of None, not
   of NULL. PyTuple_SetItem replaces its items, in any order, as long as the caller has the only
   reference to the tuple; it steals the reference to the item, even if it fails. ---- */

int PyTuple_Check(PyObject *object);
int PyTuple_CheckExact(PyObject *object);
PyObject *PyTuple_New(Py_ssize_t size);
int PyTuple_SetItem(PyObject *tuple, Py_ssize_t index, PyObject *item);
PyObject *PyTuple_Pack(Py_ssize_t count, ...); /* of objects */
PyObject *PyTuple_FromArray(PyObject *const *array, Py_ssize_t size);
Py_ssize_t PyTuple_Size(PyObject *tuple);
PyObject *PyTuple_GetItem(PyObject *tuple, Py_ssize_t index);
PyObject *PyTuple_GetSlice(PyObject *tuple, Py_ssize_t low, Py_ssize_t high);

/* ---- list. PyList_New makes a list of None, not of NULL. PyList_SetItem replaces its items, in
   any order; it steals the reference to the item, even if it fails. ---- */

int PyList_Check(PyObject *object);
int PyList_CheckExact(PyObject *object);
PyObject *PyList_New(Py_ssize_t size);
Py_ssize_t PyList_Size(PyObject *object);
PyObject *PyList_GetItemRef(PyObject *object, Py_ssize_t index);
int PyList_SetItem(PyObject *list, Py_ssize_t index, PyObject *item);
int PyList_Append(PyObject *list, PyObject *item);
int PyList_Insert(PyObject *list, Py_ssize_t index, PyObject *item);
int PyList_Reverse(PyObject *list);
int PyList_Sort(PyObject *list);
PyObject *PyList_AsTuple(PyObject *list);
PyObject *PyList_GetSlice(PyObject *list, Py_ssize_t low, Py_ssize_t high);
int PyList_SetSlice(PyObject *list, Py_ssize_t low, Py_ssize_t high, PyObject *items);

/* ---- dict. PyDict_GetItem, PyDict_GetItemWithError, PyDict_GetItemString and PyDict_Next return
   borrowed references. ---- */

int PyDict_Check(PyObject *object);
int PyDict_CheckExact(PyObject *object);
PyObject *PyDict_New(void);
Py_ssize_t PyDict_Size(PyObject *dict);
int PyDict_GetItemRef(PyObject *dict, PyObject *key, PyObject **result);
int PyDict_GetItemStringRef(PyObject *dict, const char *key, PyObject **result);
PyObject *PyDict_GetItem(PyObject *dict, PyObject *key);
PyObject *PyDict_GetItemWithError(PyObject *dict, PyObject *key);
PyObject *PyDict_GetItemString(PyObject *dict, const char *key);
int PyDict_SetItem(PyObject *dict, PyObject *key, PyObject *value);
int PyDict_SetItemString(PyObject *dict, const char *key, PyObject *value);
int PyDict_SetDefaultRef(PyObject *dict, PyObject *key, PyObject *fallback, PyObject **result);
int PyDict_DelItem(PyObject *dict, PyObject *key);
int PyDict_DelItemString(PyObject *dict, const char *key);
int PyDict_Contains(PyObject *dict, PyObject *key);
int PyDict_Next(PyObject *dict, Py_ssize_t *position, PyObject **key, PyObject **value);
void PyDict_Clear(PyObject *dict);
PyObject *PyDict_Copy(PyObject *dict);
PyObject *PyDict_Keys(PyObject *dict);
PyObject *PyDict_Values(PyObject *dict);
PyObject *PyDict_Items(PyObject *dict);
int PyDict_Update(PyObject *dict, PyObject *other);
int PyDict_Merge(PyObject *dict, PyObject *other, int override);
int PyDict_MergeFromSeq2(PyObject *dict, PyObject *pairs, int override);
int PyDictKeys_Check(PyObject *object);
int PyDictValues_Check(PyObject *object);
int PyDictItems_Check(PyObject *object);
PyObject *PyDictProxy_New(PyObject *mapping);

/* ---- set, frozenset ---- */

int PySet_Check(PyObject *object);
int PyFrozenSet_Check(PyObject *object);
int PyAnySet_Check(PyObject *object);
int PySet_CheckExact(PyObject *object);
PyObject *PySet_New(PyObject *iterable);
PyObject *PyFrozenSet_New(PyObject *iterable);
Py_ssize_t PySet_Size(PyObject *set);
int PySet_Contains(PyObject *set, PyObject *key);
int PySet_Add(PyObject *set, PyObject *key);
int PySet_Discard(PyObject *set, PyObject *key);
PyObject *PySet_Pop(PyObject *set);
int PySet_Clear(PyObject *set);

/* ---- slice, iterators, weak references, generic aliases ---- */

int PyRange_Check(PyObject *object);
int PySlice_Check(PyObject *object);
PyObject *PySlice_New(PyObject *start, PyObject *stop, PyObject *step);
int PySlice_Unpack(PyObject *slice, Py_ssize_t *start, Py_ssize_t *stop, Py_ssize_t *step);
Py_ssize_t PySlice_AdjustIndices(Py_ssize_t length, Py_ssize_t *start, Py_ssize_t *stop,
                                 Py_ssize_t step);

int PySeqIter_Check(PyObject *object);
PyObject *PySeqIter_New(PyObject *sequence);
int PyCallIter_Check(PyObject *object);
PyObject *PyCallIter_New(PyObject *callable, PyObject *sentinel);

int PyWeakref_CheckRef(PyObject *object);
int PyWeakref_CheckProxy(PyObject *object);
PyObject *PyWeakref_NewRef(PyObject *object, PyObject *callback);
PyObject *PyWeakref_NewProxy(PyObject *object, PyObject *callback);
int PyWeakref_GetRef(PyObject *reference, PyObject **result);

PyObject *Py_GenericAlias(PyObject *origin, PyObject *args);

#ifdef __cplusplus
}
#endif

#endif
