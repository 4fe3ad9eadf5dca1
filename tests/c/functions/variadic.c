/* Calls functions with variable arguments that Python code chooses. On x86-64, integers and pointers are
   passed in registers of one kind and then on the stack, the first eight doubles in registers of another
   kind, whatever the order of all. So one call with all integers and pointers first, and the doubles after
   them, is right for every function and every order. */

#include "function_driver.h"

#include <stdarg.h>
#include <wchar.h>

enum { WORDS = 24, DOUBLES = 8 };

static PyObject *va_build_value(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    PyObject *const value = Py_VaBuildValue(format, list);
    va_end(list);
    return value;
}

static PyObject *from_format_v(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    PyObject *const string = PyUnicode_FromFormatV(format, list);
    va_end(list);
    return string;
}

static PyObject *format_v(PyObject *exception, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    PyObject *const null = PyErr_FormatV(exception, format, list);
    va_end(list);
    return null;
}

/* More doubles than there are registers, among integers. */
static PyObject *many_doubles(void)
{
    return Py_BuildValue("(idididididi)(dididididid)", 1, 0.1, 2, 0.2, 3, 0.3, 4, 0.4, 5, 0.5, 6, 0.6,
                         7, 0.7, 8, 0.8, 9, 0.9, 10, 1.0, 11, 1.1);
}

static PyObject *many_in_text(void)
{
    return PyUnicode_FromFormat("%d %ld %lld %zd %s %c %d %ld %lld %zd %s %c", 1, -2L, -3LL,
                                (Py_ssize_t)-4, "five", '6', 7, 8L, 9LL, (Py_ssize_t)10, "eleven", 'c');
}

typedef struct {
    const char *name;
    char result; /* r a new reference, i an int, v void */
    void (*function)(void);
} Variadic;

#define VARIADIC(result, name) {#name, result, (void (*)(void))(name)}

static const Variadic rows[] = {
    VARIADIC('r', Py_BuildValue),
    {"Py_VaBuildValue", 'r', (void (*)(void))va_build_value},
    {"many doubles", 'r', (void (*)(void))many_doubles},
    VARIADIC('r', PyTuple_Pack),
    VARIADIC('i', PyArg_UnpackTuple),
    VARIADIC('r', PyObject_CallFunction),
    VARIADIC('r', PyObject_CallMethod),
    VARIADIC('r', PyObject_CallFunctionObjArgs),
    VARIADIC('r', PyObject_CallMethodObjArgs),
    VARIADIC('r', PyUnicode_FromFormat),
    {"PyUnicode_FromFormatV", 'r', (void (*)(void))from_format_v},
    {"many in text", 'r', (void (*)(void))many_in_text},
    VARIADIC('r', PyErr_Format),
    {"PyErr_FormatV", 'r', (void (*)(void))format_v},
    VARIADIC('i', PyErr_WarnFormat),
    VARIADIC('i', PyErr_ResourceWarning),
    VARIADIC('v', PySys_WriteStdout),
    VARIADIC('v', PySys_WriteStderr),
    VARIADIC('v', PySys_FormatStdout),
    VARIADIC('v', PySys_FormatStderr),
};

/* Converters for a unit `O&`. */
static PyObject *doubled(void *argument)
{
    return PyLong_FromLong(2 * (long)(Word)argument);
}

static PyObject *refused(void *argument)
{
    (void)argument;
    PyErr_SetString(PyExc_LookupError, "refused by a converter");
    return NULL;
}

/* The values of one call, and what must be freed after it. */
typedef struct {
    Word words[WORDS];
    double doubles[DOUBLES];
    void *copies[WORDS];
    PyObject *variables[WORDS];
    int word_count, double_count, variable_count;
} Values;

static wchar_t *wide_copy(PyObject *bytes)
{
    wchar_t *const copy = calloc((size_t)PyBytes_Size(bytes) + 1, sizeof(wchar_t));
    const unsigned char *const text = (const unsigned char *)PyBytes_AsString(bytes);
    for (Py_ssize_t i = 0; copy != NULL && i < PyBytes_Size(bytes); i++) {
        copy[i] = text[i];
    }
    return copy;
}

/* Adds a value: a pair of a letter and an object. o is an object; r a new reference; s and w a string of
   char and of wchar_t; i an integer of any type; d a double; c the address of two doubles; v the
   address of a variable; f one of the converters. */
static int add(Values *values, PyObject *entry)
{
    PyObject *const letter = PyTuple_GetItem(entry, 0);
    PyObject *object = PyTuple_GetItem(entry, 1);
    if (letter == NULL || object == NULL) {
        return -1;
    }
    object = object == null_mark ? NULL : object;
    const int at = values->word_count;
    Word *const word = &values->words[at];
    const char kind = PyUnicode_AsUTF8(letter)[0];
    if (kind == 'd') {
        values->doubles[values->double_count++] = PyFloat_AsDouble(object);
        return PyErr_Occurred() == NULL ? 0 : -1;
    }
    switch (kind) {
    case 'o': *word = (Word)object; break;
    case 'r':
        Py_XINCREF(object);
        *word = (Word)object;
        break;
    case 's':
        values->copies[at] = object == NULL ? NULL : copy_of_bytes(object);
        *word = (Word)values->copies[at];
        break;
    case 'w':
        values->copies[at] = object == NULL ? NULL : wide_copy(object);
        *word = (Word)values->copies[at];
        break;
    case 'c': {
        double *const parts = calloc(2, sizeof(double));
        parts[0] = PyFloat_AsDouble(object);
        parts[1] = -parts[0];
        values->copies[at] = parts;
        *word = (Word)parts;
        break;
    }
    case 'v': *word = (Word)&values->variables[values->variable_count++]; break;
    case 'f': *word = (Word)(PyObject_IsTrue(object) ? doubled : refused); break;
    default: *word = (Word)PyLong_AsLongLong(object); break;
    }
    values->word_count++;
    return PyErr_Occurred() == NULL ? 0 : -1;
}

static Word invoke(const Variadic *row, const Values *values)
{
    const Word *const w = values->words;
    const double *const d = values->doubles;
    return ((Word(*)(Word, ...))row->function)(
        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13], w[14],
        w[15], w[16], w[17], w[18], w[19], w[20], w[21], w[22], w[23], d[0], d[1], d[2], d[3], d[4], d[5],
        d[6], d[7]);
}

/* The answer, the exception that is pending afterwards, and what is in the variables. */
static PyObject *answer_of(const Variadic *row, Word answer, const Values *values)
{
    PyObject *const raised = taken_exception();
    PyObject *given;
    if (row->result == 'r') {
        given = give((PyObject *)answer);
        Py_XDECREF((PyObject *)answer);
    } else {
        given = row->result == 'i' ? PyLong_FromLong((int)answer) : Py_NewRef(Py_None);
    }
    PyObject *const answers = pair(given, raised);
    for (int i = 0; i < values->variable_count; i++) {
        PyList_Append(answers, values->variables[i] == NULL ? null_mark : values->variables[i]);
    }
    return answers;
}

/* variadic(name, pending, values): calls the function with that exception pending and these values, a
   tuple of pairs. Returns a list of the answer, the exception that is pending afterwards, and what the
   function stored in variables. */
PyObject *variadic(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module, (void)count;
    char *const name = copy_of_bytes(arguments[0]);
    const Variadic *row = NULL;
    for (size_t i = 0; name != NULL && i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            row = &rows[i];
        }
    }
    free(name);
    if (row == NULL || PyTuple_Size(arguments[2]) > WORDS) {
        PyErr_SetString(PyExc_LookupError, "no such function, or too many arguments");
        return NULL;
    }
    Values values = {0};
    for (Py_ssize_t i = 0; i < PyTuple_Size(arguments[2]); i++) {
        if (add(&values, PyTuple_GetItem(arguments[2], i)) < 0) {
            return NULL;
        }
    }
    if (arguments[1] != null_mark) {
        PyErr_SetRaisedException(Py_NewRef(arguments[1]));
    }
    PyObject *const answers = answer_of(row, invoke(row, &values), &values);
    for (int i = 0; i < WORDS; i++) {
        free(values.copies[i]);
    }
    return answers;
}
