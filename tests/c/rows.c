/* The operations of the accessor rows, as calls of the C API. `it/through_c.rs` has the same
   structs. */
#include <Python.h>
#include "pycapsule.h"

/* The fields of a capsule. */
struct fields {
    void *pointer;
    const char *name;
    void *context;
    int has_destructor;
};

enum operation {
    GET_POINTER,
    IS_VALID,
    GET_NAME,
    GET_CONTEXT,
    GET_DESTRUCTOR,
    SET_POINTER,
    SET_NAME,
    SET_CONTEXT,
    SET_DESTRUCTOR,
    CLAIM,
};

struct call {
    int operation;
    PyObject *object;
    /* The arguments of the call. */
    struct fields value;
    const char *new_name;
};

/* The answer is in the field of `value` that the operation reads, or in `truth`. */
struct answer {
    struct fields value;
    int truth;
    /* A new reference to the exception, or NULL. */
    PyObject *raised;
    /* Whether the return value says that the call failed. */
    int failed;
};

void rows_destructor(PyObject *capsule);
PyObject *rows_make(const struct fields *fields, PyObject **raised);
struct answer rows_perform(const struct call *call);
void *rows_import(const char *name, PyObject **raised);
void *rows_import_capsule(const char *name, PyObject **raised);

void rows_destructor(PyObject *capsule)
{
    (void)capsule;
}

static PyCapsule_Destructor destructor_of(const struct fields *fields)
{
    return fields->has_destructor ? rows_destructor : NULL;
}

PyObject *rows_make(const struct fields *fields, PyObject **raised)
{
    PyObject *made = PyCapsule_New(fields->pointer, fields->name, destructor_of(fields));
    if (made != NULL && fields->context != NULL) {
        PyCapsule_SetContext(made, fields->context);
    }
    *raised = PyErr_GetRaisedException();
    return made;
}

struct answer rows_perform(const struct call *call)
{
    PyObject *object = call->object;
    const struct fields *value = &call->value;
    struct answer answer = {0};
    switch ((enum operation)call->operation) {
    case GET_POINTER:
        answer.value.pointer = PyCapsule_GetPointer(object, value->name);
        answer.failed = answer.value.pointer == NULL;
        break;
    case CLAIM:
        answer.value.pointer = PyCapsuleRs_Claim(object, value->name, call->new_name);
        answer.failed = answer.value.pointer == NULL;
        break;
    case IS_VALID:
        answer.truth = PyCapsule_IsValid(object, value->name);
        break;
    case GET_NAME:
        answer.value.name = PyCapsule_GetName(object);
        answer.failed = answer.value.name == NULL && PyErr_Occurred() != NULL;
        break;
    case GET_CONTEXT:
        answer.value.context = PyCapsule_GetContext(object);
        answer.failed = answer.value.context == NULL && PyErr_Occurred() != NULL;
        break;
    case GET_DESTRUCTOR: {
        PyCapsule_Destructor destructor = PyCapsule_GetDestructor(object);
        answer.value.has_destructor = destructor == rows_destructor;
        answer.failed = destructor == NULL && PyErr_Occurred() != NULL;
        break;
    }
    case SET_POINTER:
        answer.failed = PyCapsule_SetPointer(object, value->pointer) == -1;
        break;
    case SET_NAME:
        answer.failed = PyCapsule_SetName(object, value->name) == -1;
        break;
    case SET_CONTEXT:
        answer.failed = PyCapsule_SetContext(object, value->context) == -1;
        break;
    case SET_DESTRUCTOR:
        answer.failed = PyCapsule_SetDestructor(object, destructor_of(value)) == -1;
        break;
    }
    answer.raised = PyErr_GetRaisedException();
    return answer;
}

void *rows_import(const char *name, PyObject **raised)
{
    void *pointer = PyCapsule_Import(name, 0);
    *raised = PyErr_GetRaisedException();
    return pointer;
}

void *rows_import_capsule(const char *name, PyObject **raised)
{
    PyObject *capsule = PyCapsuleRs_ImportCapsule(name);
    void *pointer = capsule == NULL ? NULL : PyCapsule_GetPointer(capsule, name);
    *raised = PyErr_GetRaisedException();
    Py_XDECREF(capsule);
    return pointer;
}
