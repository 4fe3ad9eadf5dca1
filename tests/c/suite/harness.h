/* The harness of tests in C, for what only C code can do. Each test runs in an interpreter. No
   exception is pending before it or after it. */
#ifndef HARNESS_H
#define HARNESS_H

#include <Python.h>
#include "pycapsule.h"

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(function) {#function, function}
#define END_OF_TESTS {NULL, NULL}

/* Fails the test and returns from it. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail(__FILE__, __LINE__, #condition);                                                  \
            return;                                                                                \
        }                                                                                          \
    } while (0)

void fail(const char *file, int line, const char *condition);

/* For destructors and threads, which cannot fail the test: records the condition in `wrong`. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            wrong = #condition;                                                                    \
        }                                                                                          \
    } while (0)

extern const char *wrong;

/* The value of a Python expression over `_capsule`, `gc`, `sys` and names defined so far. */
PyObject *evaluate(const char *source);
/* Runs statements. True if they raised nothing. */
int run(const char *source);
/* Whether an expression is true. */
int holds(const char *source);
/* Binds a name to an object for Python code. */
void define(const char *name, PyObject *object);
/* Collects garbage. A call of `gc.collect` does nothing while the collector runs for another
   interpreter of the process, so this repeats the call until a cycle made here is gone. True if
   nothing was raised. */
int collect(void);

/* Clears the pending exception. True if its class, text and notes are these. */
int raised(const char *text);
/* As `raised`, and the exception must have no context and no cause. */
int raised_unchained(const char *text);
/* Sets an exception, and returns it as a borrowed reference, valid as long as it is pending. */
PyObject *set_pending(void);
/* Clears the pending exception. True if it is this object. */
int still_pending(PyObject *exception);

/* Targets of pointers, and a destructor that counts its calls. */
extern int thing, other_thing;
extern int destroyed;
void count(PyObject *capsule);

/* Hooks of a capsule that owns nothing. */
int traverse_nothing(PyObject *capsule, visitproc visit, void *arg);
int clear_nothing(PyObject *capsule);

extern const struct test accessor_tests[], exception_tests[], destructor_tests[], import_tests[],
    collector_tests[], thread_tests[];

#endif
