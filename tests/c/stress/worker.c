/* Native threads make, use and drop capsules, from the middle of a program until the process exits.
   Then the numbers of capsules made and destroyed are printed. */
#define _POSIX_C_SOURCE 200809L
#include "extension.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { THREADS = 4, HANDED_OVER = 10000 };

static int thing, other_thing;
static atomic_long made, ended, next;
static atomic_bool stop;
static PyObject *handed_over[HANDED_OVER];
static long handed;
static PyObject *common;
static pthread_t threads[THREADS];

static void ends(PyObject *capsule)
{
    if (PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)) == NULL) {
        abort();
    }
    ended++;
}

static PyObject *make(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    made++;
    return PyCapsule_New(&thing, "thing", ends);
}

static PyObject *hand_over(PyObject *self, PyObject *object)
{
    (void)self;
    if (handed < HANDED_OVER) {
        handed_over[handed++] = Py_NewRef(object);
    }
    return Py_NewRef(Py_None);
}

/* Each object is taken by one thread. */
static PyObject *take(void)
{
    long number = next++;
    return number < handed ? handed_over[number] : NULL;
}

static void use_common(void)
{
    void *claimed = PyCapsuleRs_Claim(common, "free", "taken");
    if (claimed != NULL) {
        if (claimed != &thing || PyCapsule_SetPointer(common, &other_thing) != 0 ||
            PyCapsule_GetPointer(common, "taken") != &other_thing ||
            PyCapsule_SetPointer(common, &thing) != 0) {
            abort();
        }
        PyCapsule_SetName(common, "free");
    }
}

static void *work(void *unused)
{
    PyObject *object = NULL;
    do {
        object = take();
        Py_XDECREF(object);
        Py_DECREF(make(NULL, NULL));
        use_common();
    } while (object != NULL || !stop);
    return unused;
}

static void finish(void)
{
    stop = 1;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    Py_DECREF(common);
    printf("%ld made, %ld ended\n", made, ended);
    fflush(stdout);
}

static PyObject *start(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    made++;
    common = PyCapsule_New(&thing, "free", ends);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, work, NULL);
    }
    atexit(finish);
    return Py_NewRef(Py_None);
}

static PyMethodDef methods[] = {
    {"make", make, METH_NOARGS, NULL},
    {"hand_over", hand_over, METH_O, NULL},
    {"start", start, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

MODULE(worker, PySlot_PTR(Py_mod_methods, methods))
