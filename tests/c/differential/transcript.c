/* Text for the transcript: growing buffers, and exceptions on one line. */

#include "driver.h"

#include <stdarg.h>

/* The most characters of a text, and levels of causes and contexts, that are shown. */
enum { SHOWN = 300, DEEPEST = 5 };

Text events;
PyObject *before;

static void reserve(Text *text, size_t more)
{
    if (text->length + more < text->capacity) {
        return;
    }
    text->capacity = 2 * (text->length + more) + 64;
    text->text = realloc(text->text, text->capacity);
    if (text->text == NULL) {
        abort();
    }
}

void add(Text *text, const char *form, ...)
{
    va_list values;
    va_start(values, form);
    const int needed = vsnprintf(NULL, 0, form, values);
    va_end(values);
    if (needed < 0) {
        abort();
    }
    reserve(text, (size_t)needed + 1);
    va_start(values, form);
    vsnprintf(text->text + text->length, (size_t)needed + 1, form, values);
    va_end(values);
    text->length += (size_t)needed;
}

void clear_text(Text *text)
{
    reserve(text, 1);
    text->length = 0;
    text->text[0] = '\0';
}

char *copy_of(const char *bytes, Py_ssize_t length)
{
    char *const copy = malloc((size_t)length + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, bytes, (size_t)length);
    copy[length] = '\0';
    return copy;
}

char *copy_of_str(PyObject *str)
{
    Py_ssize_t length = 0;
    const char *const bytes = str == NULL ? NULL : PyUnicode_AsUTF8AndSize(str, &length);
    return bytes == NULL ? NULL : copy_of(bytes, length);
}

void add_str(Text *text, PyObject *str)
{
    Py_ssize_t length = 0;
    const char *const bytes = str == NULL ? NULL : PyUnicode_AsUTF8AndSize(str, &length);
    if (bytes == NULL) {
        Py_XDECREF(PyErr_GetRaisedException());
        add(text, "<no text>");
        return;
    }
    uint32_t sum = 0;
    for (Py_ssize_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        sum = sum * 31 + byte;
        if (i >= SHOWN) {
            continue;
        }
        if (byte < ' ' || byte == '\\') {
            add(text, "\\%02x", (unsigned)byte);
        } else {
            add(text, "%c", byte);
        }
    }
    if (length > SHOWN) {
        add(text, "...(%ld bytes, %08x)", (long)length, (unsigned)sum);
    }
}

static bool has_notes(PyObject *exception)
{
    PyObject *notes = NULL;
    if (PyObject_GetOptionalAttrString(exception, "__notes__", &notes) < 0) {
        Py_XDECREF(PyErr_GetRaisedException());
    }
    const bool any = notes != NULL;
    Py_XDECREF(notes);
    return any;
}

static void add_deep(Text *text, PyObject *exception, int level)
{
    PyObject *const class = PyType_GetName(Py_TYPE(exception));
    const size_t start = text->length;
    add_str(text, class);
    Py_XDECREF(class);
    const bool is_value_error = strcmp(text->text + start, "ValueError") == 0;
    if (!is_value_error && PyObject_IsInstance(exception, PyExc_ValueError) == 1) {
        add(text, "/ValueError");
    }
    PyObject *const words = PyObject_Str(exception);
    add(text, ": ");
    add_str(text, words);
    Py_XDECREF(words);
    if (has_notes(exception)) {
        add(text, " [note]");
    }
    PyObject *const cause = PyException_GetCause(exception);
    PyObject *const context = PyException_GetContext(exception);
    if (cause != NULL) {
        add(text, " {cause ");
        if (level < DEEPEST) {
            add_deep(text, cause, level + 1);
        }
        add(text, "}");
    }
    if (context != NULL && context == cause) {
        add(text, " {context is cause}");
    } else if (context != NULL) {
        add(text, " {context ");
        if (level < DEEPEST) {
            add_deep(text, context, level + 1);
        }
        add(text, "}");
    }
    Py_XDECREF(cause);
    Py_XDECREF(context);
}

void add_exception(Text *text, PyObject *exception)
{
    if (exception == NULL) {
        add(text, "none");
    } else if (exception == before) {
        add(text, "same");
    } else {
        add_deep(text, exception, 0);
    }
}

void add_pending(Text *text)
{
    PyObject *const pending = PyErr_GetRaisedException();
    add_exception(text, pending);
    PyErr_SetRaisedException(pending);
}

void add_taken(Text *text)
{
    PyObject *const pending = PyErr_GetRaisedException();
    add_exception(text, pending);
    Py_XDECREF(pending);
}
