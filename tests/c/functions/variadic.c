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

static int va_parse(PyObject *args, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int parsed = PyArg_VaParse(args, format, list);
    va_end(list);
    return parsed;
}

static int va_parse_keywords(PyObject *args, PyObject *kwargs, const char *format, char **names, ...)
{
    va_list list;
    va_start(list, names);
    const int parsed = PyArg_VaParseTupleAndKeywords(args, kwargs, format, names, list);
    va_end(list);
    return parsed;
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
    VARIADIC('i', PyArg_ParseTuple),
    {"PyArg_VaParse", 'i', (void (*)(void))va_parse},
    VARIADIC('i', PyArg_Parse),
    VARIADIC('i', PyArg_ParseTupleAndKeywords),
    {"PyArg_VaParseTupleAndKeywords", 'i', (void (*)(void))va_parse_keywords},
    VARIADIC('i', PyArg_ValidateKeywordArguments),
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

/* How often a converter was called to clean up. */
static long cleaned;

/* Converters of arguments. */
static int stores_length(PyObject *object, void *place)
{
    const Py_ssize_t length = PyObject_Size(object);
    *(long long *)place = (long long)length;
    return length >= 0;
}

static int fails_silently(PyObject *object, void *place)
{
    (void)object, (void)place;
    return 0;
}

static int cleans_up(PyObject *object, void *place)
{
    if (object == NULL) {
        cleaned++;
        return 1;
    }
    *(long long *)place = 1;
    return Py_CLEANUP_SUPPORTED;
}

/* A variable of the caller, and the letter of its kind. */
typedef struct {
    char kind;
    union {
        PyObject *object;
        long long integer;
        float number;
        double numbers[2];
        char *text;
        Py_buffer view;
    };
} Variable;

/* The values of one call, and what must be freed after it. */
typedef struct {
    Word words[WORDS];
    double doubles[DOUBLES];
    void *copies[WORDS];
    Variable variables[WORDS];
    char *names[WORDS];
    int word_count, double_count, variable_count, name_count;
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

/* Adds a variable of a kind and its address. v is a PyObject *, n an integer of any type, F a float, D two
   doubles, t a char *, m memory that the function may allocate, B a Py_buffer. */
static void add_variable(Values *values, char kind, PyObject *object)
{
    Variable *const variable = &values->variables[values->variable_count++];
    variable->kind = kind;
    if (kind == 'n') {
        variable->integer = PyLong_AsLongLong(object);
    } else if (kind == 'm' && object != NULL) {
        variable->text = PyMem_Malloc(64);
    }
    values->words[values->word_count] = (Word)&variable->integer;
}

/* Adds a value: a pair of a letter and an object. o is an object; r a new reference; s and w a string of
   char and of wchar_t; i an integer of any type; d a double; c the address of two doubles; f and g one of
   the converters of values and of arguments; k the names of arguments; others are variables. */
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
    case 'k':
        for (Py_ssize_t i = 0; i < PyTuple_Size(object); i++) {
            values->names[values->name_count++] = copy_of_bytes(PyTuple_GetItem(object, i));
        }
        *word = (Word)values->names;
        break;
    case 'g': {
        int (*const converters[])(PyObject *, void *) = {stores_length, fails_silently, cleans_up};
        *word = (Word)converters[PyLong_AsLong(object)];
        break;
    }
    case 'f': *word = (Word)(PyObject_IsTrue(object) ? doubled : refused); break;
    case 'i': *word = (Word)PyLong_AsLongLong(object); break;
    default: add_variable(values, kind, object); break;
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

/* What is in a variable after the call, which it releases. */
static PyObject *content_of(Variable *variable, int succeeded)
{
    PyObject *content = NULL;
    switch (variable->kind) {
    case 'v': return give(variable->object);
    case 'n': return PyLong_FromLongLong(variable->integer);
    case 'F': return PyFloat_FromDouble(variable->number);
    case 'D':
        return pair(PyFloat_FromDouble(variable->numbers[0]), PyFloat_FromDouble(variable->numbers[1]));
    case 't': return variable->text == NULL ? give(NULL) : PyBytes_FromString(variable->text);
    case 'm':
        content = variable->text == NULL ? give(NULL) : PyBytes_FromString(succeeded ? variable->text : "");
        PyMem_Free(variable->text);
        return content;
    default:
        if (!succeeded) {
            return give(NULL);
        }
        content = PyBytes_FromStringAndSize(variable->view.buf, variable->view.len);
        PyBuffer_Release(&variable->view);
        return content;
    }
}

/* The answer, the exception that is pending afterwards, and what is in the variables. */
static PyObject *answer_of(const Variadic *row, Word answer, Values *values)
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
        PyObject *const content = content_of(&values->variables[i], (int)answer != 0);
        PyList_Append(answers, content);
        Py_DECREF(content);
    }
    return answers;
}

/* times_cleaned(): how often a converter was called to clean up. */
PyObject *times_cleaned(PyObject *module, PyObject *none)
{
    (void)module, (void)none;
    return PyLong_FromLong(cleaned);
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
        free(values.names[i]);
    }
    return answers;
}
