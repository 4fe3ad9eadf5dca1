/* A module that includes no header, as a module in another language would, and declares the
   functions that it calls. */
#include <stddef.h>
#include <stdint.h>

typedef struct Object Object;
typedef struct {
    uint16_t id, flags;
    uint32_t reserved;
    const void *value;
} Slot;
typedef struct {
    uint8_t major, minor;
    uint16_t flags;
    uint32_t build, stable;
} Record;

extern Object *PyExc_LookupError, *PyExc_IndexError;

extern void PyErr_Clear(void);
extern int PyErr_ExceptionMatches(Object *);
extern Object *PyErr_NoMemory(void);
extern void PyErr_Print(void);
extern void PyErr_SetNone(Object *);
extern Object *PyImport_ImportModule(const char *);
extern int PyModule_Add(Object *, const char *, Object *);
extern int PyModule_AddObjectRef(Object *, const char *, Object *);
extern int PyModule_AddIntConstant(Object *, const char *, long);
extern int PyModule_AddStringConstant(Object *, const char *, const char *);
extern Object *PyObject_CallOneArg(Object *, Object *);
extern int PyObject_TypeCheck(Object *, Object *);
extern Object *PyTuple_New(ptrdiff_t);
extern int PyTuple_SetItem(Object *, ptrdiff_t, Object *);
extern Object *PyLong_FromLong(long);
extern Object *PyObject_GetAttrString(Object *, const char *);
extern Object *PyObject_Type(Object *);

static int fill(Object *module)
{
    PyErr_SetNone(PyExc_IndexError);
    const int matches = PyErr_ExceptionMatches(PyExc_LookupError);
    PyErr_Clear();
    const int none = PyErr_NoMemory() == NULL && !PyErr_ExceptionMatches(PyExc_LookupError);
    PyErr_Clear();
    PyErr_Print();
    Object *const path = PyImport_ImportModule("os.path");
    Object *const tuple = PyTuple_New(2);
    Object *const list = PyObject_GetAttrString(PyImport_ImportModule("builtins"), "list");
    if (path == NULL || tuple == NULL || list == NULL) {
        return -1;
    }
    PyTuple_SetItem(tuple, 1, PyLong_FromLong(2));
    PyTuple_SetItem(tuple, 0, PyLong_FromLong(1));
    return PyModule_AddIntConstant(module, "matches", matches) ||
           PyModule_AddIntConstant(module, "none", none) ||
           PyModule_AddIntConstant(module, "checks", PyObject_TypeCheck(tuple, PyObject_Type(tuple))) ||
           PyModule_AddStringConstant(module, "text", "text") ||
           PyModule_AddObjectRef(module, "path", path) ||
           PyModule_Add(module, "items", PyObject_CallOneArg(list, tuple))
               ? -1
               : 0;
}

static const Record record = {1, 0, 1 | 2 | 4, 0x030f0000, 0x030f0000};
static const Slot slots[] = {
    {109, 2, 0, &record},
    {85, 4, 0, (const void *)fill},
    {87, 4, 0, (const void *)1},
    {0, 0, 0, NULL},
};

const Slot *PyModExport_foreign(void);
const Slot *PyModExport_foreign(void)
{
    return slots;
}
