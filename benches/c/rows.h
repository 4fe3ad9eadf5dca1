/* The type of a row in C, and what the files of rows share. The same source is compiled for every
   interpreter. OURS is set for this project, and PLAIN for RustPython without our crates, which is
   compiled with our headers too. */

#ifndef SPEED_ROWS_H
#define SPEED_ROWS_H

#include <Python.h>
#include <stddef.h>

#include "clock.h"

#if defined RUSTPYTHON_CAPI && !defined PLAIN
#define OURS
#endif

#ifdef PLAIN
/* Plain RustPython has no such function. */
#define PyErr_Clear() Py_DecRef(PyErr_GetRaisedException())
#endif

struct row {
    const char *name;
    /* Makes the call once. Returns whether its result and effect are correct. */
    int (*is_right)(void);
    /* Makes the call `count` times without checks. */
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

/* Prevents the compiler from removing the computation of the value. */
#define USE(value) __asm__ volatile("" : : "r"(value) : "memory")

/* A row of one expression. `right` checks its value, which is called `answer`. The same expression
   is checked and timed. */
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

/* The target of pointers. */
extern int thing;
/* The name of `shared`, and the same text at another address. */
extern const char NAME[], NAME_COPY[];
/* A capsule of `thing` with the name NAME. Rows that rename it set this name again. */
extern PyObject *shared;

/* Make what the rows need. They return 0 with an exception set if that fails, else 1. */
int prepare_calls(void);
int prepare_imports(void);
int prepare_strings(void);

/* Runs a loop on `threads` threads at once. The span is from the first start to the last end. */
void measure_on_threads(unsigned threads, void (*loop)(size_t), size_t count, struct span *span);

/* Makes `count` capsules, each with a name of its own, imports each by its name, and keeps them all
   alive. Returns whether every import returned the right pointer. */
int populate(size_t count);

/* Measures the resident bytes of this process before there are `count` capsules, while they are
   alive, and after they were freed. Returns whether all could be made. */
int measure_memory(size_t count, size_t resident[3]);

#endif
