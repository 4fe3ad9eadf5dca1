/* Rows for functions that work on objects of any class, and for those of the classes that every module
   uses. Functions with results in variables, or with arguments of other kinds, have a wrapper. */

#include "function_driver.h"

static PyObject *number(Py_ssize_t value)
{
    return PyLong_FromSsize_t(value);
}

/* What a function returned and what it stored in a variable, which held an object before. */
static PyObject *returned(int status, PyObject *stored)
{
    PyObject *const given = give(stored);
    Py_XDECREF(stored);
    return PyErr_Occurred() == NULL ? pair(number(status), given) : (Py_DECREF(given), NULL);
}

static PyObject *float_as_double(PyObject *object)
{
    const double value = PyFloat_AsDouble(object);
    return PyErr_Occurred() == NULL ? PyFloat_FromDouble(value) : NULL;
}

static PyObject *as_unsigned_long_long(PyObject *object)
{
    const unsigned long long value = PyLong_AsUnsignedLongLong(object);
    return PyErr_Occurred() == NULL ? PyLong_FromUnsignedLongLong(value) : NULL;
}

static PyObject *as_unsigned_long(PyObject *object)
{
    const unsigned long value = PyLong_AsUnsignedLong(object);
    return PyErr_Occurred() == NULL ? PyLong_FromUnsignedLong(value) : NULL;
}

static PyObject *power(PyObject *left, PyObject *right)
{
    return PyNumber_Power(left, right, Py_None);
}

static PyObject *dict_item_ref(PyObject *dict, PyObject *key)
{
    PyObject *found = Py_NewRef(Py_Ellipsis);
    const int status = PyDict_GetItemRef(dict, key, &found);
    return returned(status, found);
}

#if !defined(RUSTPYTHON_CAPI) && PY_VERSION_HEX < 0x030E0000
/* CPython 3.14 has this function. */
static int PyIter_NextItem(PyObject *iterator, PyObject **item)
{
    *item = NULL;
    if (!PyIter_Check(iterator)) {
        PyObject *const name = PyType_GetName(Py_TYPE(iterator));
        PyErr_Format(PyExc_TypeError, "expected an iterator, got '%U'", name);
        Py_DECREF(name);
        return -1;
    }
    *item = PyIter_Next(iterator);
    return *item != NULL ? 1 : PyErr_Occurred() == NULL ? 0 : -1;
}
#endif

static PyObject *next_item(PyObject *iterator)
{
    PyObject *found = Py_NewRef(Py_Ellipsis);
    const int status = PyIter_NextItem(iterator, &found);
    return returned(status, found);
}

static PyObject *optional_attribute(PyObject *object, PyObject *name)
{
    PyObject *found = Py_NewRef(Py_Ellipsis);
    const int status = PyObject_GetOptionalAttr(object, name, &found);
    return returned(status, found);
}

static PyObject *optional_item(PyObject *object, PyObject *key)
{
    PyObject *found = Py_NewRef(Py_Ellipsis);
    const int status = PyMapping_GetOptionalItem(object, key, &found);
    return returned(status, found);
}

/* Macros or inline functions in CPython. */
#define CHECK(function)                                                                            \
    static int check_##function(PyObject *object)                                                  \
    {                                                                                              \
        return function(object);                                                                   \
    }
CHECK(PySlice_Check)
CHECK(PyRange_Check)
CHECK(PyAnySet_Check)
CHECK(PySet_CheckExact)
CHECK(PyByteArray_CheckExact)

static PyObject *slice_unpack(PyObject *slice)
{
    Py_ssize_t start = 0, stop = 0, step = 0;
    if (PySlice_Unpack(slice, &start, &stop, &step) < 0) {
        return NULL;
    }
    return pair(number(start), pair(number(stop), number(step)));
}

static PyObject *slice_indices(PyObject *slice, Py_ssize_t length)
{
    Py_ssize_t start = 0, stop = 0, step = 0;
    if (PySlice_Unpack(slice, &start, &stop, &step) < 0) {
        return NULL;
    }
    const Py_ssize_t count = PySlice_AdjustIndices(length, &start, &stop, step);
    return pair(pair(number(start), number(stop)), number(count));
}

enum { MOST = 8 };

/* Borrowed references to the items of a tuple, from the second element of the array on. */
static Py_ssize_t spread(PyObject *tuple, PyObject **array)
{
    const Py_ssize_t count = PyTuple_Size(tuple);
    for (Py_ssize_t i = 0; i < count && i < MOST; i++) {
        array[i + 1] = PyTuple_GetItem(tuple, i);
    }
    return count;
}

/* vectorcall(callable, values, names): the values of the names are the last. */
static PyObject *vectorcall(PyObject *callable, PyObject *values, PyObject *names)
{
    PyObject *array[MOST + 1] = {NULL};
    const Py_ssize_t count = spread(values, array) - (names == NULL ? 0 : PyTuple_Size(names));
    return PyObject_Vectorcall(callable, array + 1, (size_t)count, names);
}

static PyObject *vectorcall_offset(PyObject *callable, PyObject *values, PyObject *names)
{
    PyObject *array[MOST + 1] = {NULL};
    const Py_ssize_t count = spread(values, array) - (names == NULL ? 0 : PyTuple_Size(names));
    return PyObject_Vectorcall(callable, array + 1, (size_t)count | PY_VECTORCALL_ARGUMENTS_OFFSET, names);
}

static PyObject *vectorcall_method(PyObject *name, PyObject *values, PyObject *names)
{
    PyObject *array[MOST + 1] = {NULL};
    const Py_ssize_t count = spread(values, array) - (names == NULL ? 0 : PyTuple_Size(names));
    return PyObject_VectorcallMethod(name, array + 1, (size_t)count, names);
}

static PyObject *rich_compare(PyObject *left, PyObject *right, int operation)
{
    return PyObject_RichCompare(left, right, operation);
}

static PyObject *fs_decoded(const char *text, Py_ssize_t size)
{
    return PyUnicode_DecodeFSDefaultAndSize(text, size);
}

static PyObject *decode_error(const char *text, Py_ssize_t size, Py_ssize_t start, Py_ssize_t end)
{
    return PyUnicodeDecodeError_Create("utf-8", text, size, start, end, "a reason");
}

static int is_type(PyObject *object, PyTypeObject *type)
{
    return Py_IS_TYPE(object, type) != 0;
}

static PyObject *frozen(PyObject *iterable)
{
    return PyFrozenSet_New(iterable);
}

/* Adds to a new frozenset, which is allowed as long as only C code knows it. It must forget its hash. */
static PyObject *added_to_frozenset(PyObject *item)
{
    PyObject *const set = PyFrozenSet_New(NULL);
    if (set != NULL && (PyObject_Hash(set) == -1 || PySet_Add(set, item) < 0)) {
        Py_DECREF(set);
        return NULL;
    }
    return set;
}

static PyObject *constant(int which)
{
    PyObject *const object = Py_GetConstantBorrowed((unsigned int)which);
    return Py_XNewRef(object);
}

static int unequal_text(PyObject *string, const char *text, Py_ssize_t size)
{
    return PyUnicode_EqualToUTF8AndSize(string, text, size);
}

const Row protocol_rows[] = {
    ROW("roo", PyNumber_And),
    ROW("roo", PyNumber_Or),
    ROW("roo", PyNumber_Add),
    ROW("roo", PyNumber_Subtract),
    ROW("roo", PyNumber_FloorDivide),
    ROW("roo", PyNumber_TrueDivide),
    ROW("roo", PyNumber_Remainder),
    ROW("roo", PyNumber_Multiply),
    ROW("roo", PyNumber_Lshift),
    ROW("roo", PyNumber_InPlaceAdd),
    {"PyNumber_Power", "roo", (void (*)(void))power},
    ROW("ro", PyNumber_Index),
    ROW("ro", PyNumber_Long),
    ROW("ro", PyNumber_Float),
    ROW("ro", PyNumber_Negative),
    ROW("ro", PyNumber_Invert),
    ROW("ro", PyNumber_Absolute),
    ROW("lo", PyLong_AsLong),
    ROW("no", PyLong_AsSsize_t),
    ROW("lo", PyLong_AsLongLong),
    {"PyLong_AsUnsignedLong", "ro", (void (*)(void))as_unsigned_long},
    {"PyLong_AsUnsignedLongLong", "ro", (void (*)(void))as_unsigned_long_long},
    {"PyFloat_AsDouble", "ro", (void (*)(void))float_as_double},
    ROW("rl", PyLong_FromLong),
    ROW("rn", PyLong_FromSsize_t),
    ROW("rl", PyLong_FromUnsignedLong),
    ROW("rl", PyLong_FromUnsignedLongLong),
    ROW("rl", PyLong_FromVoidPtr),
    ROW("rooo", PyObject_Call),
    ROW("roo", PyObject_CallObject),
    ROW("roo", PyObject_GetItem),
    ROW("iooo", PyObject_SetItem),
    ROW("ioo", PyObject_DelItem),
    ROW("roo", PyObject_GetAttr),
    ROW("ros", PyObject_GetAttrString),
    ROW("iooo", PyObject_SetAttr),
    ROW("ioso", PyObject_SetAttrString),
    ROW("ioo", PyObject_HasAttrWithError),
    {"PyObject_GetOptionalAttr", "roo", (void (*)(void))optional_attribute},
    {"PyMapping_GetOptionalItem", "roo", (void (*)(void))optional_item},
    ROW("ro", PyObject_GetIter),
    {"PyIter_NextItem", "ro", (void (*)(void))next_item},
    ROW("no", PyObject_Hash),
    ROW("ioo", PyObject_IsInstance),
    ROW("ioo", PyObject_IsSubclass),
    ROW("io", PyObject_IsTrue),
    ROW("ro", PyObject_Repr),
    ROW("ro", PyObject_Str),
    ROW("no", PyObject_Size),
    {"PyObject_RichCompare", "rooi", (void (*)(void))rich_compare},
    {"PyObject_Vectorcall", "rooo", (void (*)(void))vectorcall},
    {"PyObject_Vectorcall with an offset", "rooo", (void (*)(void))vectorcall_offset},
    {"PyObject_VectorcallMethod", "rooo", (void (*)(void))vectorcall_method},
    ROW("io", PySequence_Check),
    ROW("io", PyMapping_Check),
    ROW("io", PyCallable_Check),
    ROW("io", PyIter_Check),
    ROW("ioo", PySequence_Contains),
    ROW("no", PySequence_Size),
    ROW("ronn", PySequence_GetSlice),
    ROW("ron", PySequence_GetItem),
    ROW("ro", PySequence_List),
    ROW("ro", PySequence_Tuple),
    ROW("ro", PyMapping_Keys),
    ROW("r", PyDict_New),
    ROW("no", PyDict_Size),
    ROW("iooo", PyDict_SetItem),
    ROW("ioo", PyDict_DelItem),
    ROW("ioo", PyDict_Contains),
    ROW("ro", PyDict_Copy),
    ROW("ro", PyDict_Keys),
    ROW("ioo", PyDict_Update),
    {"PyDict_GetItemRef", "roo", (void (*)(void))dict_item_ref},
    ROW("boo", PyDict_GetItemWithError),
    {"PyFrozenSet_New", "ro", (void (*)(void))frozen},
    {"PySet_Add to a frozenset", "ro", (void (*)(void))added_to_frozenset},
    ROW("ioo", PySet_Add),
    ROW("no", PySet_Size),
    ROW("ioo", PySet_Contains),
    ROW("ro", PySet_New),
    {"PySlice_Check", "io", (void (*)(void))check_PySlice_Check},
    {"PyRange_Check", "io", (void (*)(void))check_PyRange_Check},
    {"PyAnySet_Check", "io", (void (*)(void))check_PyAnySet_Check},
    {"PySet_CheckExact", "io", (void (*)(void))check_PySet_CheckExact},
    {"PyByteArray_CheckExact", "io", (void (*)(void))check_PyByteArray_CheckExact},
    {"PySlice_Unpack", "ro", (void (*)(void))slice_unpack},
    {"PySlice_AdjustIndices", "ron", (void (*)(void))slice_indices},
    ROW("rooo", PySlice_New),
    ROW("no", PyBytes_Size),
    ROW("no", PyByteArray_Size),
    ROW("no", PyUnicode_GetLength),
    ROW("ross", PyUnicode_AsEncodedString),
    ROW("ro", PyUnicode_AsUTF8String),
    ROW("ro", PyUnicode_EncodeFSDefault),
    {"PyUnicode_DecodeFSDefaultAndSize", "rsn", (void (*)(void))fs_decoded},
    {"PyUnicode_EqualToUTF8AndSize", "iosn", (void (*)(void))unequal_text},
    {"PyUnicodeDecodeError_Create", "rsnnn", (void (*)(void))decode_error},
    ROW("ioo", PyTraceBack_Print),
    ROW("ro", PyType_GetName),
    ROW("ro", PyType_GetQualName),
    ROW("ro", PyType_GetModuleName),
    ROW("roo", Py_GenericAlias),
    {"Py_GetConstantBorrowed", "ri", (void (*)(void))constant},
    {"Py_IS_TYPE", "ioo", (void (*)(void))is_type},
    ROW("ro", PyOS_FSPath),
    ROW("ro", PyMemoryView_FromObject),
    {NULL, NULL, NULL},
};
