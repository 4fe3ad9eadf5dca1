/* Operations on objects of any class: calls, items, iteration, numbers. A part of Python.h. */

#ifndef RUSTPYTHON_ABSTRACT_H
#define RUSTPYTHON_ABSTRACT_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Calls ---- */

#define PY_VECTORCALL_ARGUMENTS_OFFSET ((size_t)1 << (8 * sizeof(size_t) - 1))

PyObject *PyObject_Call(PyObject *callable, PyObject *args, PyObject *kwargs);
PyObject *PyObject_CallNoArgs(PyObject *callable);
PyObject *PyObject_CallOneArg(PyObject *callable, PyObject *arg);
PyObject *PyObject_CallObject(PyObject *callable, PyObject *args);
PyObject *PyObject_Vectorcall(PyObject *callable, PyObject *const *args, size_t count,
                              PyObject *names);
PyObject *PyObject_VectorcallMethod(PyObject *name, PyObject *const *args, size_t count,
                                    PyObject *names);
/* The number of arguments in `count`, the third argument of a vectorcall, without its flag. */
Py_ssize_t PyVectorcall_NARGS(size_t count);
PyObject *PyVectorcall_Call(PyObject *callable, PyObject *tuple, PyObject *kwargs);

/* These take the arguments as a format and values, like Py_BuildValue. A single value that is a tuple
   stands for its items. The format may be NULL if there are none. */
PyObject *PyObject_CallFunction(PyObject *callable, const char *format, ...);
PyObject *PyObject_CallMethod(PyObject *object, const char *name, const char *format, ...);

/* These take objects, and a NULL after the last. */
PyObject *PyObject_CallFunctionObjArgs(PyObject *callable, ...);
PyObject *PyObject_CallMethodObjArgs(PyObject *object, PyObject *name, ...);

/* ---- Items and classes ---- */

PyObject *PyObject_GetItem(PyObject *object, PyObject *key);
int PyObject_SetItem(PyObject *object, PyObject *key, PyObject *value);
int PyObject_DelItem(PyObject *object, PyObject *key);
int PyObject_DelItemString(PyObject *object, const char *key);
Py_ssize_t PyObject_Size(PyObject *object);
Py_ssize_t PyObject_Length(PyObject *object);
PyObject *PyObject_Type(PyObject *object);
PyObject *PyObject_Format(PyObject *object, PyObject *format_spec);
int PyObject_IsInstance(PyObject *object, PyObject *type);
int PyObject_IsSubclass(PyObject *type, PyObject *base);

/* ---- Iteration ---- */

PyObject *PyObject_GetIter(PyObject *object);
PyObject *PyObject_GetAIter(PyObject *object);
int PyIter_Check(PyObject *object);
int PyAIter_Check(PyObject *object);
PyObject *PyIter_Next(PyObject *iter);
int PyIter_NextItem(PyObject *iter, PyObject **item);
PySendResult PyIter_Send(PyObject *iter, PyObject *arg, PyObject **result);

/* ---- Sequences ---- */

int PySequence_Check(PyObject *object);
Py_ssize_t PySequence_Size(PyObject *object);
Py_ssize_t PySequence_Length(PyObject *object);
PyObject *PySequence_GetItem(PyObject *object, Py_ssize_t index);
int PySequence_SetItem(PyObject *object, Py_ssize_t index, PyObject *value);
int PySequence_DelItem(PyObject *object, Py_ssize_t index);
PyObject *PySequence_GetSlice(PyObject *object, Py_ssize_t low, Py_ssize_t high);
int PySequence_SetSlice(PyObject *object, Py_ssize_t low, Py_ssize_t high, PyObject *value);
int PySequence_DelSlice(PyObject *object, Py_ssize_t low, Py_ssize_t high);
int PySequence_Contains(PyObject *object, PyObject *value);
Py_ssize_t PySequence_Count(PyObject *object, PyObject *value);
Py_ssize_t PySequence_Index(PyObject *object, PyObject *value);
PyObject *PySequence_Concat(PyObject *left, PyObject *right);
PyObject *PySequence_Repeat(PyObject *object, Py_ssize_t count);
PyObject *PySequence_InPlaceConcat(PyObject *left, PyObject *right);
PyObject *PySequence_InPlaceRepeat(PyObject *object, Py_ssize_t count);
PyObject *PySequence_List(PyObject *object);
PyObject *PySequence_Tuple(PyObject *object);

/* ---- Mappings ---- */

int PyMapping_Check(PyObject *object);
Py_ssize_t PyMapping_Size(PyObject *object);
Py_ssize_t PyMapping_Length(PyObject *object);
PyObject *PyMapping_Keys(PyObject *object);
PyObject *PyMapping_Values(PyObject *object);
PyObject *PyMapping_Items(PyObject *object);
PyObject *PyMapping_GetItemString(PyObject *object, const char *key);
int PyMapping_GetOptionalItem(PyObject *object, PyObject *key, PyObject **result);
int PyMapping_GetOptionalItemString(PyObject *object, const char *key, PyObject **result);
int PyMapping_SetItemString(PyObject *object, const char *key, PyObject *value);
int PyMapping_HasKey(PyObject *object, PyObject *key);
int PyMapping_HasKeyString(PyObject *object, const char *key);
int PyMapping_HasKeyWithError(PyObject *object, PyObject *key);
int PyMapping_HasKeyStringWithError(PyObject *object, const char *key);

/* ---- Numbers ---- */

int PyNumber_Check(PyObject *object);
int PyIndex_Check(PyObject *object);
PyObject *PyNumber_Index(PyObject *object);
PyObject *PyNumber_Long(PyObject *object);
PyObject *PyNumber_Float(PyObject *object);
Py_ssize_t PyNumber_AsSsize_t(PyObject *object, PyObject *exception);
PyObject *PyNumber_Add(PyObject *left, PyObject *right);
PyObject *PyNumber_Subtract(PyObject *left, PyObject *right);
PyObject *PyNumber_Multiply(PyObject *left, PyObject *right);
PyObject *PyNumber_MatrixMultiply(PyObject *left, PyObject *right);
PyObject *PyNumber_TrueDivide(PyObject *left, PyObject *right);
PyObject *PyNumber_FloorDivide(PyObject *left, PyObject *right);
PyObject *PyNumber_Remainder(PyObject *left, PyObject *right);
PyObject *PyNumber_Divmod(PyObject *left, PyObject *right);
PyObject *PyNumber_Power(PyObject *left, PyObject *right, PyObject *third);
PyObject *PyNumber_Lshift(PyObject *left, PyObject *right);
PyObject *PyNumber_Rshift(PyObject *left, PyObject *right);
PyObject *PyNumber_And(PyObject *left, PyObject *right);
PyObject *PyNumber_Or(PyObject *left, PyObject *right);
PyObject *PyNumber_Xor(PyObject *left, PyObject *right);
PyObject *PyNumber_Negative(PyObject *object);
PyObject *PyNumber_Positive(PyObject *object);
PyObject *PyNumber_Absolute(PyObject *object);
PyObject *PyNumber_Invert(PyObject *object);
PyObject *PyNumber_InPlaceAdd(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceSubtract(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceMultiply(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceMatrixMultiply(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceTrueDivide(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceFloorDivide(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceRemainder(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlacePower(PyObject *left, PyObject *right, PyObject *third);
PyObject *PyNumber_InPlaceLshift(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceRshift(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceAnd(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceOr(PyObject *left, PyObject *right);
PyObject *PyNumber_InPlaceXor(PyObject *left, PyObject *right);

#ifdef __cplusplus
}
#endif

#endif
