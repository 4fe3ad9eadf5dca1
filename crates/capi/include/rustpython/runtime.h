/* Threads, memory, running code. A part of Python.h. */

#ifndef RUSTPYTHON_RUNTIME_H
#define RUSTPYTHON_RUNTIME_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- pystate.h. Any thread may call PyGILState_Ensure, which attaches the thread to the main
   interpreter. If that interpreter is finalizing (the threads of Python code have ended, and the
   exit functions have run), the call does not return. ---- */

typedef enum { PyGILState_LOCKED, PyGILState_UNLOCKED } PyGILState_STATE;

PyGILState_STATE PyGILState_Ensure(void);
void PyGILState_Release(PyGILState_STATE state);
PyThreadState *PyEval_SaveThread(void);
void PyEval_RestoreThread(PyThreadState *state);
PyInterpreterState *PyInterpreterState_Get(void);
int64_t PyInterpreterState_GetID(PyInterpreterState *interpreter);

/* These detach the thread from the interpreter around code that waits. That code must not use
   objects. */
#define Py_BEGIN_ALLOW_THREADS                                                                     \
    {                                                                                              \
        PyThreadState *_save = PyEval_SaveThread();
#define Py_END_ALLOW_THREADS                                                                       \
        PyEval_RestoreThread(_save);                                                               \
    }
#define Py_BLOCK_THREADS PyEval_RestoreThread(_save);
#define Py_UNBLOCK_THREADS _save = PyEval_SaveThread();

/* ---- pymem.h. Any thread may call these functions. ---- */

void *PyMem_Malloc(size_t size);
void *PyMem_Calloc(size_t count, size_t size);
void *PyMem_Realloc(void *memory, size_t new_size);
void PyMem_Free(void *memory);
void *PyMem_RawMalloc(size_t size);
void *PyMem_RawCalloc(size_t count, size_t size);
void *PyMem_RawRealloc(void *memory, size_t new_size);
void PyMem_RawFree(void *memory);

/* ---- ceval.h, pyframe.h. PyEval_GetBuiltins, PyEval_GetGlobals, PyEval_GetLocals and
   PyEval_GetFrame return borrowed references. ---- */

#define Py_single_input 256
#define Py_file_input 257
#define Py_eval_input 258

PyObject *Py_CompileString(const char *code, const char *filename, int start);
PyObject *PyEval_EvalCode(PyObject *code, PyObject *globals, PyObject *locals);
PyObject *PyEval_GetBuiltins(void);
PyObject *PyEval_GetGlobals(void);
PyObject *PyEval_GetLocals(void);
PyFrameObject *PyEval_GetFrame(void);
PyObject *PyEval_GetFrameBuiltins(void);
PyObject *PyEval_GetFrameGlobals(void);
PyObject *PyEval_GetFrameLocals(void);
const char *PyEval_GetFuncDesc(PyObject *function);
PyCodeObject *PyFrame_GetCode(PyFrameObject *frame);
int PyFrame_GetLineNumber(PyFrameObject *frame);
PyObject *PyFrame_GetLocals(PyFrameObject *frame);
PyObject *PyFrame_GetGlobals(PyFrameObject *frame);
PyObject *PyFrame_GetBuiltins(PyFrameObject *frame);

/* ---- sysmodule.h. PySys_GetObject returns a borrowed reference, or NULL without an exception.
   PySys_WriteStdout and PySys_WriteStderr take the formats of printf and write at most 1000 bytes,
   PySys_FormatStdout and PySys_FormatStderr those of PyUnicode_FromFormat. ---- */

PyObject *PySys_GetObject(const char *name);
int PySys_SetObject(const char *name, PyObject *value);
void PySys_WriteStdout(const char *format, ...);
void PySys_WriteStderr(const char *format, ...);
void PySys_FormatStdout(const char *format, ...);
void PySys_FormatStderr(const char *format, ...);

/* ---- pylifecycle.h. Any thread may call these functions. ---- */

extern const unsigned long Py_Version;

int Py_IsInitialized(void);
const char *Py_GetVersion(void);
const char *Py_GetBuildInfo(void);
const char *Py_GetCompiler(void);
const char *Py_GetCopyright(void);
const char *Py_GetPlatform(void);

#ifdef __cplusplus
}
#endif

#endif
