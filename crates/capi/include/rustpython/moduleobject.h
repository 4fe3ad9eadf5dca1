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
/* The text of __name__ and __file__ in UTF-8. It belongs to the str object, which the module keeps
   until the attribute is replaced. */
const char *PyModule_GetName(PyObject *module);
const char *PyModule_GetFilename(PyObject *module);

/* ---- modsupport.h. PyModule_Add steals the reference to the value, even if it fails. ---- */

int PyModule_AddObjectRef(PyObject *module, const char *name, PyObject *value);
int PyModule_Add(PyObject *module, const char *name, PyObject *value);
int PyModule_AddIntConstant(PyObject *module, const char *name, long value);
int PyModule_AddStringConstant(PyObject *module, const char *name, const char *value);

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
