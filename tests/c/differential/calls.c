/* Makes the call of a step, and writes its answer. */

#include "step.h"

const char *const imports[IMPORTS] = {
    NULL,
    "capsule_driver.found",
    "capsule_driver.namespace.found",
    "capsule_driver.unnamed",
    "capsule_driver.misnamed",
    "capsule_driver.number",
    "capsule_driver.number.absent",
    "capsule_driver.absent",
    "capsule_driver.absent.deeper",
    "capsule_driver",
    "capsule_driver.",
    "capsule_driver.bad\xff",
    "barred.capsule",
    "no_such_module.capsule",
    "bad\xff\xfe.capsule",
    "",
};

static bool make_new(Text *answer)
{
    Entry *const entry = free_entry();
    if (entry == NULL) {
        abort();
    }
    if (!fill_entry(entry, chosen.pointer, chosen.name, chosen.destructor)) {
        add(answer, "NULL");
        return true;
    }
    add(answer, "c%d ", entry->serial);
    add_fields(answer, entry->object);
    entry->busy = false;
    if (!can_be_chosen(entry)) {
        drop_reference(entry);
    }
    return false;
}

static bool check_exact(Text *answer)
{
#ifndef RUSTPYTHON_CAPI
    if (chosen.object == NULL) {
        add(answer, "not-given");
        return false;
    }
#endif
    add(answer, "%d", PyCapsule_CheckExact(chosen.object));
    return false;
}

static bool import(Text *answer)
{
#ifndef RUSTPYTHON_CAPI
    if (imports[chosen.import] == NULL) {
        add(answer, "not-given");
        return false;
    }
#endif
    void *const pointer = PyCapsule_Import(imports[chosen.import], chosen.flag);
    add(answer, "p%d", index_of_pointer(pointer));
    return pointer == NULL;
}

/* The address in a repr is checked here and removed from the transcript. */
static bool repr(Text *answer)
{
    PyObject *const pending = PyErr_GetRaisedException();
    PyObject *const shown = PyObject_Repr(chosen.object);
    char *const text = copy_of_str(shown);
    char *at = text == NULL || chosen.entry == NULL ? NULL : strstr(text, " at 0x");
    if (at == NULL) {
        add_str(answer, shown);
    } else {
        const bool right = strtoull(at + 4, NULL, 16) == (uintptr_t)chosen.object;
        *at = '\0';
        PyObject *const masked = PyUnicode_FromString(text);
        add_str(answer, masked);
        add(answer, right ? " at its address" : " at another address");
        Py_XDECREF(masked);
    }
    free(text);
    Py_XDECREF(shown);
    PyErr_SetRaisedException(pending);
    return false;
}

static bool hash(Text *answer)
{
    PyObject *const pending = PyErr_GetRaisedException();
    const Py_hash_t now = PyObject_Hash(chosen.object);
    add(answer, chosen.entry == NULL || now == chosen.entry->hash ? "unchanged" : "changed");
    PyErr_SetRaisedException(pending);
    return false;
}

static bool equal(Text *answer)
{
    PyObject *const pending = PyErr_GetRaisedException();
    add(answer, "%d", PyObject_RichCompareBool(chosen.object, chosen.second, Py_EQ));
    PyErr_SetRaisedException(pending);
    return false;
}

static bool status(Text *answer, int result)
{
    add(answer, "%d", result);
    return result < 0;
}

/* NULL may be a value or a failure; a failure sets an exception. */
static bool value_failed(bool is_null)
{
    return is_null && PyErr_Occurred() != NULL;
}

static bool get(Text *answer)
{
    if (chosen.operation == GET_NAME) {
        const char *const name = PyCapsule_GetName(chosen.object);
        add(answer, "n%d", index_of_name(name));
        return value_failed(name == NULL);
    }
    if (chosen.operation == GET_CONTEXT) {
        void *const context = PyCapsule_GetContext(chosen.object);
        add(answer, "x%d", index_of_context(context));
        return value_failed(context == NULL);
    }
    if (chosen.operation == GET_DESTRUCTOR) {
        const PyCapsule_Destructor destructor = PyCapsule_GetDestructor(chosen.object);
        add(answer, "%s", label_of_destructor(destructor));
        return value_failed(destructor == NULL);
    }
    void *const pointer = PyCapsule_GetPointer(chosen.object, names[chosen.name]);
    add(answer, "p%d", index_of_pointer(pointer));
    return pointer == NULL;
}

/* Passes both functions, or NULL for one of them. */
static int set_traverse(void)
{
    const traverseproc traverse = chosen.flag == 1 ? NULL : traverse_owned;
    const inquiry clear = chosen.flag == 0 ? NULL : clear_owned;
    return _PyCapsule_SetTraverse(chosen.object, traverse, clear);
}

static bool set(Text *answer)
{
    switch (chosen.operation) {
    case SET_POINTER:
        return status(answer, PyCapsule_SetPointer(chosen.object, pointers[chosen.pointer]));
    case SET_NAME:
        return status(answer, PyCapsule_SetName(chosen.object, names[chosen.name]));
    case SET_CONTEXT:
        return status(answer, PyCapsule_SetContext(chosen.object, contexts[chosen.context]));
    case SET_DESTRUCTOR:
        return status(
            answer, PyCapsule_SetDestructor(chosen.object, destructors[chosen.destructor]));
    default:
        return status(answer, set_traverse());
    }
}

static bool count_references(Text *answer)
{
    if (chosen.operation == TAKE_REFERENCE && chosen.entry->references < 4) {
        Py_INCREF(chosen.object);
        chosen.entry->references++;
    } else {
        add(answer, "of %d ", chosen.entry->references);
        drop_reference(chosen.entry);
    }
    add(answer, "done");
    return false;
}

static Entry *temporary_entry;

PyObject *temporary(void)
{
    Entry *const entry = free_entry();
    if (entry == NULL || !fill_entry(entry, chosen.pointer, chosen.name, chosen.destructor)) {
        abort();
    }
    temporary_entry = entry;
    return entry->object;
}

void end_temporary(void)
{
    if (temporary_entry != NULL) {
        *temporary_entry = (Entry){0};
        temporary_entry = NULL;
    }
}

bool perform(Text *answer)
{
    switch (chosen.operation) {
    case NEW:
        return make_new(answer);
    case GET_POINTER:
    case GET_NAME:
    case GET_CONTEXT:
    case GET_DESTRUCTOR:
        return get(answer);
    case IS_VALID:
        add(answer, "%d", PyCapsule_IsValid(chosen.object, names[chosen.name]));
        return false;
    case CHECK_EXACT:
        return check_exact(answer);
    case SET_POINTER:
    case SET_NAME:
    case SET_CONTEXT:
    case SET_DESTRUCTOR:
    case SET_TRAVERSE:
        return set(answer);
    case IMPORT:
        return import(answer);
    case TAKE_REFERENCE:
    case DROP_REFERENCE:
        return count_references(answer);
    case REPR:
        return repr(answer);
    case HASH:
        return hash(answer);
    case EQUAL:
        return equal(answer);
    case EDIT_NAME:
        edit_name();
        return false;
    case RETURN_NULL:
        return true;
    case RETURN_WITH_EXCEPTION:
        PyErr_SetString(PyExc_RuntimeError, "from a call");
        return false;
    case SCENARIO:
        perform_scenario(chosen.scenario, chosen.destructor, answer);
        return false;
    case TEMPORARY:
    case OPERATIONS:
        break;
    }
    return false;
}
