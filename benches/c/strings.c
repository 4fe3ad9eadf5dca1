/* Rows that request the text of a `str` or `bytes` object. For comparison, rows that only make and
   free the same objects. */

#include "rows.h"

#include <string.h>

static const char TEXT[] = "a name of some length";

static PyObject *string, *bytes;

int prepare_strings(void)
{
    string = PyUnicode_FromString(TEXT);
    bytes = string == NULL ? NULL : PyUnicode_AsUTF8String(string);
    return bytes != NULL;
}

static const char *text_of(PyObject *object)
{
    Py_ssize_t size;
    return PyUnicode_AsUTF8AndSize(object, &size);
}

/* Does not check for a NUL after the text, which plain RustPython does not write. */
static int is_text(const char *text)
{
    return text != NULL && memcmp(text, TEXT, sizeof TEXT - 1) == 0;
}

/* A row that evaluates `make` for a new object and then `request`, the text of that object. */
#define FRESH(function, make, request)                                                             \
    static void function##_loop(size_t count)                                                      \
    {                                                                                              \
        for (size_t i = 0; i < count; i++) {                                                       \
            PyObject *const object = (make);                                                       \
            const char *const text = (request);                                                    \
            USE(text);                                                                             \
            Py_DECREF(object);                                                                     \
        }                                                                                          \
    }                                                                                              \
    static int function##_is_right(void)                                                           \
    {                                                                                              \
        PyObject *const object = (make);                                                           \
        const char *const text = object == NULL ? NULL : (request);                                \
        const int right = is_text(text);                                                           \
        Py_XDECREF(object);                                                                        \
        return right;                                                                              \
    }

EXPRESSION(str_text, const char *, text_of(string), is_text(answer))
EXPRESSION(bytes_text, const char *, PyBytes_AsString(bytes), is_text(answer))
FRESH(str_new, PyUnicode_FromString(TEXT), TEXT)
FRESH(str_new_text, PyUnicode_FromString(TEXT), text_of(object))
FRESH(bytes_new, PyBytes_FromString(TEXT), TEXT)
FRESH(bytes_new_text, PyBytes_FromString(TEXT), PyBytes_AsString(object))
FRESH(encoded, PyUnicode_AsUTF8String(string), TEXT)
FRESH(encoded_text, PyUnicode_AsUTF8String(string), PyBytes_AsString(object))

const struct row string_rows[] = {
    ROW("str_text", str_text),
    ROW("bytes_text", bytes_text),
    ROW("str_new", str_new),
    ROW("str_new_text", str_new_text),
    ROW("bytes_new", bytes_new),
    ROW("bytes_new_text", bytes_new_text),
    ROW("encoded", encoded),
    ROW("encoded_text", encoded_text),
    END_OF_ROWS,
};
