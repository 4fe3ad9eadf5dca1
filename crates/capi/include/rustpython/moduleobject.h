/* Functions and modules that C code defines, and import. A part of Python.h. */

#ifndef RUSTPYTHON_MODULEOBJECT_H
#define RUSTPYTHON_MODULEOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- methodobject.h. The flags of a function say how it takes its arguments: METH_NOARGS, METH_O,
   METH_VARARGS or METH_FASTCALL; the last two may be combined with METH_KEYWORDS. METH_METHOD is
   not supported. ---- */

#define METH_VARARGS 0x0001
#define METH_KEYWORDS 0x0002
#define METH_NOARGS 0x0004
#define METH_O 0x0008
#define METH_FASTCALL 0x0080

#define METH_CLASS 0x0010
#define METH_STATIC 0x0020
#define METH_COEXIST 0x0040

/* METH_VARARGS (a tuple), METH_NOARGS (NULL), METH_O (the argument) */
typedef PyObject *(*PyCFunction)(PyObject *self, PyObject *args);
/* METH_VARARGS | METH_KEYWORDS */
typedef PyObject *(*PyCFunctionWithKeywords)(PyObject *self, PyObject *args, PyObject *kwargs);
/* METH_FASTCALL */
typedef PyObject *(*PyCFunctionFast)(PyObject *self, PyObject *const *args, Py_ssize_t count);
/* METH_FASTCALL | METH_KEYWORDS */
typedef PyObject *(*PyCFunctionFastWithKeywords)(PyObject *self, PyObject *const *args,
                                                 Py_ssize_t count, PyObject *names);

/* The definition of a function. An array of definitions ends with one whose name is NULL. */
typedef struct PyMethodDef {
    const char *ml_name;
    PyCFunction ml_meth; /* if it is of another type, cast it through `void (*)(void)` */
    int ml_flags;
    const char *ml_doc; /* or NULL */
} PyMethodDef;

PyObject *PyCFunction_New(PyMethodDef *definition, PyObject *self);
PyObject *PyCFunction_NewEx(PyMethodDef *definition, PyObject *self, PyObject *module);
PyObject *PyCMethod_New(PyMethodDef *definition, PyObject *self, PyObject *module,
                        PyTypeObject *type);
int PyCFunction_Check(PyObject *object);
int PyCFunction_CheckExact(PyObject *object);

/* ---- slots.h (PEP 820). An array of slots describes a module. It ends with PySlot_END. ---- */

typedef struct PySlot {
    uint16_t sl_id;
    uint16_t sl_flags;
    uint32_t sl_reserved; /* 0 */
    union {
        void *sl_ptr;
        void (*sl_func)(void);
        Py_ssize_t sl_size;
        int64_t sl_int64;
        uint64_t sl_uint64;
    };
} PySlot;

#define PySlot_OPTIONAL 0x0001 /* an interpreter that does not know the id ignores the slot */
#define PySlot_STATIC 0x0002   /* the data is never freed or changed */
#define PySlot_INTPTR 0x0004   /* sl_ptr has the value, even if it is an integer or a function */

#define PySlot_DATA(id, value) {.sl_id = (id), .sl_ptr = (void *)(value)}
#define PySlot_STATIC_DATA(id, value)                                                              \
    {.sl_id = (id), .sl_flags = PySlot_STATIC, .sl_ptr = (void *)(value)}
#define PySlot_FUNC(id, value) {.sl_id = (id), .sl_func = (void (*)(void))(value)}
#define PySlot_SIZE(id, value) {.sl_id = (id), .sl_size = (Py_ssize_t)(value)}
#define PySlot_INT64(id, value) {.sl_id = (id), .sl_int64 = (int64_t)(value)}
#define PySlot_UINT64(id, value) {.sl_id = (id), .sl_uint64 = (uint64_t)(value)}

/* For values of any kind, even in C++ before C++20, which lacks the designated initializers that
   the other macros use. */
#define PySlot_PTR(id, value) {(id), PySlot_INTPTR, 0, {(void *)(value)}}
#define PySlot_PTR_STATIC(id, value) {(id), PySlot_INTPTR | PySlot_STATIC, 0, {(void *)(value)}}

#ifdef __cplusplus
#define PySlot_END {}
#else
#define PySlot_END {0}
#endif

#define Py_slot_end 0
#define Py_slot_subslots 92 /* a nested array, or NULL */
#define Py_slot_invalid 0xffff

#define Py_mod_create 84
#define Py_mod_exec 85
#define Py_mod_multiple_interpreters 86
#define Py_mod_gil 87
#define Py_mod_slots 94 /* an array of PyModuleDef_Slot, or NULL */
#define Py_mod_name 100 /* ignored: the name comes from the import */
#define Py_mod_doc 101
#define Py_mod_state_size 102
#define Py_mod_methods 103
#define Py_mod_state_traverse 104
#define Py_mod_state_clear 105
#define Py_mod_state_free 106
#define Py_mod_abi 109 /* required */
#define Py_mod_token 110

#define Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED ((void *)0)
#define Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED ((void *)1)
#define Py_MOD_PER_INTERPRETER_GIL_SUPPORTED ((void *)2)

/* A module without Py_MOD_GIL_NOT_USED is loaded with a RuntimeWarning. */
#define Py_MOD_GIL_USED ((void *)0)
#define Py_MOD_GIL_NOT_USED ((void *)1)

/* ---- moduleobject.h. A library x.so for `import x` must export the function

       PyMODEXPORT_FUNC PyModExport_x(void)

   which returns the array of slots of the module (PEP 793). ---- */

#ifdef __GNUC__
#define PyMODEXPORT_VISIBLE_ __attribute__((visibility("default")))
#elif defined(_WIN32)
#define PyMODEXPORT_VISIBLE_ __declspec(dllexport)
#else
#define PyMODEXPORT_VISIBLE_
#endif

#ifdef __cplusplus
#define PyMODEXPORT_FUNC extern "C" PyMODEXPORT_VISIBLE_ PySlot *
#else
#define PyMODEXPORT_FUNC PyMODEXPORT_VISIBLE_ PySlot *
#endif

PyObject *PyModule_FromSlotsAndSpec(const PySlot *slots, PyObject *spec);
int PyModule_Exec(PyObject *module);
void *PyModule_GetState(PyObject *module);
int PyModule_GetStateSize(PyObject *module, Py_ssize_t *size);
int PyModule_GetToken(PyObject *module, void **token);
PyObject *PyModule_NewObject(PyObject *name);
int PyModule_Check(PyObject *object);
int PyModule_CheckExact(PyObject *object);
PyObject *PyModule_GetNameObject(PyObject *module);
PyObject *PyModule_GetFilenameObject(PyObject *module);
PyObject *PyModule_GetDict(PyObject *module); /* a borrowed reference */
/* The text of __name__ and __file__ in UTF-8. It belongs to the str object, which the module keeps
   until the attribute is replaced. */
const char *PyModule_GetName(PyObject *module);
const char *PyModule_GetFilename(PyObject *module);

/* ---- modsupport.h. PyModule_Add steals the reference to the value, even if it fails. ---- */

int PyModule_AddObjectRef(PyObject *module, const char *name, PyObject *value);
int PyModule_Add(PyObject *module, const char *name, PyObject *value);
int PyModule_AddIntConstant(PyObject *module, const char *name, long value);
int PyModule_AddStringConstant(PyObject *module, const char *name, const char *value);
int PyModule_SetDocString(PyObject *module, const char *doc);

/* An object of C values, as a format describes them: one letter for each value.

       b B h H i     an int, or a shorter integer
       I n l k L K   an unsigned int, Py_ssize_t, long, unsigned long, long long, unsigned long long
       d f D         a double; the address of two, as a complex number
       p             an int, as a bool
       c C           an int, as bytes of length 1 or as a character
       s z U y u     UTF-8 as a str, UTF-8 as bytes (y), wchar_t as a str (u). A `#` after the letter
                     adds an argument, the length as a Py_ssize_t. NULL gives None.
       O S           an object
       N             an object, whose reference it steals, even if it fails
       O&            a function and an argument for it; the function returns a new reference
       () [] {}      a tuple, a list, a dict of the values between them

   No letter gives None, several without brackets a tuple. It returns NULL with an exception if it
   fails; if an object is NULL, with the exception that is pending. */
PyObject *Py_BuildValue(const char *format, ...);
PyObject *Py_VaBuildValue(const char *format, va_list list);

/* Stores borrowed references to the items of a tuple in variables of type `PyObject *`, whose addresses
   are the arguments. Returns 1; or 0 with TypeError if there are fewer than `min` or more than `max`.
   `name` is that of the function for the message, or NULL. */
int PyArg_UnpackTuple(PyObject *args, const char *name, Py_ssize_t min, Py_ssize_t max, ...);

/* The ABI record of a module, for Py_mod_abi: what its machine code expects of the interpreter. */

typedef struct PyABIInfo {
    uint8_t abiinfo_major_version;
    uint8_t abiinfo_minor_version;
    uint16_t flags;
    uint32_t build_version;
    uint32_t abi_version;
} PyABIInfo;

#define PyABIInfo_STABLE 0x0001
#define PyABIInfo_GIL 0x0002
#define PyABIInfo_FREETHREADED 0x0004
#define PyABIInfo_INTERNAL 0x0008
#define PyABIInfo_FREETHREADING_AGNOSTIC (PyABIInfo_GIL | PyABIInfo_FREETHREADED)

/* Defines the ABI record of a module that uses only the stable ABI, as all declarations of these
   headers do. */
#define PyABIInfo_VAR(name)                                                                        \
    static PyABIInfo name = {1, 0, PyABIInfo_STABLE | PyABIInfo_FREETHREADING_AGNOSTIC,            \
                             0x030f0000, 0x030f0000}

int PyABIInfo_Check(PyABIInfo *info, const char *module_name);

/* ---- import.h ---- */

PyObject *PyImport_Import(PyObject *name);
PyObject *PyImport_AddModuleRef(const char *name);
PyObject *PyImport_ExecCodeModuleEx(const char *name, PyObject *code, const char *pathname);
PyObject *PyImport_ImportModule(const char *name);

#ifdef __cplusplus
}
#endif

#endif
