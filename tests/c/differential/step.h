/* The step that steps.c has chosen and calls.c makes. */

#ifndef CAPSULE_DRIVER_STEP_H
#define CAPSULE_DRIVER_STEP_H

#include "driver.h"

typedef enum {
    NEW,
    GET_POINTER,
    GET_NAME,
    GET_CONTEXT,
    GET_DESTRUCTOR,
    IS_VALID,
    CHECK_EXACT,
    SET_POINTER,
    SET_NAME,
    SET_CONTEXT,
    SET_DESTRUCTOR,
    SET_TRAVERSE,
    IMPORT,
    TAKE_REFERENCE,
    DROP_REFERENCE,
    REPR,
    HASH,
    EQUAL,
    EDIT_NAME,
    RETURN_NULL,
    RETURN_WITH_EXCEPTION,
    TEMPORARY,
    SCENARIO,
    OPERATIONS,
} Operation;

enum { IMPORTS = 16 };

extern const char *const imports[IMPORTS];

typedef struct {
    Operation operation;
    Entry *entry; /* NULL if the object is not a capsule */
    PyObject *object;
    PyObject *second;
    int name;
    int pointer;
    int context;
    int destructor;
    int import;
    int flag;
    Scenario scenario;
} Step;

extern Step chosen;

#endif
