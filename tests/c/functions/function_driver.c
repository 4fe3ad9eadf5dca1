/* Gives Python code access to functions of the C API, in this interpreter and in CPython. `call`
   calls one function, and returns its result and the exception. `fill` makes a tuple or list item
   by item; Python code cannot do that with `call`, since there may be no other reference to a new
   tuple. */

#include "function_driver.h"

#include "../driver_module.h"

#ifdef RUSTPYTHON_CAPI
#include "pycapsule.h"
#endif

PyObject *null_mark;

/* Functions for macros of CPython. */
static int exception_class_check(PyObject *object)
{
    return PyExceptionClass_Check(object) != 0;
}

static int exception_instance_check(PyObject *object)
{
    return PyExceptionInstance_Check(object) != 0;
}

static int type_check(PyObject *object, PyTypeObject *type)
{
    return PyObject_TypeCheck(object, type) != 0;
}

PyObject *pair(PyObject *first, PyObject *second)
{
    PyObject *const list = PyList_New(0);
    if (first != NULL && second != NULL && list != NULL) {
        PyList_Append(list, first);
        PyList_Append(list, second);
    }
    Py_XDECREF(first);
    Py_XDECREF(second);
    return list;
}

/* Borrowed text, as its bytes with the NUL after them, and whether a second call returned the same
   address. */
static PyObject *borrowed(const char *text, Py_ssize_t size, const char *again)
{
    if (text == NULL) {
        return NULL;
    }
    PyObject *const same = Py_NewRef(text == again ? Py_True : Py_False);
    return pair(PyBytes_FromStringAndSize(text, size + 1), same);
}

static PyObject *bytes_text(PyObject *object)
{
    const char *const text = PyBytes_AsString(object);
    return text == NULL ? NULL : borrowed(text, PyBytes_Size(object), PyBytes_AsString(object));
}

static PyObject *bytes_text_and_size(PyObject *object)
{
    char *text = NULL;
    Py_ssize_t size = 0;
    const int status = PyBytes_AsStringAndSize(object, &text, &size);
    return status < 0 ? NULL : borrowed(text, size, PyBytes_AsString(object));
}

static PyObject *bytes_text_alone(PyObject *object)
{
    char *text = NULL;
    const int status = PyBytes_AsStringAndSize(object, &text, NULL);
    return status < 0 ? NULL : borrowed(text, (Py_ssize_t)strlen(text), PyBytes_AsString(object));
}

static PyObject *bytearray_text(PyObject *object)
{
    const char *const text = PyByteArray_AsString(object);
    return borrowed(text, PyByteArray_Size(object), PyByteArray_AsString(object));
}

static PyObject *str_text(PyObject *object)
{
    const char *const text = PyUnicode_AsUTF8(object);
    return text == NULL ? NULL : borrowed(text, (Py_ssize_t)strlen(text), PyUnicode_AsUTF8(object));
}

static PyObject *str_text_and_size(PyObject *object)
{
    Py_ssize_t size = -7;
    const char *const text = PyUnicode_AsUTF8AndSize(object, &size);
    return text == NULL ? NULL : borrowed(text, size, PyUnicode_AsUTF8(object));
}

static Py_ssize_t str_size_after(PyObject *object)
{
    Py_ssize_t size = -7;
    PyUnicode_AsUTF8AndSize(object, &size);
    return size;
}

static PyObject *module_name(PyObject *object)
{
    const char *const text = PyModule_GetName(object);
    return text == NULL ? NULL : borrowed(text, (Py_ssize_t)strlen(text), PyModule_GetName(object));
}

static PyObject *interned(PyObject *object)
{
    PyUnicode_InternInPlace(&object);
    return object;
}

/* The items that PyDict_Next returns, in order. */
static PyObject *entries(PyObject *dict)
{
    PyObject *const list = PyList_New(0);
    PyObject *key = NULL, *value = NULL;
    for (Py_ssize_t position = 0; PyDict_Next(dict, &position, &key, &value);) {
        PyList_Append(list, key);
        PyList_Append(list, value);
    }
    return list;
}

static const Row rows[] = {
    ROW("rn", PyTuple_New),
    ROW("no", PyTuple_Size),
    ROW("bon", PyTuple_GetItem),
    ROW("ionr", PyTuple_SetItem),
    ROW("ronn", PyTuple_GetSlice),
    ROW("rn", PyList_New),
    ROW("no", PyList_Size),
    ROW("ron", PyList_GetItemRef),
    ROW("ionr", PyList_SetItem),
    ROW("ioo", PyList_Append),
    ROW("iono", PyList_Insert),
    ROW("io", PyList_Reverse),
    ROW("io", PyList_Sort),
    ROW("ro", PyList_AsTuple),
    ROW("ronn", PyList_GetSlice),
    ROW("ionno", PyList_SetSlice),
    ROW("uo", PyType_GetFlags),
    ROW("ioo", PyType_IsSubtype),
    {"PyObject_TypeCheck", "ioo", (void (*)(void))type_check},
    ROW("roo", PyObject_CallOneArg),
    ROW("ro", PyObject_CallNoArgs),
    ROW("ioo", PyErr_GivenExceptionMatches),
    ROW("io", PyErr_ExceptionMatches),
    ROW("voo", PyErr_SetObject),
    ROW("vos", PyErr_SetString),
    ROW("vo", PyErr_SetNone),
    ROW("r", PyErr_NoMemory),
    ROW("v", PyErr_Clear),
    ROW("b", PyErr_Occurred),
    ROW("r", PyErr_GetRaisedException),
    ROW("vr", PyErr_SetRaisedException),
    ROW("vi", PyErr_PrintEx),
    ROW("v", PyErr_Print),
    ROW("vo", PyErr_WriteUnraisable),
    ROW("vo", PyErr_DisplayException),
    ROW("rsoo", PyErr_NewException),
    ROW("rssoo", PyErr_NewExceptionWithDoc),
    {"PyExceptionClass_Check", "io", (void (*)(void))exception_class_check},
    {"PyExceptionInstance_Check", "io", (void (*)(void))exception_instance_check},
    ROW("ro", PyException_GetTraceback),
    ROW("ioo", PyException_SetTraceback),
    ROW("ro", PyException_GetCause),
    ROW("vor", PyException_SetCause),
    ROW("ro", PyException_GetContext),
    ROW("vor", PyException_SetContext),
    ROW("ioso", PyModule_AddObjectRef),
    ROW("iosr", PyModule_Add),
    ROW("iosl", PyModule_AddIntConstant),
    ROW("ioss", PyModule_AddStringConstant),
    ROW("ro", PyModule_GetNameObject),
    {"PyModule_GetName", "ro", (void (*)(void))module_name},
    ROW("rsn", PyUnicode_FromStringAndSize),
    ROW("rs", PyUnicode_FromString),
    ROW("rs", PyUnicode_InternFromString),
    {"PyUnicode_InternInPlace", "rr", (void (*)(void))interned},
    {"PyDict_Next", "ro", (void (*)(void))entries},
    ROW("rsn", PyBytes_FromStringAndSize),
    ROW("rs", PyBytes_FromString),
    ROW("rsn", PyByteArray_FromStringAndSize),
    {"PyBytes_AsString", "ro", (void (*)(void))bytes_text},
    {"PyBytes_AsStringAndSize", "ro", (void (*)(void))bytes_text_and_size},
    {"PyBytes_AsStringAndSize without size", "ro", (void (*)(void))bytes_text_alone},
    {"PyByteArray_AsString", "ro", (void (*)(void))bytearray_text},
    {"PyUnicode_AsUTF8", "ro", (void (*)(void))str_text},
    {"PyUnicode_AsUTF8AndSize", "ro", (void (*)(void))str_text_and_size},
    {"size of PyUnicode_AsUTF8AndSize", "no", (void (*)(void))str_size_after},
    ROW("rs", PyImport_ImportModule),
    ROW("ro", PyImport_Import),
    ROW("bo", PyModule_GetDict),
    ROW("ios", PyModule_SetDocString),
    ROW("bs", PySys_GetObject),
    ROW("iso", PySys_SetObject),
    ROW("ro", PyType_GetFullyQualifiedName),
    ROW("iosn", PyErr_WarnEx),
#ifdef RUSTPYTHON_CAPI
    ROW("ro", PyModuleDef_Init),
#endif
};

PyObject *give(PyObject *object)
{
    return Py_NewRef(object == NULL ? null_mark : object);
}

PyObject *taken_exception(void)
{
    PyObject *const raised = PyErr_GetRaisedException();
    PyObject *const given = give(raised);
    Py_XDECREF(raised);
    return given;
}

char *copy_of_bytes(PyObject *object)
{
    char *bytes;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(object, &bytes, &length) < 0) {
        return NULL;
    }
    char *const copy = calloc(1, (size_t)length + 1);
    memcpy(copy, bytes, (size_t)length);
    return copy;
}

static Word invoke(const Row *row, const Word *a)
{
    const size_t count = strlen(row->form) - 1;
    if (row->form[0] == 'v') {
        switch (count) {
        case 0: ((void (*)(void))row->function)(); return 0;
        case 1:
            if (row->form[1] == 'i') {
                ((void (*)(int))row->function)((int)a[0]);
            } else {
                ((void (*)(Word))row->function)(a[0]);
            }
            return 0;
        default: ((void (*)(Word, Word))row->function)(a[0], a[1]); return 0;
        }
    }
    if (row->form[0] == 'i') {
        switch (count) {
        case 1: return ((int (*)(Word))row->function)(a[0]);
        case 2: return ((int (*)(Word, Word))row->function)(a[0], a[1]);
        case 3: return ((int (*)(Word, Word, Word))row->function)(a[0], a[1], a[2]);
        default: return ((int (*)(Word, Word, Word, Word))row->function)(a[0], a[1], a[2], a[3]);
        }
    }
    switch (count) {
    case 0: return ((Word(*)(void))row->function)();
    case 1: return ((Word(*)(Word))row->function)(a[0]);
    case 2: return ((Word(*)(Word, Word))row->function)(a[0], a[1]);
    case 3: return ((Word(*)(Word, Word, Word))row->function)(a[0], a[1], a[2]);
    default: return ((Word(*)(Word, Word, Word, Word))row->function)(a[0], a[1], a[2], a[3]);
    }
}

static PyObject *answer_of(char form, Word answer)
{
    switch (form) {
    case 'r': {
        PyObject *const object = (PyObject *)answer;
        PyObject *const given = give(object);
        Py_XDECREF(object);
        return given;
    }
    case 'b': return give((PyObject *)answer);
    case 'u': return PyLong_FromUnsignedLong((unsigned long)answer);
    case 'v': return Py_NewRef(Py_None);
    default: return PyLong_FromSsize_t(answer);
    }
}

static const Row *row_of(PyObject *name)
{
    char *const text = copy_of_bytes(name);
    const Row *found = NULL;
    for (size_t i = 0; text != NULL && i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, text) == 0) {
            found = &rows[i];
        }
    }
    const Row *const more[] = {protocol_rows, class_rows};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        for (const Row *row = more[i]; text != NULL && row->name != NULL; row++) {
            if (strcmp(row->name, text) == 0) {
                found = row;
            }
        }
    }
    free(text);
    return found;
}

/* call(name, pending, *arguments): calls the function with that exception pending. Returns a list
   of the answer and the exception that is pending afterwards. */
static PyObject *call(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module;
    const Row *const row = row_of(arguments[0]);
    if (row == NULL || (size_t)count != strlen(row->form) + 1) {
        PyErr_SetString(PyExc_LookupError, "no such function, or other arguments");
        return NULL;
    }
    Word words[4] = {0, 0, 0, 0};
    for (Py_ssize_t i = 2; i < count; i++) {
        PyObject *const argument = arguments[i] == null_mark ? NULL : arguments[i];
        Word *const word = &words[i - 2];
        switch (row->form[i - 1]) {
        case 'o': *word = (Word)argument; break;
        case 'r':
            Py_XINCREF(argument);
            *word = (Word)argument;
            break;
        case 's': *word = argument == NULL ? 0 : (Word)copy_of_bytes(argument); break;
        default: *word = (Word)PyLong_AsSsize_t(argument); break;
        }
    }
    if (PyErr_Occurred() != NULL) {
        return NULL;
    }
    if (arguments[1] != null_mark) {
        PyErr_SetRaisedException(Py_NewRef(arguments[1]));
    }
    const Word answer = invoke(row, words);
    PyObject *const raised = taken_exception();
    for (Py_ssize_t i = 2; i < count; i++) {
        if (row->form[i - 1] == 's') {
            free((void *)words[i - 2]);
        }
    }
    return pair(answer_of(row->form[0], answer), raised);
}

/* fill(kind, size, [(index, item), ...], shared): makes a tuple (kind 0) or a list of this size and
   sets the items in order, while there is a second reference to it if `shared` is true. Returns a
   list of the answers and exceptions of the calls, and the object. */
static PyObject *fill(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    const int is_list = PyObject_IsTrue(arguments[0]);
    const Py_ssize_t size = PyLong_AsSsize_t(arguments[1]);
    PyObject *const made = is_list ? PyList_New(size) : PyTuple_New(size);
    PyObject *const answers = PyList_New(0);
    if (made == NULL || answers == NULL) {
        return NULL;
    }
    const int shared = PyObject_IsTrue(arguments[3]);
    for (Py_ssize_t i = 0; i < PyList_Size(arguments[2]); i++) {
        PyObject *const entry = PyList_GetItemRef(arguments[2], i);
        const Py_ssize_t index = PyLong_AsSsize_t(PyTuple_GetItem(entry, 0));
        PyObject *item = PyTuple_GetItem(entry, 1);
        item = item == null_mark ? NULL : Py_NewRef(item);
        if (shared) {
            Py_INCREF(made);
        }
        const int answer =
            is_list ? PyList_SetItem(made, index, item) : PyTuple_SetItem(made, index, item);
        if (shared) {
            Py_DECREF(made);
        }
        PyObject *const answered = pair(PyLong_FromLong(answer), taken_exception());
        PyList_Append(answers, answered);
        Py_DECREF(answered);
        Py_DECREF(entry);
    }
    return pair(answers, made);
}

/* count_of(object): its reference count. */
static PyObject *count_of(PyObject *module, PyObject *object)
{
    (void)module;
    return PyLong_FromSsize_t(Py_REFCNT(object));
}

/* dropped(kind, size): the number of items of a new tuple or list, which is dropped unfilled. */
static PyObject *dropped(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    const Py_ssize_t size = PyLong_AsSsize_t(arguments[1]);
    PyObject *const made = PyObject_IsTrue(arguments[0]) ? PyList_New(size) : PyTuple_New(size);
    if (made == NULL) {
        return NULL;
    }
    const Py_ssize_t found = PyList_Check(made) ? PyList_Size(made) : PyTuple_Size(made);
    Py_DECREF(made);
    return PyLong_FromSsize_t(found);
}

/* set_null(object): sets the object that stands for NULL. */
static PyObject *set_null(PyObject *module, PyObject *object)
{
    (void)module;
    null_mark = Py_NewRef(object);
    return Py_NewRef(Py_None);
}

#define FAST(name) {#name, (PyCFunction)(void (*)(void))(name), METH_FASTCALL, NULL}

static PyMethodDef methods[] = {
    FAST(call),
    FAST(fill),
    FAST(dropped),
    FAST(variadic),
    {"count_of", count_of, METH_O, NULL},
    {"times_cleaned", times_cleaned, METH_NOARGS, NULL},
    {"set_null", set_null, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

DRIVER_MODULE(function_driver, methods)
