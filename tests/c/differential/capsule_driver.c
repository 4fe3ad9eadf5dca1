/* The extension module: runs random steps, and has functions for the table of imports. */

#include "../driver_module.h"
#include "driver.h"

PyObject *functions[FUNCTIONS];

static PyObject *this_module;
static Text answer;
static Manner manner;

static PyObject *none(void)
{
    return Py_NewRef(Py_None);
}

/* prepare(*others, *functions): the elements of the two arrays in order, without NULL. */
static PyObject *prepare(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != OTHERS - 1 + FUNCTIONS) {
        PyErr_SetString(PyExc_TypeError, "prepare() takes the others and the functions");
        return NULL;
    }
    this_module = Py_NewRef(module);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject **const place = i < OTHERS - 1 ? &others[i + 1] : &functions[i - (OTHERS - 1)];
        *place = Py_NewRef(arguments[i]);
    }
    return none();
}

static void make_pending(void)
{
    PyErr_SetString(PyExc_KeyError, "before");
    before = PyErr_GetRaisedException();
    Py_INCREF(before);
    PyErr_SetRaisedException(before);
}

static bool perform_in_manner(void)
{
    if (manner.pending) {
        make_pending();
    }
    return perform(&answer);
}

/* The step's call, for Python. It fails if the call reports a failure; like most C code it does not
   ask for a pending exception after a success. */
static PyObject *perform_for_python(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    const bool failed = perform_in_manner();
    return failed || manner.pending ? NULL : none();
}

static PyObject *make_temporary(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return temporary();
}

static void call_from_python(Text *end)
{
    PyObject *function;
    if (manner.unwinds) {
        function = Py_NewRef(functions[UNWIND]);
    } else {
        function = PyObject_GetAttrString(this_module, "perform");
    }
    PyObject *const caller = functions[manner.way == IN_EXCEPT ? CALL_IN_EXCEPT : CALL_PLAINLY];
    PyObject *const raised = PyObject_Vectorcall(caller, &function, 1, NULL);
    Py_XDECREF(function);
    if (raised == NULL) {
        add(end, "escaped ");
        add_taken(end);
    } else {
        add_exception(end, raised == Py_None ? NULL : raised);
    }
    Py_XDECREF(raised);
}

static void run_step(long number, FILE *file)
{
    static Text call, end;
    static const char *const ways[] = {"direct", "python", "except"};
    clear_text(&call);
    clear_text(&answer);
    clear_text(&events);
    clear_text(&end);
    manner = choose_step(&call);
    fprintf(file, "%ld\t%s%s\t%s", number, ways[manner.way], manner.pending ? "+pending" : "",
            call.text);
    /* If the call crashes, the transcript shows which one it was. */
    fflush(file);
    if (manner.way == DIRECT) {
        perform_in_manner();
        add_taken(&end);
    } else {
        call_from_python(&end);
    }
    end_temporary();
    drop_kept();
    Py_CLEAR(before);
    fprintf(file, "\t%s\t%s%s\n", answer.text, end.text, events.text);
}

/* run(seed, steps, path): writes the transcript to a file. */
static PyObject *run(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module;
    if (count != 3) {
        PyErr_SetString(PyExc_TypeError, "run() takes a seed, a number of steps and a path");
        return NULL;
    }
    const long seed = PyLong_AsLong(arguments[0]), steps = PyLong_AsLong(arguments[1]);
    char *const path = copy_of_str(arguments[2]);
    FILE *const file = path == NULL ? NULL : fopen(path, "w");
    free(path);
    if (file == NULL) {
        PyErr_SetString(PyExc_RuntimeError, "the transcript cannot be written");
        return NULL;
    }
    if (names[EDITED][0] != 'c') {
        /* The first run of a process starts with this text. */
        edit_name();
    }
    for (long number = 0; number < steps; number++) {
        /* Seeds anew for every step, so that an additional choice does not change all later
           steps. */
        seed_choices((uint64_t)seed << 32 | (uint64_t)number);
        run_step(number, file);
    }
    clear_text(&events);
    drop_all();
    drop_kept();
    clear_text(&answer);
    add_taken(&answer);
    fprintf(file, "end\tdirect\tdrop all\t\t%s%s\n", answer.text, events.text);
    if (fclose(file) != 0) {
        PyErr_SetString(PyExc_RuntimeError, "the transcript cannot be written");
        return NULL;
    }
    return none();
}

/* record_unraisable(exception): for sys.unraisablehook. */
static PyObject *record_unraisable(PyObject *module, PyObject *exception)
{
    (void)module;
    add(&events, "\t! ");
    add_exception(&events, exception);
    return none();
}

/* show(exception): its text in transcripts. */
static PyObject *show(PyObject *module, PyObject *exception)
{
    (void)module;
    static Text shown;
    clear_text(&shown);
    add_exception(&shown, exception);
    return PyUnicode_FromString(shown.text);
}

/* NULL for None, else a copy of the bytes. It is never freed, since a capsule does not copy its
   name. */
static bool name_from(PyObject *object, const char **name)
{
    char *bytes = NULL;
    Py_ssize_t length = 0;
    *name = NULL;
    if (object == Py_None) {
        return true;
    }
    if (PyBytes_AsStringAndSize(object, &bytes, &length) < 0) {
        return false;
    }
    *name = copy_of(bytes, length);
    return true;
}

/* capsule(name): a capsule whose pointer is pointers[1]. */
static PyObject *capsule(PyObject *module, PyObject *object)
{
    (void)module;
    const char *name;
    return name_from(object, &name) ? PyCapsule_New(pointers[1], name, NULL) : NULL;
}

/* import_(name): the index of the pointer that PyCapsule_Import returns. */
static PyObject *import_(PyObject *module, PyObject *object)
{
    (void)module;
    const char *name;
    if (!name_from(object, &name)) {
        return NULL;
    }
    void *const pointer = PyCapsule_Import(name, 0);
    return pointer == NULL ? NULL : PyLong_FromLong(index_of_pointer(pointer));
}

static FILE *destroyed;

static void log_destroyed(PyObject *capsule)
{
    fprintf(destroyed, "%s\n", PyCapsule_GetName(capsule));
    fflush(destroyed);
}

/* logged(path, name): a capsule that writes its name to the file when it is destroyed. */
static PyObject *logged(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module;
    const char *name;
    if (count != 2 || !name_from(arguments[1], &name)) {
        return NULL;
    }
    if (destroyed == NULL) {
        char *const path = copy_of_str(arguments[0]);
        destroyed = fopen(path, "w");
        free(path);
    }
    return destroyed == NULL ? NULL : PyCapsule_New(pointers[1], name, log_destroyed);
}

static PyMethodDef methods[] = {
    {"prepare", (PyCFunction)(void (*)(void))prepare, METH_FASTCALL, NULL},
    {"run", (PyCFunction)(void (*)(void))run, METH_FASTCALL, NULL},
    {"perform", perform_for_python, METH_NOARGS, NULL},
    {"make_temporary", make_temporary, METH_NOARGS, NULL},
    {"record_unraisable", record_unraisable, METH_O, NULL},
    {"show", show, METH_O, NULL},
    {"capsule", capsule, METH_O, NULL},
    {"logged", (PyCFunction)(void (*)(void))logged, METH_FASTCALL, NULL},
    {"import_", import_, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

DRIVER_MODULE(capsule_driver, methods)
