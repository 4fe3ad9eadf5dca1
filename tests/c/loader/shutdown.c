/* Capsules that live until an interpreter is finalized, or longer. Their destructors write to
   standard output without using the interpreter. */
#define _POSIX_C_SOURCE 200809L
#include "extension.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

static void say(const char *text)
{
    char line[100] = "";
    size_t length = strlen(text) < sizeof line - 2 ? strlen(text) : sizeof line - 2;
    memcpy(line, text, length);
    line[length] = '\n';
    if (write(1, line, length + 1) < 0) {
        abort();
    }
}

/* The context is the text to write. */
static void says(PyObject *capsule)
{
    char *text = PyCapsule_GetContext(capsule);
    say(text);
    free(text);
}

static void says_and_raises(PyObject *capsule)
{
    says(capsule);
    PyErr_SetString(PyExc_KeyError, "mine");
}

static void says_and_imports(PyObject *capsule)
{
    says(capsule);
    PyCapsule_Import("no_such.cap", 0);
}

static void drops_the_next(PyObject *capsule)
{
    PyObject *next = PyCapsule_GetContext(capsule);
    if (next == NULL) {
        say("the last of the chain");
    }
    Py_XDECREF(next);
}

static int anything;

static PyObject *capsule(PyObject *text, PyCapsule_Destructor destructor)
{
    Py_ssize_t size = 0;
    const char *bytes = PyUnicode_AsUTF8AndSize(text, &size);
    char *copy = bytes == NULL ? NULL : calloc(1, (size_t)size + 1);
    PyObject *made = copy == NULL ? NULL : PyCapsule_New(&anything, "shutdown", destructor);
    if (made == NULL) {
        free(copy);
        return NULL;
    }
    memcpy(copy, bytes, (size_t)size);
    PyCapsule_SetContext(made, copy);
    return made;
}

static PyObject *make(PyObject *self, PyObject *text)
{
    (void)self;
    return capsule(text, says);
}

static PyObject *make_raising(PyObject *self, PyObject *text)
{
    return (void)self, capsule(text, says_and_raises);
}

static PyObject *make_importing(PyObject *self, PyObject *text)
{
    return (void)self, capsule(text, says_and_imports);
}

static PyObject *chain(PyObject *self, PyObject *length)
{
    (void)self;
    PyObject *next = NULL;
    for (long i = PyLong_AsLong(length); i > 0; i--) {
        PyObject *made = PyCapsule_New(&anything, NULL, drops_the_next);
        PyCapsule_SetContext(made, next);
        next = made;
    }
    return next;
}

/* ---- References that only C code has ---- */

static PyObject *kept[10000];
static int kept_count;

static void drop_all(void)
{
    while (kept_count > 0) {
        Py_DECREF(kept[--kept_count]);
    }
}

/* Leaks a reference. */
static PyObject *leak(PyObject *self, PyObject *object)
{
    (void)self;
    return Py_NewRef(Py_NewRef(object));
}

static PyObject *keep(PyObject *self, PyObject *object)
{
    (void)self;
    kept[kept_count++] = Py_NewRef(object);
    Py_RETURN_NONE;
}

static PyObject *drop_at_exit(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    atexit(drop_all);
    Py_RETURN_NONE;
}

/* Drops the references while the thread is detached. */
static PyObject *drop_detached(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    Py_BEGIN_ALLOW_THREADS
    drop_all();
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

/* ---- Native threads ---- */

static void *run_drop_all(void *unused)
{
    drop_all();
    return unused;
}

static void *run_slowly(void *unused)
{
    while (kept_count > 0) {
        Py_DECREF(kept[--kept_count]);
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    }
    return unused;
}

/* The caller stays attached while it waits. */
static PyObject *drop_in_thread(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_create(&thread, &attributes, run_drop_all, NULL);
    pthread_attr_destroy(&attributes);
    pthread_join(thread, NULL);
    Py_RETURN_NONE;
}

static PyObject *start_dropping(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    pthread_t thread;
    pthread_create(&thread, NULL, run_slowly, NULL);
    pthread_detach(thread);
    Py_RETURN_NONE;
}

/* Attaches again and again. PyGILState_Ensure blocks once the interpreter is finalized. */
static void *run_entering(void *unused)
{
    for (;;) {
        PyGILState_STATE state = PyGILState_Ensure();
        PyObject *made = PyCapsule_New(&anything, "shutdown", NULL);
        Py_XDECREF(made);
        PyGILState_Release(state);
    }
    return unused;
}

static PyObject *start_entering(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    pthread_t thread;
    pthread_create(&thread, NULL, run_entering, NULL);
    pthread_detach(thread);
    Py_RETURN_NONE;
}

static void *run_call(void *callable)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *answer = PyObject_CallNoArgs(callable);
    Py_XDECREF(answer);
    PyGILState_Release(state);
    return NULL;
}

/* Calls a callable on a native thread, and waits for the thread. */
static PyObject *call_in_thread(PyObject *self, PyObject *callable)
{
    (void)self;
    pthread_t thread;
    Py_BEGIN_ALLOW_THREADS
    pthread_create(&thread, NULL, run_call, callable);
    pthread_join(thread, NULL);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

/* ---- State ---- */

static void freed(void *module)
{
    say(module == NULL ? "freed nothing" : "freed the state");
}

static int fill(PyObject *module)
{
    PyObject *text = PyUnicode_FromString("made by C code");
    int status = add(module, "cap", capsule(text, says));
    Py_XDECREF(text);
    return status;
}

static PyMethodDef methods[] = {
    {"make", make, METH_O, NULL},
    {"make_raising", make_raising, METH_O, NULL},
    {"make_importing", make_importing, METH_O, NULL},
    {"chain", chain, METH_O, NULL},
    {"leak", leak, METH_O, NULL},
    {"keep", keep, METH_O, NULL},
    {"drop_at_exit", drop_at_exit, METH_NOARGS, NULL},
    {"drop_detached", drop_detached, METH_NOARGS, NULL},
    {"drop_in_thread", drop_in_thread, METH_NOARGS, NULL},
    {"start_dropping", start_dropping, METH_NOARGS, NULL},
    {"start_entering", start_entering, METH_NOARGS, NULL},
    {"call_in_thread", call_in_thread, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

MODULE(shutdown, PySlot_STATIC_DATA(Py_mod_methods, methods))
MODULE(filled, PySlot_FUNC(Py_mod_exec, fill))
MODULE(stateful, PySlot_SIZE(Py_mod_state_size, 8), PySlot_FUNC(Py_mod_state_free, freed))
static PySlot silent_slots[] = {ABI, PySlot_END};
HOOK(silent, silent_slots)
