/* Exceptions and warnings. A part of Python.h. */

#ifndef RUSTPYTHON_PYERRORS_H
#define RUSTPYTHON_PYERRORS_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The pending exception. PyErr_Occurred returns a borrowed reference to its class, or NULL.
   PyErr_SetRaisedException steals the reference to the exception. ---- */

PyObject *PyErr_Occurred(void);
void PyErr_SetObject(PyObject *exception, PyObject *value);
void PyErr_SetString(PyObject *exception, const char *text);
PyObject *PyErr_GetRaisedException(void);
void PyErr_SetRaisedException(PyObject *exception);
PyObject *PyErr_Format(PyObject *exception, const char *format, ...); /* see PyUnicode_FromFormat */
PyObject *PyErr_FormatV(PyObject *exception, const char *format, va_list list);
void PyErr_SetNone(PyObject *exception);
PyObject *PyErr_NoMemory(void);
void PyErr_Clear(void);
int PyErr_ExceptionMatches(PyObject *exception);
int PyErr_GivenExceptionMatches(PyObject *given, PyObject *exception);

/* If no exception is pending, these functions do nothing. For a SystemExit, PyErr_Print and
   PyErr_PrintEx end the process. */
void PyErr_Print(void);
void PyErr_PrintEx(int set_sys_last_vars);
void PyErr_WriteUnraisable(PyObject *object);

/* ---- Exception objects. The name of a new class has the form "module.Name". PyException_SetCause
   and PyException_SetContext steal the reference to their second argument; NULL and None clear the
   attribute. ---- */

PyObject *PyErr_NewException(const char *name, PyObject *base, PyObject *dict);
PyObject *PyErr_NewExceptionWithDoc(const char *name, const char *doc, PyObject *base,
                                    PyObject *dict);
void PyErr_DisplayException(PyObject *exception);
int PyExceptionClass_Check(PyObject *object);
int PyExceptionInstance_Check(PyObject *object);
PyObject *PyException_GetTraceback(PyObject *exception);
int PyException_SetTraceback(PyObject *exception, PyObject *traceback);
PyObject *PyException_GetCause(PyObject *exception);
void PyException_SetCause(PyObject *exception, PyObject *cause);
PyObject *PyException_GetContext(PyObject *exception);
void PyException_SetContext(PyObject *exception, PyObject *context);
PyObject *PyUnicodeDecodeError_Create(const char *encoding, const char *object, Py_ssize_t length,
                                      Py_ssize_t start, Py_ssize_t end, const char *reason);
int PyTraceBack_Check(PyObject *object);
int PyTraceBack_Print(PyObject *traceback, PyObject *file);

/* ---- Warnings ---- */

int PyErr_WarnEx(PyObject *category, const char *text, Py_ssize_t stack_level);
int PyErr_WarnFormat(PyObject *category, Py_ssize_t stack_level, const char *format, ...);
int PyErr_ResourceWarning(PyObject *source, Py_ssize_t stack_level, const char *format, ...);
int PyErr_WarnExplicit(PyObject *category, const char *text, const char *filename, int lineno,
                       const char *module, PyObject *registry);

/* ---- The exception classes. They are NULL until an interpreter exists. ---- */

extern PyObject *PyExc_ArithmeticError;
extern PyObject *PyExc_AssertionError;
extern PyObject *PyExc_AttributeError;
extern PyObject *PyExc_BaseException;
extern PyObject *PyExc_BaseExceptionGroup;
extern PyObject *PyExc_BlockingIOError;
extern PyObject *PyExc_BrokenPipeError;
extern PyObject *PyExc_BufferError;
extern PyObject *PyExc_BytesWarning;
extern PyObject *PyExc_ChildProcessError;
extern PyObject *PyExc_ConnectionAbortedError;
extern PyObject *PyExc_ConnectionError;
extern PyObject *PyExc_ConnectionRefusedError;
extern PyObject *PyExc_ConnectionResetError;
extern PyObject *PyExc_DeprecationWarning;
extern PyObject *PyExc_EOFError;
extern PyObject *PyExc_EncodingWarning;
extern PyObject *PyExc_Exception;
extern PyObject *PyExc_FileExistsError;
extern PyObject *PyExc_FileNotFoundError;
extern PyObject *PyExc_FloatingPointError;
extern PyObject *PyExc_FutureWarning;
extern PyObject *PyExc_GeneratorExit;
extern PyObject *PyExc_ImportError;
extern PyObject *PyExc_ImportWarning;
extern PyObject *PyExc_IndentationError;
extern PyObject *PyExc_IndexError;
extern PyObject *PyExc_InterruptedError;
extern PyObject *PyExc_IsADirectoryError;
extern PyObject *PyExc_KeyError;
extern PyObject *PyExc_KeyboardInterrupt;
extern PyObject *PyExc_LookupError;
extern PyObject *PyExc_MemoryError;
extern PyObject *PyExc_ModuleNotFoundError;
extern PyObject *PyExc_NameError;
extern PyObject *PyExc_NotADirectoryError;
extern PyObject *PyExc_NotImplementedError;
extern PyObject *PyExc_OSError;
extern PyObject *PyExc_OverflowError;
extern PyObject *PyExc_PendingDeprecationWarning;
extern PyObject *PyExc_PermissionError;
extern PyObject *PyExc_ProcessLookupError;
extern PyObject *PyExc_RecursionError;
extern PyObject *PyExc_ReferenceError;
extern PyObject *PyExc_ResourceWarning;
extern PyObject *PyExc_RuntimeError;
extern PyObject *PyExc_RuntimeWarning;
extern PyObject *PyExc_StopAsyncIteration;
extern PyObject *PyExc_StopIteration;
extern PyObject *PyExc_SyntaxError;
extern PyObject *PyExc_SyntaxWarning;
extern PyObject *PyExc_SystemError;
extern PyObject *PyExc_SystemExit;
extern PyObject *PyExc_TabError;
extern PyObject *PyExc_TimeoutError;
extern PyObject *PyExc_TypeError;
extern PyObject *PyExc_UnboundLocalError;
extern PyObject *PyExc_UnicodeDecodeError;
extern PyObject *PyExc_UnicodeEncodeError;
extern PyObject *PyExc_UnicodeError;
extern PyObject *PyExc_UnicodeTranslateError;
extern PyObject *PyExc_UnicodeWarning;
extern PyObject *PyExc_UserWarning;
extern PyObject *PyExc_ValueError;
extern PyObject *PyExc_Warning;
extern PyObject *PyExc_ZeroDivisionError;

#ifdef __cplusplus
}
#endif

#endif
