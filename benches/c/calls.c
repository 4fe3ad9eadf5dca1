/* Rows that call one accessor of capsules. */

#include "rows.h"

int thing;
static int other_thing;

const char NAME[] = "statlib._C_API", NAME_COPY[] = "statlib._C_API";
static const char OTHER_NAME[] = "statlib._D_API";

PyObject *shared;
/* The capsule that the setters change. */
static PyObject *changed;

/* Does nothing, so CPython has deprecated it. Our programs define one for this row. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
extern void PyEval_InitThreads(void);

static int empty_call_is_right(void)
{
    PyEval_InitThreads();
    return PyErr_Occurred() == NULL;
}

static void empty_call_loop(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PyEval_InitThreads();
    }
}

EXPRESSION(get_pointer, void *, PyCapsule_GetPointer(shared, NAME), answer == &thing)
EXPRESSION(get_pointer_equal_text, void *, PyCapsule_GetPointer(shared, NAME_COPY),
           answer == &thing)
EXPRESSION(is_valid, int, PyCapsule_IsValid(shared, NAME), answer == 1)
EXPRESSION(is_valid_equal_text, int, PyCapsule_IsValid(shared, NAME_COPY), answer == 1)
EXPRESSION(get_name, const char *, PyCapsule_GetName(shared), answer == NAME)
EXPRESSION(get_context, void *, PyCapsule_GetContext(changed), answer == &thing)
EXPRESSION(set_pointer, int, PyCapsule_SetPointer(changed, &other_thing),
           answer == 0 && PyCapsule_GetPointer(changed, NAME) == &other_thing)
EXPRESSION(set_context, int, PyCapsule_SetContext(changed, &thing),
           answer == 0 && PyCapsule_GetContext(changed) == &thing)

#ifdef OURS

static int vouched;

EXPRESSION(get_vouched_pointer, void *, PyCapsuleRs_GetVouchedPointer(shared, NAME, &vouched),
           answer == &thing && vouched == 1)

#endif

static int wrong_name_is_right(void)
{
    void *const pointer = PyCapsule_GetPointer(shared, OTHER_NAME);
    const int failed = pointer == NULL && PyErr_Occurred() != NULL;
    PyErr_Clear();
    return failed && PyErr_Occurred() == NULL;
}

static void wrong_name_loop(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *const pointer = PyCapsule_GetPointer(shared, OTHER_NAME);
        USE(pointer);
        PyErr_Clear();
    }
}

#ifndef PLAIN

static void do_nothing(PyObject *capsule)
{
    (void)capsule;
}

EXPRESSION(get_destructor, PyCapsule_Destructor, PyCapsule_GetDestructor(changed),
           answer == do_nothing)
EXPRESSION(set_name, int, PyCapsule_SetName(changed, NAME),
           answer == 0 && PyCapsule_GetName(changed) == NAME)
EXPRESSION(set_destructor, int, PyCapsule_SetDestructor(changed, do_nothing),
           answer == 0 && PyCapsule_GetDestructor(changed) == do_nothing)

#endif

int prepare_calls(void)
{
    shared = PyCapsule_New(&thing, NAME, NULL);
    changed = PyCapsule_New(&thing, NAME, NULL);
    if (shared == NULL || changed == NULL || PyCapsule_SetContext(changed, &thing) != 0) {
        return 0;
    }
#ifndef PLAIN
    return PyCapsule_SetDestructor(changed, do_nothing) == 0;
#else
    return 1;
#endif
}

const struct row call_rows[] = {
    ROW("empty_call", empty_call),
    ROW("get_pointer", get_pointer),
    ROW("get_pointer_equal_text", get_pointer_equal_text),
    ROW("get_pointer_wrong_name", wrong_name),
#ifdef OURS
    ROW("get_vouched_pointer", get_vouched_pointer),
#endif
    ROW("is_valid", is_valid),
    ROW("is_valid_equal_text", is_valid_equal_text),
    ROW("get_name", get_name),
    ROW("get_context", get_context),
    ROW("set_pointer", set_pointer),
    ROW("set_context", set_context),
#ifndef PLAIN
    ROW("get_destructor", get_destructor),
    ROW("set_name", set_name),
    ROW("set_destructor", set_destructor),
#endif
    END_OF_ROWS,
};
