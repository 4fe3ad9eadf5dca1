/* The objects that calls are made on: capsules, and objects that are not capsules. */

#include "driver.h"

static Entry entries[ENTRIES];
static int serials;

PyObject *others[OTHERS];
const char *const other_labels[OTHERS] = {"NULL", "int", "None", "str", "type", "PyCapsule"};

Entry *free_entry(void)
{
    for (int i = 0; i < ENTRIES; i++) {
        if (entries[i].object == NULL) {
            return &entries[i];
        }
    }
    return NULL;
}

bool fill_entry(Entry *entry, int pointer, int name, int destructor)
{
    PyObject *const made = PyCapsule_New(pointers[pointer], names[name], destructors[destructor]);
    if (made == NULL) {
        return false;
    }
    *entry = (Entry){.object = made, .serial = serials++, .references = 1, .busy = true};
    entry->hash = PyObject_Hash(made);
    return true;
}

Entry *entry_of(const PyObject *object)
{
    for (int i = 0; i < ENTRIES; i++) {
        if (entries[i].object == object) {
            return &entries[i];
        }
    }
    return NULL;
}

bool can_be_chosen(const Entry *entry)
{
    return entry - entries < CHOSEN && !entry->busy;
}

Entry *choose_entry(void)
{
    const int first = choose(CHOSEN);
    for (int i = 0; i < CHOSEN; i++) {
        Entry *const entry = &entries[(first + i) % CHOSEN];
        if (entry->object != NULL && !entry->busy) {
            return entry;
        }
    }
    return NULL;
}

void drop_reference(Entry *entry)
{
    PyObject *const object = entry->object;
    entry->references--;
    if (entry->references > 0) {
        Py_DECREF(object);
        return;
    }
    /* The entry stays until the destructor, which looks it up, has returned. */
    entry->busy = true;
    Py_DECREF(object);
    PyObject *const owned = entry->owned;
    *entry = (Entry){0};
    Py_XDECREF(owned);
}

void drop_all(void)
{
    for (int i = 0; i < ENTRIES; i++) {
        while (entries[i].object != NULL) {
            drop_reference(&entries[i]);
        }
    }
    serials = 0;
}

void add_label(Text *text, const PyObject *object)
{
    for (int i = 0; i < OTHERS; i++) {
        if (others[i] == object) {
            add(text, "%s", other_labels[i]);
            return;
        }
    }
    const Entry *const entry = entry_of(object);
    if (entry == NULL) {
        add(text, "unknown");
    } else {
        add(text, "c%d", entry->serial);
    }
}

void add_fields(Text *text, PyObject *capsule)
{
    const char *const name = PyCapsule_GetName(capsule);
    add(text, "p%d n%d x%d %s", index_of_pointer(PyCapsule_GetPointer(capsule, name)),
        index_of_name(name), index_of_context(PyCapsule_GetContext(capsule)),
        label_of_destructor(PyCapsule_GetDestructor(capsule)));
}

int traverse_owned(PyObject *capsule, visitproc visit, void *arg)
{
    const Entry *const entry = entry_of(capsule);
    return entry == NULL || entry->owned == NULL ? 0 : visit(entry->owned, arg);
}

int clear_owned(PyObject *capsule)
{
    Entry *const entry = entry_of(capsule);
    if (entry != NULL) {
        Py_CLEAR(entry->owned);
    }
    return 0;
}

static PyObject *kept[ENTRIES];
static int kept_count;

void keep(PyObject *capsule)
{
    add(&events, "\tkeep ");
    add_fields(&events, capsule);
#ifdef RUSTPYTHON_CAPI
    Py_INCREF(capsule);
    kept[kept_count++] = capsule;
#else
    add(&events, " not-given");
#endif
}

void drop_kept(void)
{
    for (int i = 0; i < kept_count; i++) {
        add(&events, "\tsurvivor ");
        add_fields(&events, kept[i]);
        Py_DECREF(kept[i]);
    }
    kept_count = 0;
}
