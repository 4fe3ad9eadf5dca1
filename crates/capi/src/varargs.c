/* The functions of the C API with variable arguments, which stable Rust cannot define, and the functions
   with which Rust code reads such arguments. Everything else about them is in Rust: each function here
   calls one of the same crate, which is told where the arguments are. */

#include <Python.h>

typedef struct {
    va_list list;
} Arguments;

/* ---- What Rust calls. Each returns the next argument, which must have this type. ---- */

int rustpython_capsule_next_int(Arguments *arguments)
{
    return va_arg(arguments->list, int);
}

long rustpython_capsule_next_long(Arguments *arguments)
{
    return va_arg(arguments->list, long);
}

long long rustpython_capsule_next_long_long(Arguments *arguments)
{
    return va_arg(arguments->list, long long);
}

Py_ssize_t rustpython_capsule_next_ssize(Arguments *arguments)
{
    return va_arg(arguments->list, Py_ssize_t);
}

double rustpython_capsule_next_double(Arguments *arguments)
{
    return va_arg(arguments->list, double);
}

void *rustpython_capsule_next_pointer(Arguments *arguments)
{
    return va_arg(arguments->list, void *);
}

/* ---- What is in Rust ---- */

PyObject *rustpython_capsule_build_value(const char *format, Arguments *arguments);
PyObject *rustpython_capsule_pack(Py_ssize_t count, Arguments *arguments);
int rustpython_capsule_unpack(PyObject *tuple, const char *name, Py_ssize_t min, Py_ssize_t max,
                              Arguments *arguments);
int rustpython_capsule_parse_tuple(PyObject *args, const char *format, Arguments *arguments);
int rustpython_capsule_parse(PyObject *args, const char *format, Arguments *arguments);
int rustpython_capsule_parse_keywords(PyObject *args, PyObject *kwargs, const char *format,
                                      char *const *names, Arguments *arguments);
PyObject *rustpython_capsule_call(PyObject *callable, const char *format, Arguments *arguments);
PyObject *rustpython_capsule_call_method(PyObject *object, const char *name, const char *format,
                                         Arguments *arguments);
PyObject *rustpython_capsule_call_objects(PyObject *callable, Arguments *arguments);
PyObject *rustpython_capsule_call_method_objects(PyObject *object, PyObject *name,
                                                 Arguments *arguments);
PyObject *rustpython_capsule_format(const char *format, Arguments *arguments);
void rustpython_capsule_raise(PyObject *exception, const char *format, Arguments *arguments);
int rustpython_capsule_warn(PyObject *category, PyObject *source, Py_ssize_t stack_level,
                            const char *format, Arguments *arguments);
void rustpython_capsule_write(int error, const char *text, int truncated);
void rustpython_capsule_write_formatted(int error, const char *format, Arguments *arguments);

/* ---- modsupport.h ---- */

PyObject *Py_VaBuildValue(const char *format, va_list list)
{
    Arguments arguments;
    va_copy(arguments.list, list);
    PyObject *const value = rustpython_capsule_build_value(format, &arguments);
    va_end(arguments.list);
    return value;
}

PyObject *Py_BuildValue(const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    PyObject *const value = rustpython_capsule_build_value(format, &arguments);
    va_end(arguments.list);
    return value;
}

int PyArg_UnpackTuple(PyObject *args, const char *name, Py_ssize_t min, Py_ssize_t max, ...)
{
    Arguments arguments;
    va_start(arguments.list, max);
    const int unpacked = rustpython_capsule_unpack(args, name, min, max, &arguments);
    va_end(arguments.list);
    return unpacked;
}

int PyArg_ParseTuple(PyObject *args, const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    const int parsed = rustpython_capsule_parse_tuple(args, format, &arguments);
    va_end(arguments.list);
    return parsed;
}

int PyArg_VaParse(PyObject *args, const char *format, va_list list)
{
    Arguments arguments;
    va_copy(arguments.list, list);
    const int parsed = rustpython_capsule_parse_tuple(args, format, &arguments);
    va_end(arguments.list);
    return parsed;
}

int PyArg_Parse(PyObject *args, const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    const int parsed = rustpython_capsule_parse(args, format, &arguments);
    va_end(arguments.list);
    return parsed;
}

int PyArg_ParseTupleAndKeywords(PyObject *args, PyObject *kwargs, const char *format,
                                char *const *names, ...)
{
    Arguments arguments;
    va_start(arguments.list, names);
    const int parsed = rustpython_capsule_parse_keywords(args, kwargs, format, names, &arguments);
    va_end(arguments.list);
    return parsed;
}

int PyArg_VaParseTupleAndKeywords(PyObject *args, PyObject *kwargs, const char *format,
                                  char *const *names, va_list list)
{
    Arguments arguments;
    va_copy(arguments.list, list);
    const int parsed = rustpython_capsule_parse_keywords(args, kwargs, format, names, &arguments);
    va_end(arguments.list);
    return parsed;
}

/* ---- tupleobject.h ---- */

PyObject *PyTuple_Pack(Py_ssize_t count, ...)
{
    Arguments arguments;
    va_start(arguments.list, count);
    PyObject *const tuple = rustpython_capsule_pack(count, &arguments);
    va_end(arguments.list);
    return tuple;
}

/* ---- abstract.h ---- */

PyObject *PyObject_CallFunction(PyObject *callable, const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    PyObject *const result = rustpython_capsule_call(callable, format, &arguments);
    va_end(arguments.list);
    return result;
}

PyObject *PyObject_CallMethod(PyObject *object, const char *name, const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    PyObject *const result = rustpython_capsule_call_method(object, name, format, &arguments);
    va_end(arguments.list);
    return result;
}

PyObject *PyObject_CallFunctionObjArgs(PyObject *callable, ...)
{
    Arguments arguments;
    va_start(arguments.list, callable);
    PyObject *const result = rustpython_capsule_call_objects(callable, &arguments);
    va_end(arguments.list);
    return result;
}

PyObject *PyObject_CallMethodObjArgs(PyObject *object, PyObject *name, ...)
{
    Arguments arguments;
    va_start(arguments.list, name);
    PyObject *const result = rustpython_capsule_call_method_objects(object, name, &arguments);
    va_end(arguments.list);
    return result;
}

/* ---- unicodeobject.h ---- */

PyObject *PyUnicode_FromFormatV(const char *format, va_list list)
{
    Arguments arguments;
    va_copy(arguments.list, list);
    PyObject *const string = rustpython_capsule_format(format, &arguments);
    va_end(arguments.list);
    return string;
}

PyObject *PyUnicode_FromFormat(const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    PyObject *const string = rustpython_capsule_format(format, &arguments);
    va_end(arguments.list);
    return string;
}

/* ---- pyerrors.h, warnings.h ---- */

PyObject *PyErr_FormatV(PyObject *exception, const char *format, va_list list)
{
    Arguments arguments;
    va_copy(arguments.list, list);
    rustpython_capsule_raise(exception, format, &arguments);
    va_end(arguments.list);
    return NULL;
}

PyObject *PyErr_Format(PyObject *exception, const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    rustpython_capsule_raise(exception, format, &arguments);
    va_end(arguments.list);
    return NULL;
}

int PyErr_WarnFormat(PyObject *category, Py_ssize_t stack_level, const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    const int status = rustpython_capsule_warn(category, NULL, stack_level, format, &arguments);
    va_end(arguments.list);
    return status;
}

int PyErr_ResourceWarning(PyObject *source, Py_ssize_t stack_level, const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    const int status =
        rustpython_capsule_warn(PyExc_ResourceWarning, source, stack_level, format, &arguments);
    va_end(arguments.list);
    return status;
}

/* ---- sysmodule.h ---- */

/* Writes what printf would, but no more than 1000 bytes. */
static void write_printed(int error, const char *format, va_list list)
{
    char text[1001];
    const int length = vsnprintf(text, sizeof text, format, list);
    if (length < 0) {
        text[0] = '\0';
    }
    rustpython_capsule_write(error, text, length < 0 || (size_t)length >= sizeof text);
}

void PySys_WriteStdout(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    write_printed(0, format, list);
    va_end(list);
}

void PySys_WriteStderr(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    write_printed(1, format, list);
    va_end(list);
}

void PySys_FormatStdout(const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    rustpython_capsule_write_formatted(0, format, &arguments);
    va_end(arguments.list);
}

void PySys_FormatStderr(const char *format, ...)
{
    Arguments arguments;
    va_start(arguments.list, format);
    rustpython_capsule_write_formatted(1, format, &arguments);
    va_end(arguments.list);
}
