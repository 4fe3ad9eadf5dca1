/* Tests that only C can have. Each runs in an interpreter, with nothing pending, and leaves
   nothing pending. */
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

/* Ends the test, which is a function that returns nothing. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail(__FILE__, __LINE__, #condition);                                                  \
            return;                                                                                \
        }                                                                                          \
    } while (0)

void fail(const char *file, int line, const char *condition);

/* Where a test cannot end: what did not hold, for the test to ask later. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            wrong = #condition;                                                                    \
        }                                                                                          \
    } while (0)

extern const char *wrong;

/* The value of a Python expression, with `_capsule`, `gc` and what `run` has defined. */
PyObject *evaluate(const char *source);
/* Runs statements. Whether they raised nothing. */
int run(const char *source);
/* Whether an expression is true. */
int holds(const char *source);
/* Makes an object known to Python code. */
void define(const char *name, PyObject *object);

/* Takes the exception that is pending: whether it is this one, as its class, text and notes. */
int raised(const char *text);
/* As `raised`, and whether no other is chained to it. */
int raised_alone(const char *text);
/* Makes an exception pending, and gives it, borrowed as long as it is. */
PyObject *set_pending(void);
/* Whether that very exception is still pending, which it is no more then. */
int still_pending(PyObject *exception);

/* Something to point to, and a destructor that counts. */
extern int thing, other_thing;
extern int destroyed;
void count(PyObject *capsule);

/* Hooks of a capsule that owns nothing. */
int traverse_nothing(PyObject *capsule, visitproc visit, void *arg);
int clear_nothing(PyObject *capsule);

extern const struct test accessor_tests[], exception_tests[], destructor_tests[], import_tests[],
    collector_tests[], thread_tests[];

#endif
