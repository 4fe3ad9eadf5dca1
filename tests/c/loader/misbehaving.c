/* Modules that break the rules of the C API. The process must survive all of them. */
#include "extension.h"

static void raise(const char *text)
{
    PyErr_SetString(PyExc_KeyError, text);
}

/* ---- Filling ---- */

static int fails_silently(PyObject *module)
{
    (void)module;
    return -1;
}

static int fails_oddly(PyObject *module)
{
    (void)module;
    return 5;
}

static int raises_unreported(PyObject *module)
{
    (void)module;
    raise("mine");
    return 0;
}

/* Fails for the first module of this library only. */
static int fails_at_first(PyObject *module)
{
    static int turn;
    if (turn++ == 0) {
        add(module, "left", PyLong_FromLong(1));
        raise("first");
        return -1;
    }
    return 0;
}

static int forgets_itself(PyObject *module)
{
    PyObject *builtins = PyEval_GetBuiltins();
    PyObject *name = PyObject_GetAttrString(module, "__name__");
    PyObject *hook = PyDict_GetItemString(builtins, "forget");
    Py_XDECREF(hook == NULL ? NULL : PyObject_CallOneArg(hook, name));
    Py_XDECREF(name);
    return PyErr_Occurred() == NULL ? 0 : -1;
}

static PyObject *creates_null(PyObject *spec, void *definition)
{
    (void)spec, (void)definition;
    return NULL;
}

static PyObject *creates_and_raises(PyObject *spec, void *definition)
{
    (void)definition;
    raise("mine");
    return Py_NewRef(spec);
}

#define EXEC(name) MODULE(name, PySlot_FUNC(Py_mod_exec, name))
#define CREATE(name) MODULE(name, PySlot_FUNC(Py_mod_create, name))
EXEC(fails_silently)
EXEC(fails_oddly)
EXEC(raises_unreported)
EXEC(fails_at_first)
EXEC(forgets_itself)
CREATE(creates_null)
CREATE(creates_and_raises)

/* ---- State ---- */

static int visits_null(PyObject *module, visitproc visit, void *arg)
{
    (void)module;
    return visit(NULL, arg);
}

static int clear_raises(PyObject *module)
{
    (void)module;
    raise("clear");
    return -1;
}

static void free_raises(void *module)
{
    (void)module;
    raise("free");
}

static int holds_itself(PyObject *module)
{
    return add(module, "me", Py_NewRef(module));
}

MODULE(hooks_raise, PySlot_SIZE(Py_mod_state_size, 8),
       PySlot_FUNC(Py_mod_state_clear, clear_raises),
       PySlot_FUNC(Py_mod_state_traverse, visits_null), PySlot_FUNC(Py_mod_state_free, free_raises),
       PySlot_FUNC(Py_mod_exec, holds_itself))

/* ---- Functions and destructors ---- */

static long destroyed;
static PyObject *stored;

static PyObject *null_silently(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return NULL;
}

static PyObject *result_and_exception(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    raise("mine");
    return PyLong_FromLong(5);
}

static void destroy_and_raise(PyObject *capsule)
{
    (void)capsule;
    destroyed++;
    raise("destructor");
}

static void destroy_and_clear(PyObject *capsule)
{
    (void)capsule;
    destroyed++;
    PyErr_Clear();
    PyErr_Clear();
}

static void destroy_and_fail(PyObject *capsule)
{
    destroyed++;
    PyCapsule_GetPointer(capsule, "another name");
    PyCapsule_SetPointer(capsule, NULL);
}

static void destroy_and_reenter(PyObject *capsule)
{
    destroyed++;
    for (int i = 0; i < 1000; i++) {
        Py_INCREF(capsule);
        Py_DECREF(capsule);
    }
    Py_DECREF(PyObject_Repr(capsule));
}

static void destroy_and_store(PyObject *capsule)
{
    destroyed++;
    Py_XDECREF(stored);
    stored = Py_NewRef(capsule);
}

static void destroy_and_set_again(PyObject *capsule)
{
    destroyed++;
    PyCapsule_SetDestructor(capsule, destroy_and_set_again);
    PyCapsule_SetName(capsule, "renewed");
}

static void destroy_and_collect(PyObject *capsule)
{
    (void)capsule;
    destroyed++;
    PyGC_Collect();
}

static void destroy_and_import(PyObject *capsule)
{
    (void)capsule;
    destroyed++;
    PyCapsule_Import("no.such", 0);
}

static void destroy_and_call(PyObject *capsule)
{
    destroyed++;
    Py_XDECREF(PyObject_CallNoArgs(PyCapsule_GetContext(capsule)));
}

#define NAMED(name) {#name, name}
static const struct {
    const char *name;
    PyCapsule_Destructor destructor;
} destructors[] = {
    NAMED(destroy_and_raise),     NAMED(destroy_and_clear),   NAMED(destroy_and_fail),
    NAMED(destroy_and_reenter),   NAMED(destroy_and_store),   NAMED(destroy_and_set_again),
    NAMED(destroy_and_collect),   NAMED(destroy_and_import),  NAMED(destroy_and_call),
};

static PyObject *make(PyObject *self, PyObject *name)
{
    (void)self;
    Py_ssize_t size = 0;
    const char *asked = PyUnicode_AsUTF8AndSize(name, &size);
    for (size_t i = 0; asked != NULL && i < sizeof destructors / sizeof *destructors; i++) {
        const char *known = destructors[i].name;
        if (strlen(known) == (size_t)size && memcmp(known, asked, size) == 0) {
            return PyCapsule_New(&stored, known, destructors[i].destructor);
        }
    }
    raise("no such destructor");
    return NULL;
}

/* Drops a capsule while an exception is pending. */
static PyObject *raises_around(PyObject *self, PyObject *name)
{
    PyObject *capsule = make(self, name);
    raise("mine");
    Py_XDECREF(capsule);
    return NULL;
}

/* The context is a borrowed reference. */
static PyObject *set_context(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)self, (void)count;
    PyCapsule_SetContext(arguments[0], arguments[1]);
    Py_RETURN_NONE;
}

static PyObject *get_destroyed(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    long number = destroyed;
    destroyed = 0;
    return PyLong_FromLong(number);
}

static PyObject *take_stored(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    PyObject *taken = stored;
    stored = NULL;
    return taken == NULL ? Py_NewRef(Py_None) : taken;
}

static PyMethodDef methods[] = {
    {"null_silently", null_silently, METH_NOARGS, NULL},
    {"result_and_exception", result_and_exception, METH_NOARGS, NULL},
    {"make", make, METH_O, NULL},
    {"raises_around", raises_around, METH_O, NULL},
    {"set_context", CAST(set_context), METH_FASTCALL, NULL},
    {"destroyed", get_destroyed, METH_NOARGS, NULL},
    {"stored", take_stored, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

MODULE(functions, PySlot_STATIC_DATA(Py_mod_methods, methods))
