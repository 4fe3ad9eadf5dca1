/* The extension module `speed_loops`. Its function `request` takes a line of text and returns one:

   check ROW        `right`, or `wrong`, or `unknown` if this interpreter has no such function
   ROW COUNT        nanoseconds and cycles of that many calls; `ROW@2`: on each of two threads
   populate COUNT   `right`, after it has made that many capsules and names, which stay alive
   threads COUNT    `right`, after that many threads have run
   memory COUNT     resident bytes before, with and after that many capsules */

#include "rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 100 };

static const struct row *find_row(const char *name)
{
    static const struct row *const all[] = {call_rows, life_rows, import_rows, string_rows};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (const struct row *row = all[i]; row->name != NULL; row++) {
            if (strcmp(row->name, name) == 0) {
                return row;
            }
        }
    }
    return NULL;
}

static const char *check(char *name)
{
    name[strcspn(name, "@")] = '\0';
    const struct row *const row = find_row(name);
    if (row == NULL) {
        return "unknown";
    }
    return row->is_right() ? "right" : "wrong";
}

static void measure(char *name, size_t count, char answer[LONGEST])
{
    unsigned threads = 0;
    char *const at = strchr(name, '@');
    if (at != NULL) {
        *at = '\0';
        sscanf(at + 1, "%u", &threads);
    }
    const struct row *const row = find_row(name);
    if (row == NULL) {
        strcpy(answer, "unknown");
        return;
    }
    struct span span;
    if (threads > 0) {
        measure_on_threads(threads, row->loop, count, &span);
    } else {
        start_clock();
        row->loop(count);
        stop_clock(&span);
    }
    snprintf(answer, LONGEST, "%" PRIu64 " %" PRIu64, span.nanoseconds, span.cycles);
}

/* request(line). An exception means that the interpreter failed; it ends the process. */
static PyObject *request(PyObject *module, PyObject *line)
{
    (void)module;
    char word[LONGEST], rest[LONGEST], answer[LONGEST] = "wrong";
    size_t count = 0, resident[3];
    Py_ssize_t size;
    const char *const text = PyUnicode_AsUTF8AndSize(line, &size);
    if (text == NULL) {
        return NULL;
    }
    if (sscanf(text, "%99s %99s", word, rest) != 2) {
        strcpy(answer, "unknown");
    } else if (strcmp(word, "check") == 0) {
        strcpy(answer, check(rest));
    } else if (sscanf(rest, "%zu", &count) != 1) {
        strcpy(answer, "unknown");
    } else if (strcmp(word, "populate") == 0) {
        strcpy(answer, populate(count) ? "right" : "wrong");
    } else if (strcmp(word, "threads") == 0) {
        struct span span;
        measure_on_threads((unsigned)count, find_row("new_free")->loop, 1, &span);
        strcpy(answer, "right");
    } else if (strcmp(word, "memory") == 0) {
        if (measure_memory(count, resident)) {
            snprintf(answer, LONGEST, "%zu %zu %zu", resident[0], resident[1], resident[2]);
        }
    } else {
        measure(word, count, answer);
    }
    return PyErr_Occurred() == NULL ? PyUnicode_FromString(answer) : NULL;
}

static PyMethodDef methods[] = {
    {"request", request, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static int prepare(PyObject *module)
{
    (void)module;
    if (prepare_calls() && prepare_imports() && prepare_strings()) {
        return 0;
    }
    if (PyErr_Occurred() == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the rows cannot be prepared");
    }
    return -1;
}

#ifdef PLAIN

/* Plain RustPython 0.6 expects this function to return a module. */
PyMODEXPORT_VISIBLE_ PyObject *PyModExport_speed_loops(void)
{
    PyObject *const name = PyUnicode_FromString("speed_loops");
    PyObject *const module = PyModule_NewObject(name);
    PyObject *const function = PyCFunction_New(&methods[0], NULL);
    if (module == NULL || function == NULL || prepare(module) != 0 ||
        PyObject_SetAttrString(module, methods[0].ml_name, function) != 0) {
        return NULL;
    }
    return module;
}

#elif defined OURS

PyABIInfo_VAR(abi_info);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_FUNC(Py_mod_exec, prepare),
    PySlot_PTR(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport_speed_loops(void)
{
    return slots;
}

#else

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, prepare},
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "speed_loops",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_speed_loops(void)
{
    return PyModuleDef_Init(&definition);
}

#endif
