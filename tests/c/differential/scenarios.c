/* Steps of more than one call: cycles for the collector, a chain, another thread. */

#include "driver.h"

#include <pthread.h>

enum { CYCLES = 100, LINKS = 2000 };

const char *const scenario_labels[SCENARIOS] = {
    "a cycle that leads to", "a cycle through", "an unseen cycle through", "many cycles",
    "a chain",               "misplaced",       "a thread that drops",
};

static void collect(void)
{
    /* The result depends on other garbage, so it is not recorded. */
    PyGC_Collect();
}

/* A new reference to a list that holds itself and `object`. */
static PyObject *list_with(PyObject *object)
{
    PyObject *const list = PyList_New(0);
    if (list == NULL || PyList_Append(list, list) < 0 || PyList_Append(list, object) < 0) {
        abort();
    }
    return list;
}

static Entry *new_entry(int destructor)
{
    Entry *const entry = free_entry();
    if (entry == NULL || !fill_entry(entry, 1, 3, destructor)) {
        abort();
    }
    add(&events, "\tmakes c%d", entry->serial);
    return entry;
}

static void cycle(int destructor)
{
    Entry *const entry = new_entry(destructor);
    PyObject *const list = list_with(entry->object);
    /* From here on the list has the only reference. */
    Py_DECREF(entry->object);
    Py_DECREF(list);
    add(&events, "\tcollects");
    collect();
    *entry = (Entry){0};
}

/* The capsule owns the list that holds it. */
static void traversed_cycle(int destructor, Text *answer)
{
    Entry *const entry = new_entry(destructor);
    PyObject *const list = list_with(entry->object);
    add(answer, "tracked %d ", PyObject_GC_IsTracked(entry->object));
    if (_PyCapsule_SetTraverse(entry->object, traverse_owned, clear_owned) < 0) {
        abort();
    }
    add(answer, "then %d", PyObject_GC_IsTracked(entry->object));
    entry->owned = list;
    Py_DECREF(entry->object);
    add(&events, "\tcollects");
    collect();
    if (entry->owned != NULL) {
        /* The list was cleared first, and the capsule was destroyed before it was cleared. */
        PyObject *const owned = entry->owned;
        *entry = (Entry){0};
        Py_DECREF(owned);
    }
    *entry = (Entry){0};
}

/* The capsule owns the list through its context only, which no collector can see. */
static void unseen_cycle(int destructor, Text *answer)
{
    Entry *const entry = new_entry(destructor);
    PyObject *const capsule = entry->object;
    PyObject *const list = list_with(capsule);
    PyCapsule_SetContext(capsule, list);
    add(&events, "\tcollects");
    /* This is the reference of the pool. */
    Py_DECREF(capsule);
    collect();
    add(answer, "still %d", PyCapsule_GetContext(capsule) == list);
    PyCapsule_SetContext(capsule, NULL);
    Py_DECREF(list);
    collect();
    *entry = (Entry){0};
}

/* A destructor that is not a function does no harm if it is replaced before it would run. */
static void misplaced(int destructor, Text *answer)
{
    Entry *const entry = new_entry(destructor);
    const PyCapsule_Destructor nowhere = (PyCapsule_Destructor)(uintptr_t)3;
    PyCapsule_SetDestructor(entry->object, nowhere);
    add(answer, "given back %d", PyCapsule_GetDestructor(entry->object) == nowhere);
    PyCapsule_SetDestructor(entry->object, destructors[destructor]);
    drop_reference(entry);
}

static void many_cycles(Text *answer)
{
    chained = 0;
    for (int i = 0; i < CYCLES; i++) {
        PyObject *const capsule = PyCapsule_New(pointers[1], names[3], destructors[CHAINED]);
        Py_DECREF(list_with(capsule));
        Py_DECREF(capsule);
    }
    const int early = chained;
    collect();
    add(answer, "ended %d, then %d", early, chained);
}

static void chain(Text *answer)
{
    chained = 0;
    PyObject *last = NULL;
    for (int i = 0; i < LINKS; i++) {
        PyObject *const link = PyCapsule_New(pointers[1], names[3], destructors[CHAINED]);
        PyCapsule_SetContext(link, last);
        last = link;
    }
    const int early = chained;
    Py_DECREF(last);
    add(answer, "ended %d, then %d", early, chained);
}

static void *drop_on_thread(void *entry)
{
    const PyGILState_STATE state = PyGILState_Ensure();
    add(&events, "\tthread");
    drop_reference(entry);
    add(&events, "\tthread ends ");
    add_taken(&events);
    PyGILState_Release(state);
    return NULL;
}

static void thread(int destructor)
{
    Entry *const entry = new_entry(destructor);
    PyThreadState *const state = PyEval_SaveThread();
    pthread_t thread;
    if (pthread_create(&thread, NULL, drop_on_thread, entry) != 0) {
        abort();
    }
    pthread_join(thread, NULL);
    PyEval_RestoreThread(state);
}

void perform_scenario(Scenario scenario, int destructor, Text *answer)
{
    switch (scenario) {
    case CYCLE:
        cycle(destructor);
        break;
    case TRAVERSED_CYCLE:
        traversed_cycle(destructor, answer);
        break;
    case UNSEEN_CYCLE:
        unseen_cycle(destructor, answer);
        break;
    case MISPLACED:
        misplaced(destructor, answer);
        break;
    case MANY_CYCLES:
        many_cycles(answer);
        break;
    case CHAIN:
        chain(answer);
        break;
    case THREAD:
        thread(destructor);
        break;
    case SCENARIOS:
        break;
    }
}
