/* What a row of the table is in C, and what the files of rows share. The same text is compiled for
   every interpreter; RUSTPYTHON_CAPI tells ours, and PLAIN the RustPython without our crates. */

#ifndef SPEED_ROWS_H
#define SPEED_ROWS_H

#include <Python.h>
#include <stddef.h>

#include "clock.h"

#ifdef PLAIN
/* It has no such function. */
#define PyErr_Clear() Py_DecRef(PyErr_GetRaisedException())
#endif

struct row {
    const char *name;
    /* Makes the call once. Whether it did what it should. */
    int (*is_right)(void);
    /* Makes the call `count` times; no error is looked for. */
    void (*loop)(size_t count);
};

#define ROW(name, function)                                                                        \
    {                                                                                              \
        name, function##_is_right, function##_loop                                                 \
    }
#define END_OF_ROWS                                                                                \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

/* The value was computed, for all that the compiler knows. */
#define USE(value) __asm__ volatile("" : : "r"(value) : "memory")

/* A row of one expression: `answer` is its value, of which `right` says whether it is the right
   one. The expression that is checked is the one that is timed. */
#define EXPRESSION(function, type, expression, right)                                              \
    static int function##_is_right(void)                                                           \
    {                                                                                              \
        type const answer = (expression);                                                          \
        return (right);                                                                            \
    }                                                                                              \
    static void function##_loop(size_t count)                                                      \
    {                                                                                              \
        for (size_t i = 0; i < count; i++) {                                                       \
            type const answer = (expression);                                                      \
            USE(answer);                                                                           \
        }                                                                                          \
    }

extern const struct row call_rows[], life_rows[], import_rows[], string_rows[];

/* Something to point to. */
extern int thing;
/* The name of `shared`: the same text at two addresses. */
extern const char NAME[], NAME_ELSEWHERE[];
/* A capsule of `thing`, which keeps its name. */
extern PyObject *shared;

/* Whether the rows can be run. Otherwise an exception is pending. */
int prepare_calls(void);
int prepare_imports(void);
int prepare_strings(void);

/* Runs a loop on so many threads at once: the time from the first that began to the last that
   ended. */
void measure_on_threads(unsigned threads, void (*loop)(size_t), size_t count, struct span *span);

/* Makes `count` capsules with as many names, imports each by its name, and keeps them all. Whether
   every import found what it should. */
int crowd(size_t count);

/* What a capsule takes: bytes of this process in memory before there are `count` capsules, while
   they live and after they were freed. Whether all were made. */
int measure_memory(size_t count, size_t resident[3]);

#endif
