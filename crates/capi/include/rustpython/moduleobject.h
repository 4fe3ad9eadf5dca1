/* Modules that C code defines, and import. A part of Python.h. */

#ifndef RUSTPYTHON_MODULEOBJECT_H
#define RUSTPYTHON_MODULEOBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- A library x.so for `import x` must export the function

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
/* Raises SystemError: this interpreter has no definitions of this type. It is for libraries that also
   export a function for interpreters without PyModExport_x. */
PyObject *PyModuleDef_Init(PyModuleDef *definition);
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

/* These convert arguments to C values, as a format describes them, and store them in variables, whose
   addresses follow the format. They return 1, or 0 with an exception.

       b h i l L n   an int, in an unsigned char, short, int, long, long long, Py_ssize_t
       B H I k K     the same, unsigned (long, long long), without a check for overflow
       f d D         a number, in a float, a double, two doubles
       p             any object, as 0 or 1 in an int
       c C           bytes of length 1, in a char; a str of length 1, in an int
       s z y         the UTF-8 of a str, in a const char *; z: None as NULL; y: bytes. With a `#`
                     after the letter, a Py_ssize_t for the length follows, and bytes are allowed too.
                     With a `*`, a Py_buffer that must be released; any object with a buffer is allowed.
       w*            a buffer that can be written to, in a Py_buffer
       es et         a str in an encoding, the name of which comes before the address of a char *; it is
                     new memory for PyMem_Free; et leaves bytes as they are. With a `#` a Py_ssize_t
                     follows, and a char * that is not NULL is used as memory of this length.
       S Y U         bytes, a bytearray, a str, as a borrowed reference
       O O!          any object, an object of the class before the address, as a borrowed reference
       O&            a function `int (PyObject *, void *)`, which returns 0 if it fails, and its argument
       ()            a sequence of the units between them

   Units after `|` are optional; those after `$` can only be given by name. A `:` and the name of the
   function, or a `;` and a message for all errors, may follow. Borrowed text belongs to the object. */
int PyArg_ParseTuple(PyObject *args, const char *format, ...);
int PyArg_VaParse(PyObject *args, const char *format, va_list list);
int PyArg_Parse(PyObject *object, const char *format, ...);

/* The names end with NULL. An empty name is that of an argument that can only be given by position. */
int PyArg_ParseTupleAndKeywords(PyObject *args, PyObject *kwargs, const char *format,
                                char *const *names, ...);
int PyArg_VaParseTupleAndKeywords(PyObject *args, PyObject *kwargs, const char *format,
                                  char *const *names, va_list list);
int PyArg_ValidateKeywordArguments(PyObject *kwargs);

/* A function of a unit `O&` that returns this is called with NULL if a later unit fails. */
#define Py_CLEANUP_SUPPORTED 0x20000

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
