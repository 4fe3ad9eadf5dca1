/* The interfaces between the files of the driver, which is built for this interpreter and for
   CPython. It makes random calls from a seed, with its own generator, and writes a transcript, a
   line for each step. There are no addresses in it, so two transcripts differ only where the
   interpreters do. */

#ifndef CAPSULE_DRIVER_H
#define CAPSULE_DRIVER_H

#include <Python.h>

#include "pycapsule.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef RUSTPYTHON_CAPI
/* CPython exports it, but declares it in an internal header only. */
int _PyCapsule_SetTraverse(PyObject *capsule, traverseproc traverse, inquiry clear);
#endif

/* ---- values.c: the arguments of calls, and their labels in the transcript ---- */

enum { NAMES = 25, POINTERS = 6, CONTEXTS = 4, EDITED = 24 };

extern const char *const names[NAMES];
extern void *const pointers[POINTERS];
extern void *const contexts[CONTEXTS];

int index_of_name(const char *name);
int index_of_pointer(const void *pointer);
int index_of_context(const void *context);
/* Changes the text of the name EDITED in place. */
void edit_name(void);
/* Another name with the same text, or `name` if there is none. */
int twin_of_name(int name);

void seed_choices(uint64_t seed);
/* A number below `bound`. */
int choose(int bound);

/* ---- transcript.c ---- */

typedef struct {
    char *text;
    size_t length;
    size_t capacity;
} Text;

void add(Text *text, const char *form, ...) __attribute__((format(printf, 2, 3)));
void clear_text(Text *text);
/* A copy that ends in a NUL. The caller frees it. */
char *copy_of(const char *bytes, Py_ssize_t length);
char *copy_of_str(PyObject *str);
/* An exception with its notes, cause and context, or "none". */
void add_exception(Text *text, PyObject *exception);
/* A str in one line; a long one is cut short. */
void add_str(Text *text, PyObject *str);
/* What destructors and threads did during the call, in order, each after a tab. */
extern Text events;
/* The exception that was pending before the call. The transcript calls it "same". */
extern PyObject *before;
/* The pending exception, which stays pending. */
void add_pending(Text *text);
/* The pending exception, which is cleared. */
void add_taken(Text *text);

/* ---- pool.c: the objects ---- */

enum { ENTRIES = 96, CHOSEN = 24, OTHERS = 6 };

typedef struct {
    PyObject *object; /* NULL if the entry is free */
    int serial;
    int references; /* that the pool has */
    bool busy;      /* being destroyed, or in use by a step: not to be chosen */
    Py_hash_t hash;
    PyObject *owned; /* visited by the collector */
} Entry;

/* Objects that are not capsules; the first is NULL. */
extern PyObject *others[OTHERS];
extern const char *const other_labels[OTHERS];

/* A free entry, or NULL. */
Entry *free_entry(void);
/* Makes a capsule that the entry owns, marked busy. False with an exception set if that fails. */
bool fill_entry(Entry *entry, int pointer, int name, int destructor);
Entry *entry_of(const PyObject *object);
bool can_be_chosen(const Entry *entry);
/* A capsule for a step, or NULL. */
Entry *choose_entry(void);
/* Drops one reference of the pool. */
void drop_reference(Entry *entry);
void drop_all(void);
void add_label(Text *text, const PyObject *object);
/* The results of all getters. */
void add_fields(Text *text, PyObject *capsule);
int traverse_owned(PyObject *capsule, visitproc visit, void *arg);
int clear_owned(PyObject *capsule);
/* Drops the capsules that destructors kept. */
void drop_kept(void);
/* Used by the destructor that keeps its capsule. */
void keep(PyObject *capsule);

/* ---- destructors.c ---- */

/* The first is NULL; the last is only used by scenarios. */
enum { DESTRUCTORS = 15, CHAINED = 14 };

extern const PyCapsule_Destructor destructors[DESTRUCTORS];
extern const char *const destructor_labels[DESTRUCTORS];
extern int chained;
const char *label_of_destructor(PyCapsule_Destructor destructor);

/* ---- steps.c: a random step ---- */

/* Where a step's call is made: in C, in Python code, or in an except block of Python code. */
typedef enum { DIRECT, FROM_PYTHON, IN_EXCEPT } Way;

typedef struct {
    Way way;
    bool pending; /* an exception is pending when the call is made */
    bool unwinds; /* the call makes a temporary, which is destroyed as Python unwinds its stack */
} Manner;

/* Chooses the call and its manner, and writes the call to `call`. */
Manner choose_step(Text *call);
/* Makes the call and writes its answer to `answer`. Whether the call reported a failure. */
bool perform(Text *answer);
/* The temporary of a step. The caller owns the reference. */
PyObject *temporary(void);
/* Forgets the temporary, which must have been destroyed. */
void end_temporary(void);

/* ---- scenarios.c: steps of more than one call ---- */

/* Those before `MISPLACED` are slow. */
typedef enum {
    CYCLE,
    TRAVERSED_CYCLE,
    UNSEEN_CYCLE,
    MANY_CYCLES,
    CHAIN,
    MISPLACED,
    THREAD,
    SCENARIOS
} Scenario;

extern const char *const scenario_labels[SCENARIOS];
void perform_scenario(Scenario scenario, int destructor, Text *answer);

/* ---- capsule_driver.c ---- */

/* The Python functions that were passed to prepare(). */
typedef enum { CALL_PLAINLY, CALL_IN_EXCEPT, UNWIND, DO_NOTHING, FUNCTIONS } Function;

extern PyObject *functions[FUNCTIONS];

#endif
