/* Modules with state, and hooks that count their calls. */
#include "extension.h"

struct state {
    PyObject *held;
    unsigned char rest[100];
};

static long visits, clears, frees;
/* The first byte of `rest` in the state that was freed last. */
static long freed_with;

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    struct state *state = PyModule_GetState(module);
    visits++;
    return state->held == NULL ? 0 : visit(state->held, arg);
}

static int clear(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    PyObject *held = state->held;
    clears++;
    state->held = NULL;
    Py_XDECREF(held);
    return 0;
}

static void release(void *module)
{
    struct state *state = PyModule_GetState(module);
    frees++;
    freed_with = state->rest[0];
    Py_XDECREF(state->held);
}

static PyObject *hold(PyObject *module, PyObject *object)
{
    struct state *state = PyModule_GetState(module);
    PyObject *before = state->held;
    state->held = Py_NewRef(object);
    Py_XDECREF(before);
    Py_RETURN_NONE;
}

static PyObject *mark(PyObject *module, PyObject *number)
{
    struct state *state = PyModule_GetState(module);
    state->rest[0] = (unsigned char)PyLong_AsLong(number);
    Py_RETURN_NONE;
}

/* The sum of all bytes of the state. */
static PyObject *sum(PyObject *self, PyObject *module)
{
    (void)self;
    Py_ssize_t size = 0;
    unsigned char *bytes = PyModule_GetState(module);
    if (PyModule_GetStateSize(module, &size) != 0) {
        return NULL;
    }
    long sum = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        sum += bytes[i];
    }
    return PyLong_FromLong(sum);
}

static PyObject *address(PyObject *self, PyObject *module)
{
    (void)self;
    void *state = PyModule_GetState(module == Py_None ? NULL : module);
    return PyErr_Occurred() == NULL ? PyLong_FromVoidPtr(state) : NULL;
}

static PyObject *size(PyObject *self, PyObject *module)
{
    (void)self;
    Py_ssize_t size = 7;
    if (PyModule_GetStateSize(module == Py_None ? NULL : module, &size) != 0) {
        return size == -1 ? NULL : PyLong_FromLong(size);
    }
    return PyLong_FromSsize_t(size);
}

/* The counts since the last call of this function. */
static PyObject *calls(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    long numbers[] = {visits > 0, clears, frees, freed_with};
    PyObject *counts = PyList_New(0);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        PyObject *number = PyLong_FromLong(numbers[i]);
        PyList_Append(counts, number);
        Py_DECREF(number);
    }
    visits = clears = frees = freed_with = 0;
    return counts;
}

static int fails(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    state->rest[0] = 9;
    PyErr_SetString(PyExc_KeyError, "mine");
    return -1;
}

static int fill(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    state->rest[0] = 5;
    return 0;
}

/* What the destructor of a capsule read from the state that its pointer points to. */
static long capsule_found;

static void reads_state(PyObject *capsule)
{
    struct state *state = PyCapsule_GetPointer(capsule, "state");
    capsule_found = state->rest[0];
}

static int points_into_state(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    state->rest[0] = 7;
    return PyModule_Add(module, "inside", PyCapsule_New(state, "state", reads_state));
}

static PyObject *found(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return PyLong_FromLong(capsule_found);
}

static void asks_for_an_attribute(void *module)
{
    PyObject *name = PyObject_GetAttrString(module, "__name__");
    PyErr_Clear();
    freed_with = name == NULL ? 1 : 2;
    Py_XDECREF(name);
    frees++;
}

static PyMethodDef methods[] = {
    {"hold", hold, METH_O, NULL},       {"mark", mark, METH_O, NULL},
    {"sum", sum, METH_O, NULL},         {"address", address, METH_O, NULL},
    {"size", size, METH_O, NULL},       {"calls", calls, METH_NOARGS, NULL},
    {"found", found, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL},
};

#define METHODS PySlot_STATIC_DATA(Py_mod_methods, methods)
#define STATE PySlot_SIZE(Py_mod_state_size, sizeof(struct state))
#define TRAVERSE PySlot_FUNC(Py_mod_state_traverse, traverse)
#define CLEAR PySlot_FUNC(Py_mod_state_clear, clear)
#define FREE PySlot_FUNC(Py_mod_state_free, release)

MODULE(full, METHODS, STATE, TRAVERSE, CLEAR, FREE)
/* It has no functions, so no cycle holds it and it is freed without a collection. */
MODULE(lonely, STATE, TRAVERSE, CLEAR, FREE, PySlot_FUNC(Py_mod_exec, fill))
MODULE(freed, METHODS, STATE, FREE)
MODULE(bare, METHODS, STATE)
MODULE(stateless, METHODS)
MODULE(failing, METHODS, STATE, TRAVERSE, CLEAR, FREE, PySlot_FUNC(Py_mod_exec, fails))
/* The state is so large that the allocator unmaps it when it is freed. */
MODULE(pointing, PySlot_SIZE(Py_mod_state_size, 1 << 26),
       PySlot_FUNC(Py_mod_exec, points_into_state))
MODULE(asking, METHODS, STATE, TRAVERSE, PySlot_FUNC(Py_mod_state_free, asks_for_an_attribute))
MODULE(huge, METHODS, PySlot_SIZE(Py_mod_state_size, 1 << 20))
