/* Forks, while native threads that are not attached to an interpreter use capsules. */
#define _GNU_SOURCE
#include <Python.h>
#include "pycapsule.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 100000, SECONDS = 20 };

static int thing, other;
static PyObject *kept[MOST];
static atomic_int kept_count;
static PyObject *shared;
static atomic_int going;

static PyObject *keep(PyObject *self, PyObject *object)
{
    (void)self;
    kept[kept_count++] = Py_NewRef(object);
    Py_RETURN_NONE;
}

static void *drop_all(void *unused)
{
    while (kept_count > 0) {
        Py_DECREF(kept[--kept_count]);
    }
    return unused;
}

static PyObject *drop_in_thread(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    pthread_t thread;
    Py_BEGIN_ALLOW_THREADS
    pthread_create(&thread, NULL, drop_all, NULL);
    pthread_join(thread, NULL);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *start_dropping(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    pthread_t thread;
    pthread_create(&thread, NULL, drop_all, NULL);
    pthread_detach(thread);
    Py_RETURN_NONE;
}

/* Writes every field, again and again. */
static void *write_all(void *unused)
{
    while (going) {
        PyCapsule_SetPointer(shared, &other);
        PyCapsule_SetName(shared, "b");
        PyCapsuleRs_Claim(shared, "b", "a");
        PyCapsule_SetContext(shared, &other);
        PyCapsule_SetPointer(shared, &thing);
    }
    return unused;
}

static void *read_all(void *unused)
{
    while (going) {
        PyCapsule_IsValid(shared, "a");
        PyCapsule_GetName(shared);
    }
    return unused;
}

/* Starts two threads that use one capsule. */
static PyObject *start_using(PyObject *self, PyObject *capsule)
{
    (void)self;
    pthread_t thread;
    shared = Py_NewRef(capsule);
    PyCapsule_SetName(shared, "a");
    PyCapsule_SetPointer(shared, &thing);
    going = 1;
    pthread_create(&thread, NULL, write_all, NULL);
    pthread_detach(thread);
    pthread_create(&thread, NULL, read_all, NULL);
    pthread_detach(thread);
    Py_RETURN_NONE;
}

static PyObject *stop_using(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    going = 0;
    Py_RETURN_NONE;
}

/* Whether the shared capsule is consistent. No other thread may be using it. */
static int is_whole(void)
{
    const char *name = PyCapsule_GetName(shared);
    if (name == NULL || (strcmp(name, "a") != 0 && strcmp(name, "b") != 0)) {
        return 0;
    }
    void *pointer = PyCapsule_GetPointer(shared, name);
    if (pointer != &thing && pointer != &other) {
        return 0;
    }
    return PyCapsuleRs_Claim(shared, name, "c") == pointer && PyCapsule_IsValid(shared, "c") &&
           PyCapsule_SetPointer(shared, &thing) == 0 &&
           PyCapsule_GetPointer(shared, "c") == &thing;
}

static PyObject *whole(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return PyBool_FromLong(is_whole());
}

/* The status of a child. One that does not exit in time is killed. */
static int wait_for(pid_t child)
{
    int status = 0;
    for (int i = 0; i < SECONDS * 100; i++) {
        if (waitpid(child, &status, WNOHANG) == child) {
            return status;
        }
        nanosleep(&(struct timespec){.tv_nsec = i < 100 ? 100000 : 10000000}, NULL);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return status;
}

static PyObject *wait_for_child(PyObject *self, PyObject *child)
{
    (void)self;
    int status = 0;
    pid_t id = (pid_t)PyLong_AsLong(child);
    Py_BEGIN_ALLOW_THREADS
    status = wait_for(id);
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(status);
}

static void count(PyObject *capsule)
{
    int *counter = PyCapsule_GetContext(capsule);
    ++*counter;
}

/* A bare fork, without the interpreter's hooks. The child uses the shared capsule, if there is one,
   and destroys a capsule from before the fork and one of its own. */
static PyObject *fork_in_c(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    int destroyed = 0;
    PyObject *before = PyCapsule_New(&thing, "before", count);
    PyCapsule_SetContext(before, &destroyed);
    pid_t child = fork();
    if (child == 0) {
        int ok = shared == NULL || is_whole();
        PyObject *after = PyCapsule_New(&thing, "after", count);
        PyCapsule_SetContext(after, &destroyed);
        ok = ok && PyCapsule_GetPointer(before, "before") == &thing &&
             PyCapsule_GetPointer(after, "after") == &thing;
        Py_DECREF(after);
        Py_DECREF(before);
        _exit(ok && destroyed == 2 ? 0 : 1);
    }
    int status = wait_for(child);
    int whole = PyCapsule_GetPointer(before, "before") == &thing && destroyed == 0;
    Py_DECREF(before);
    return PyLong_FromLong(whole && destroyed == 1 ? status : -1);
}

static PyMethodDef methods[] = {
    {"keep", keep, METH_O, NULL},
    {"drop_in_thread", drop_in_thread, METH_NOARGS, NULL},
    {"start_dropping", start_dropping, METH_NOARGS, NULL},
    {"start_using", start_using, METH_O, NULL},
    {"stop_using", stop_using, METH_NOARGS, NULL},
    {"whole", whole, METH_NOARGS, NULL},
    {"wait_for", wait_for_child, METH_O, NULL},
    {"fork", fork_in_c, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyABIInfo_VAR(abi_info);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_PTR(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport_forks(void);
PyMODEXPORT_FUNC PyModExport_forks(void)
{
    return slots;
}
