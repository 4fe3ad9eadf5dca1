/* Destructors. Each does one thing that a destructor may do, and adds an event. */

#include "driver.h"

int chained;

static void enter(const char *kind, PyObject *capsule)
{
    add(&events, "\t+%s ", kind);
    add_label(&events, capsule);
    add(&events, " ");
    add_pending(&events);
}

static void leave(const char *kind, PyObject *capsule)
{
    add(&events, "\t-%s ", kind);
    add_label(&events, capsule);
    add(&events, " ");
    add_pending(&events);
}

#define DESTRUCTOR(kind)                                                                           \
    static void kind##_body(PyObject *capsule);                                                    \
    static void kind##_destructor(PyObject *capsule)                                               \
    {                                                                                              \
        enter(#kind, capsule);                                                                     \
        kind##_body(capsule);                                                                      \
        leave(#kind, capsule);                                                                     \
    }                                                                                              \
    static void kind##_body(PyObject *capsule)

DESTRUCTOR(count)
{
    (void)capsule;
}

static void add_failure(const char *call)
{
    add(&events, "\t%s refused ", call);
    add_taken(&events);
}

/* Saves and clears the pending exception, since it calls Python code, which must start with none. */
DESTRUCTOR(look)
{
    PyObject *const pending = PyErr_GetRaisedException();
    const char *const name = PyCapsule_GetName(capsule);
    const Entry *const entry = entry_of(capsule);
    add(&events, "\tsees ");
    add_fields(&events, capsule);
    add(&events, " valid %d %d exact %d hash %d ", PyCapsule_IsValid(capsule, name),
        PyCapsule_IsValid(capsule, names[6]), PyCapsule_CheckExact(capsule),
        entry != NULL && PyObject_Hash(capsule) == entry->hash);
    PyObject *const repr = PyObject_Repr(capsule);
    add(&events, repr == NULL ? "no repr" : "repr");
    Py_XDECREF(repr);
    PyCapsule_GetPointer(capsule, "another");
    add_failure("GetPointer");
    PyCapsule_SetPointer(capsule, NULL);
    add_failure("SetPointer");
    PyErr_SetRaisedException(pending);
}

static void add_raised(void)
{
    add(&events, "\traises ");
    add_pending(&events);
}

DESTRUCTOR(fail)
{
    PyCapsule_GetPointer(capsule, "another");
    add_raised();
    if (choose(2) == 0) {
        PyCapsule_SetPointer(capsule, NULL);
        add_raised();
    }
}

DESTRUCTOR(raise)
{
    (void)capsule;
    PyErr_SetString(PyExc_RuntimeError, "from destructor");
    add_raised();
}

DESTRUCTOR(clear)
{
    (void)capsule;
    Py_XDECREF(PyErr_GetRaisedException());
    add(&events, "\tclears");
}

DESTRUCTOR(replace)
{
    PyCapsule_SetPointer(capsule, pointers[1 + choose(POINTERS - 1)]);
    PyCapsule_SetName(capsule, names[choose(NAMES)]);
    PyCapsule_SetContext(capsule, contexts[choose(CONTEXTS)]);
    PyCapsule_SetDestructor(capsule, destructors[choose(CHAINED)]);
    add(&events, "\thas ");
    add_fields(&events, capsule);
}

DESTRUCTOR(drop_other)
{
    (void)capsule;
    Entry *const other = choose_entry();
    if (other != NULL) {
        add(&events, "\tdrops c%d", other->serial);
        drop_reference(other);
    }
}

DESTRUCTOR(nest)
{
    (void)capsule;
    Entry *const inner = free_entry();
    const int name = choose(NAMES), destructor = choose(6);
    if (inner != NULL && fill_entry(inner, 1, name, destructor)) {
        add(&events, "\tmakes c%d", inner->serial);
        drop_reference(inner);
    }
}

/* Saves and clears the pending exception, as `look` does. */
DESTRUCTOR(python)
{
    (void)capsule;
    PyObject *const pending = PyErr_GetRaisedException();
    PyObject *const answer = PyObject_CallNoArgs(functions[DO_NOTHING]);
    add(&events, answer == NULL ? "\tcall failed " : "\tcalled ");
    add_taken(&events);
    Py_XDECREF(answer);
    add(&events, "\timports p%d", index_of_pointer(PyCapsule_Import("capsule_driver.found", 0)));
    PyErr_SetRaisedException(pending);
}

DESTRUCTOR(detach)
{
    (void)capsule;
    PyThreadState *const state = PyEval_SaveThread();
    PyEval_RestoreThread(state);
    add(&events, "\tdetached");
}

/* In CPython the destructor would be called again, nested, and the memory freed twice. */
DESTRUCTOR(touch)
{
#ifdef RUSTPYTHON_CAPI
    Py_INCREF(capsule);
    Py_DECREF(capsule);
    add(&events, "\ttouched");
#else
    (void)capsule;
    add(&events, "\ttouched not-given");
#endif
}

/* In CPython the reference would dangle. */
DESTRUCTOR(keep)
{
    keep(capsule);
}

/* Rarely, since it is slow. */
DESTRUCTOR(collect)
{
    (void)capsule;
    if (choose(64) == 0) {
        PyGC_Collect();
        add(&events, "\tcollected");
    }
}

/* The context is a reference to the next capsule. */
static void chained_destructor(PyObject *capsule)
{
    chained++;
    Py_XDECREF((PyObject *)PyCapsule_GetContext(capsule));
}

const PyCapsule_Destructor destructors[DESTRUCTORS] = {
    NULL,
    count_destructor,
    look_destructor,
    fail_destructor,
    raise_destructor,
    clear_destructor,
    replace_destructor,
    drop_other_destructor,
    nest_destructor,
    python_destructor,
    detach_destructor,
    touch_destructor,
    keep_destructor,
    collect_destructor,
    chained_destructor,
};

const char *const destructor_labels[DESTRUCTORS] = {
    "none",       "count", "look",   "fail",   "raise", "clear", "replace",
    "drop_other", "nest",  "python", "detach", "touch", "keep",  "collect",
    "chained",
};

const char *label_of_destructor(PyCapsule_Destructor destructor)
{
    for (int i = 0; i < DESTRUCTORS; i++) {
        if (destructors[i] == destructor) {
            return destructor_labels[i];
        }
    }
    return "unknown";
}
