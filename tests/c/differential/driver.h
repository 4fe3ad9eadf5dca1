/* What the files of the driver share. It is one program for two interpreters, ours and CPython. It
   makes random calls from a seed, by its own generator, and writes a line of transcript a step, in
   which there is no address: what differs between two transcripts is what the interpreters do. */

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
/* CPython exports it, and declares it in a header for itself alone. */
int _PyCapsule_SetTraverse(PyObject *capsule, traverseproc traverse, inquiry clear);
#endif

/* ---- values.c: what calls are given, and the names that the transcript has for it ---- */

enum { NAMES = 25, POINTERS = 6, CONTEXTS = 4, EDITED = 24 };

extern const char *const names[NAMES];
extern void *const pointers[POINTERS];
extern void *const contexts[CONTEXTS];

int index_of_name(const char *name);
int index_of_pointer(const void *pointer);
int index_of_context(const void *context);
/* Gives the name EDITED, where it is, another text. */
void edit_name(void);
/* Another name with the same text, or the same if there is none. */
int twin_of_name(int name);

void seed_choices(uint64_t seed);
/* A number below `bound`. */
int choose(int bound);

/* ---- transcript.c ---- */

typedef struct {
    char *text;
    size_t length;
    size_t room;
} Text;

void add(Text *text, const char *form, ...) __attribute__((format(printf, 2, 3)));
void clear_text(Text *text);
/* To be freed. Neither interpreter need end a text with NUL. */
char *copy_of(const char *bytes, Py_ssize_t length);
char *copy_of_str(PyObject *str);
/* An exception with everything that hangs on it, or "none". */
void add_exception(Text *text, PyObject *exception);
/* A str in one line, a long one cut short. */
void add_str(Text *text, PyObject *str);
/* What happened besides, each behind a tab, in the order in which it happened. */
extern Text events;
/* The exception that was pending before the call: "same" where it shows up again. */
extern PyObject *before;
/* The pending exception, which stays so. */
void add_pending(Text *text);
/* The pending exception, which is then gone. */
void add_taken(Text *text);

/* ---- pool.c: the objects ---- */

enum { ENTRIES = 96, CHOSEN = 24, OTHERS = 6 };

typedef struct {
    PyObject *object; /* NULL where the entry is free */
    int serial;
    int references; /* that are ours */
    bool busy;      /* it ends, or is a step's own: not to be chosen */
    Py_hash_t hash;
    PyObject *owned; /* shown to the collector */
} Entry;

/* What is not a capsule; the first is NULL. */
extern PyObject *others[OTHERS];
extern const char *const other_labels[OTHERS];

/* A free entry, or NULL. */
Entry *free_entry(void);
/* Makes a capsule that the entry owns and no step chooses, or raises. */
bool fill_entry(Entry *entry, int pointer, int name, int destructor);
Entry *entry_of(const PyObject *object);
bool can_be_chosen(const Entry *entry);
/* One that a step may have, or NULL. */
Entry *choose_entry(void);
/* Gives up one reference of ours. */
void drop_reference(Entry *entry);
void drop_all(void);
void add_label(Text *text, const PyObject *object);
/* Everything that the getters say. */
void add_fields(Text *text, PyObject *capsule);
int traverse_owned(PyObject *capsule, visitproc visit, void *arg);
int clear_owned(PyObject *capsule);
/* Gives up what destructors kept. */
void drop_kept(void);
/* For the destructor that keeps its capsule. */
void keep(PyObject *capsule);

/* ---- destructors.c ---- */

/* The first is NULL; the last is for a step of its own. */
enum { DESTRUCTORS = 15, CHAINED = 14 };

extern const PyCapsule_Destructor destructors[DESTRUCTORS];
extern const char *const destructor_labels[DESTRUCTORS];
extern int chained;
const char *label_of_destructor(PyCapsule_Destructor destructor);

/* ---- steps.c: a random step ---- */

/* How a step's call is made. */
typedef enum { DIRECT, FROM_PYTHON, IN_EXCEPT } Way;

typedef struct {
    Way way;
    bool pending; /* an exception, when the call is made */
    bool unwinds; /* the call only makes a temporary, which ends as Python unwinds */
} Manner;

/* Chooses the call and how it is made, and writes the call down. */
Manner choose_step(Text *call);
/* Makes the call and writes its answer down. Returns whether the call says that it has failed. */
bool perform(Text *answer);
/* The temporary of a step, which becomes the caller's. */
PyObject *temporary(void);
/* Forgets it, when it must have ended. */
void end_temporary(void);

/* ---- scenes.c: steps that are more than a call ---- */

/* Those before `MISPLACED` take long. */
typedef enum {
    CYCLE,
    TRAVERSED_CYCLE,
    UNSEEN_CYCLE,
    MANY_CYCLES,
    CHAIN,
    MISPLACED,
    THREAD,
    SCENES
} Scene;

extern const char *const scene_labels[SCENES];
void perform_scene(Scene scene, int destructor, Text *answer);

/* ---- capsule_driver.c ---- */

/* Python functions that it was given. */
typedef enum { CALL_PLAINLY, CALL_IN_EXCEPT, UNWIND, DO_NOTHING, FUNCTIONS } Function;

extern PyObject *functions[FUNCTIONS];

#endif
