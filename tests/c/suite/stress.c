/* Many operations on many native threads, through the C symbols. None of the threads is attached to
   an interpreter. */
#define _POSIX_C_SOURCE 200809L
#include "harness.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

enum { THREADS = 4, STATES = 4, PLACES = 64 };

/* Called from Rust. Each returns NULL, or the condition that did not hold. */
const char *stress_one_capsule(long operations);
const char *stress_interrupted_readers(long times);
const char *stress_claims(long capsules);
const char *stress_last_references(long capsules);

/* While a capsule has the name of a state, its pointer points into the row of that state. Each
   state has two names, so that a claim can change the name and nothing else. */
static const char *const names[STATES] = {"state 0", "state 1", "state 2", "state 3"};
static const char *const aliases[STATES] = {"alias 0", "alias 1", "alias 2", "alias 3"};
static const char *const holders[THREADS] = {"held 0", "held 1", "held 2", "held 3"};
static char rows[STATES][PLACES];

static const char *_Atomic broken;
static atomic_long destructions;

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            broken = #condition;                                                                   \
        }                                                                                          \
    } while (0)

static void destroyed_first(PyObject *capsule)
{
    HOLDS(PyCapsule_GetName(capsule) != NULL);
    destructions++;
}

static void destroyed_second(PyObject *capsule)
{
    destroyed_first(capsule);
}

struct share {
    PyObject *capsule;
    PyObject **capsules;
    long count;
    unsigned number;
    long won;
    atomic_uchar *seen;
};

static int is_of(const void *pointer, unsigned state)
{
    return (uintptr_t)pointer - (uintptr_t)rows[state] < PLACES;
}

/* Claims the capsule, and releases it in another state. */
static void claim_and_release(const struct share *share, unsigned state, unsigned random)
{
    const char *mine = holders[share->number];
    void *claimed = PyCapsuleRs_Claim(share->capsule, names[state], mine);
    if (claimed == NULL) {
        return;
    }
    unsigned next = (random >> 8) % STATES;
    void *place = &rows[next][(random >> 16) % PLACES];
    HOLDS(is_of(claimed, state));
    HOLDS(PyCapsule_SetPointer(share->capsule, place) == 0);
    HOLDS(PyCapsule_GetPointer(share->capsule, mine) == place);
    HOLDS(PyCapsule_SetName(share->capsule, names[next]) == 0);
}

static void rename_and_back(PyObject *capsule, unsigned state)
{
    void *claimed = PyCapsuleRs_Claim(capsule, names[state], aliases[state]);
    HOLDS(claimed == NULL || is_of(claimed, state));
    claimed = PyCapsuleRs_Claim(capsule, aliases[state], names[state]);
    HOLDS(claimed == NULL || is_of(claimed, state));
}

static void read_all(PyObject *capsule, unsigned state)
{
    if (PyCapsule_IsValid(capsule, names[state])) {
        void *pointer = PyCapsule_GetPointer(capsule, names[state]);
        HOLDS(pointer == NULL || is_of(pointer, state));
    }
    const char *name = PyCapsule_GetName(capsule);
    HOLDS(name != NULL && strlen(name) >= strlen("held 0"));
    PyCapsule_Destructor destructor = PyCapsule_GetDestructor(capsule);
    HOLDS(destructor == destroyed_first || destructor == destroyed_second);
    uintptr_t context = (uintptr_t)PyCapsule_GetContext(capsule);
    HOLDS(context % 1000 == context / 1000 % 1000);
}

static void *operate(void *given)
{
    const struct share *share = given;
    unsigned random = 2463534242u + share->number;
    for (long i = 0; i < share->count && broken == NULL; i++) {
        random ^= random << 13, random ^= random >> 17, random ^= random << 5;
        unsigned state = random % STATES;
        switch ((random >> 4) % 8) {
        case 0:
            claim_and_release(share, state, random);
            break;
        case 1:
            rename_and_back(share->capsule, state);
            break;
        case 2:
            PyCapsule_SetContext(share->capsule, (void *)((uintptr_t)(random % 1000) * 1001));
            break;
        case 3:
            PyCapsule_SetDestructor(share->capsule,
                                    random & 1024 ? destroyed_first : destroyed_second);
            break;
        default:
            read_all(share->capsule, state);
        }
    }
    return NULL;
}

static void on_threads(void *(*work)(void *), struct share shares[THREADS])
{
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, work, &shares[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void begin(void)
{
    broken = NULL;
    destructions = 0;
}

const char *stress_one_capsule(long operations)
{
    begin();
    PyObject *capsule = PyCapsule_New(rows[0], names[0], destroyed_first);
    struct share shares[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        shares[i] = (struct share){.capsule = capsule, .count = operations / THREADS, .number = i};
    }
    on_threads(operate, shares);
    HOLDS(destructions == 0);
    Py_DECREF(capsule);
    HOLDS(destructions == 1);
    return broken;
}

static atomic_bool writing;
static atomic_long written;

/* Suspends a reader at any instruction until the writer has changed the state, or for a while. */
static void suspend(int signal)
{
    (void)signal;
    long before = written;
    for (int i = 0; i < 100 && written == before; i++) {
        sched_yield();
    }
}

static void *read_on(void *given)
{
    struct share *share = given;
    unsigned state = 0;
    /* When the writer has stopped, the capsule has one of the names. */
    while ((writing || share->won == 0) && broken == NULL) {
        state = (state + 1) % 2;
        void *pointer = PyCapsule_GetPointer(share->capsule, names[state]);
        share->won += pointer != NULL;
        HOLDS(pointer == NULL || is_of(pointer, state));
    }
    return NULL;
}

static void *write_on(void *given)
{
    struct share *share = given;
    for (unsigned state = 0; writing; state = 1 - state) {
        HOLDS(PyCapsuleRs_Claim(share->capsule, names[state], holders[0]) == rows[state]);
        HOLDS(PyCapsule_SetPointer(share->capsule, rows[1 - state]) == 0);
        HOLDS(PyCapsule_SetName(share->capsule, names[1 - state]) == 0);
        written++;
    }
    return NULL;
}

/* A reader must see a consistent state even if it is suspended between two instructions. Without
   the signals, threads are rarely suspended there. */
const char *stress_interrupted_readers(long times)
{
    begin();
    struct sigaction action = {.sa_handler = suspend, .sa_flags = SA_RESTART}, old;
    sigaction(SIGUSR2, &action, &old);
    PyObject *capsule = PyCapsule_New(rows[0], names[0], destroyed_first);
    struct share readers[2] = {{.capsule = capsule}, {.capsule = capsule}};
    struct share writer = {.capsule = capsule};
    pthread_t threads[3];
    writing = 1;
    pthread_create(&threads[0], NULL, read_on, &readers[0]);
    pthread_create(&threads[1], NULL, read_on, &readers[1]);
    pthread_create(&threads[2], NULL, write_on, &writer);
    for (long i = 0; i < times && broken == NULL; i++) {
        pthread_kill(threads[i % 2], SIGUSR2);
        sched_yield();
    }
    writing = 0;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    sigaction(SIGUSR2, &old, NULL);
    Py_DECREF(capsule);
    HOLDS(destructions == 1);
    return broken;
}

/* Makes capsules with pointers to consecutive bytes. */
static PyObject **make(long count, char *bytes)
{
    PyObject **capsules = calloc((size_t)count, sizeof *capsules);
    for (long i = 0; capsules != NULL && i < count; i++) {
        capsules[i] = PyCapsule_New(bytes + i, "free", destroyed_first);
    }
    return capsules;
}

static pthread_barrier_t together;

/* Each thread tries to claim every capsule, and counts every pointer that it gets. The threads
   reach the same capsules at the same time. */
static void *claim_all(void *given)
{
    struct share *share = given;
    for (long i = 0; i < share->count; i++) {
        if (i % 16 == 0) {
            pthread_barrier_wait(&together);
        }
        char *claimed = PyCapsuleRs_Claim(share->capsules[i], "free", holders[share->number]);
        if (claimed != NULL) {
            share->won++;
            atomic_fetch_add(&share->seen[claimed - (char *)share->seen], 1);
            HOLDS(PyCapsule_GetPointer(share->capsules[i], holders[share->number]) == claimed);
        } else {
            HOLDS(!PyCapsule_IsValid(share->capsules[i], "free"));
        }
    }
    return NULL;
}

/* The pointers of the capsules point into the array that counts how often each was claimed. */
const char *stress_claims(long count)
{
    begin();
    atomic_uchar *seen = calloc((size_t)count, sizeof *seen);
    PyObject **capsules = seen == NULL ? NULL : make(count, (char *)seen);
    if (capsules == NULL) {
        return "out of memory";
    }
    struct share shares[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        shares[i] =
            (struct share){.capsules = capsules, .count = count, .number = i, .seen = seen};
    }
    pthread_barrier_init(&together, NULL, THREADS);
    on_threads(claim_all, shares);
    pthread_barrier_destroy(&together);
    long won = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        won += shares[i].won;
    }
    HOLDS(won == count);
    for (long i = 0; i < count; i++) {
        HOLDS(seen[i] == 1);
        Py_DECREF(capsules[i]);
    }
    HOLDS(destructions == count);
    free(capsules);
    free(seen);
    return broken;
}

static void *drop_all(void *given)
{
    const struct share *share = given;
    for (long i = 0; i < share->count; i++) {
        Py_DECREF(share->capsules[i]);
    }
    return NULL;
}

/* Every thread has a reference to every capsule, and all drop them at the same time. */
const char *stress_last_references(long count)
{
    begin();
    PyObject **capsules = make(count, (char *)rows);
    if (capsules == NULL) {
        return "out of memory";
    }
    struct share shares[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        shares[i] = (struct share){.capsules = capsules, .count = count, .number = i};
    }
    for (long i = 0; i < count; i++) {
        for (unsigned more = 1; more < THREADS; more++) {
            Py_INCREF(capsules[i]);
        }
    }
    on_threads(drop_all, shares);
    HOLDS(destructions == count);
    free(capsules);
    return broken;
}
