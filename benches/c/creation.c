/* Rows that make and free capsules, or claim one; and the memory that a capsule takes. */

#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t destroyed;

static void count_destroyed(PyObject *capsule)
{
    (void)capsule;
    destroyed++;
}

static void new_free_loop(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PyObject *const capsule = PyCapsule_New(&thing, NAME, NULL);
        Py_DECREF(capsule);
    }
}

static int new_free_is_right(void)
{
    PyObject *const capsule = PyCapsule_New(&thing, NAME, NULL);
    const int made = capsule != NULL && PyCapsule_GetPointer(capsule, NAME) == &thing;
    Py_XDECREF(capsule);
    return made;
}

static void new_free_destructor_loop(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PyObject *const capsule = PyCapsule_New(&thing, NAME, count_destroyed);
        Py_DECREF(capsule);
    }
}

static int new_free_destructor_is_right(void)
{
    const size_t before = destroyed;
    new_free_destructor_loop(3);
    return destroyed == before + 3;
}

#ifndef PLAIN

/* Claims a capsule as consumers of DLPack do: checks the name, reads the pointer, and renames. The
   loop swaps the two names each time. */
static const char FRESH[] = "dltensor", USED[] = "used_dltensor";

static void *claim(PyObject *capsule, const char *name, const char *new_name)
{
#ifdef OURS
    return PyCapsuleRs_Claim(capsule, name, new_name);
#else
    void *const pointer = PyCapsule_GetPointer(capsule, name);
    if (pointer == NULL || PyCapsule_SetName(capsule, new_name) != 0) {
        return NULL;
    }
    return pointer;
#endif
}

static void claim_loop(size_t count)
{
    PyObject *const capsule = PyCapsule_New(&thing, FRESH, NULL);
    const char *name = FRESH, *new_name = USED;
    for (size_t i = 0; i < count; i++) {
        void *const pointer = claim(capsule, name, new_name);
        USE(pointer);
        const char *const swapped = name;
        name = new_name;
        new_name = swapped;
    }
    Py_DECREF(capsule);
}

static int claim_is_right(void)
{
    PyObject *const capsule = PyCapsule_New(&thing, FRESH, NULL);
    const int claimed = claim(capsule, FRESH, USED) == &thing && PyCapsule_GetName(capsule) == USED;
    const int second_fails = claim(capsule, FRESH, USED) == NULL && PyErr_Occurred() != NULL;
    PyErr_Clear();
    const int renamed_back = claim(capsule, USED, FRESH) == &thing;
    Py_DECREF(capsule);
    return claimed && second_fails && renamed_back;
}

#endif

const struct row life_rows[] = {
    ROW("new_free", new_free),
    ROW("new_free_destructor", new_free_destructor),
#ifndef PLAIN
    ROW("claim", claim),
#endif
    END_OF_ROWS,
};

/* The resident bytes of this process, 0 if they are unknown. */
static size_t resident_bytes(void)
{
    size_t pages = 0;
    FILE *const statm = fopen("/proc/self/statm", "r");
    if (statm != NULL) {
        if (fscanf(statm, "%*s %zu", &pages) != 1) {
            pages = 0;
        }
        fclose(statm);
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Fills an array with new capsules. Returns how many were made. */
static size_t fill(PyObject **capsules, size_t count)
{
    size_t made = 0;
    while (made < count && (capsules[made] = PyCapsule_New(&thing, NAME, NULL)) != NULL) {
        made++;
    }
    return made;
}

static void empty(PyObject **capsules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Py_DECREF(capsules[i]);
    }
}

enum { SETTLING_MICROSECONDS = 1200000, PARTS = 100 };

int measure_memory(size_t count, size_t resident[3])
{
    PyObject **const capsules = malloc(count * sizeof *capsules);
    if (capsules == NULL) {
        return 0;
    }
    /* Touches the pages of the array, so that they are resident before the first measurement. */
    memset(capsules, 0x55, count * sizeof *capsules);
    resident[0] = resident_bytes();
    const size_t made = fill(capsules, count);
    resident[1] = resident_bytes();
    empty(capsules, made);
    /* Allocators return memory to the system after a delay, or at a later allocation. */
    usleep(SETTLING_MICROSECONDS);
    empty(capsules, fill(capsules, count / PARTS));
    resident[2] = resident_bytes();
    free(capsules);
    return made == count;
}
