#include "harness.h"

#include <stdio.h>

const struct test *const *all_tests(void);
const char *run_test(const struct test *test);

/* The globals of Python code in tests. */
static PyObject *names;
static char failure[2000];
static char last_raised[1000];

int thing, other_thing;
int destroyed;
const char *wrong;

int traverse_nothing(PyObject *capsule, visitproc visit, void *arg)
{
    (void)capsule, (void)visit, (void)arg;
    return 0;
}

int clear_nothing(PyObject *capsule)
{
    (void)capsule;
    return 0;
}

const struct test *const *all_tests(void)
{
    static const struct test *const all[] = {accessor_tests,   exception_tests, destructor_tests,
                                             import_tests,     collector_tests, thread_tests,
                                             NULL};
    return all;
}

/* NULL, or the condition that did not hold. */
const char *run_test(const struct test *test)
{
    failure[0] = last_raised[0] = '\0';
    destroyed = 0;
    wrong = NULL;
    names = PyDict_New();
    if (run("import _capsule, gc, sys")) {
        test->run();
    }
    PyObject *left = PyErr_GetRaisedException();
    if (left != NULL && failure[0] == '\0') {
        PyErr_SetRaisedException(left);
        raised("");
        fail(test->name, 0, "an exception is still pending");
    }
    Py_DECREF(names);
    return failure[0] == '\0' ? NULL : failure;
}

void fail(const char *file, int line, const char *condition)
{
    snprintf(failure, sizeof failure, "%s:%d: %s\nlast raised: %s", file, line, condition,
             last_raised);
}

void count(PyObject *capsule)
{
    (void)capsule;
    destroyed++;
}

/* Calls a function of the module `builtins`. Steals the references to the arguments. */
static PyObject *call_builtin(const char *name, size_t count, PyObject **arguments)
{
    PyObject *module_name = PyUnicode_FromString("builtins");
    PyObject *builtins = PyImport_Import(module_name);
    PyObject *function = PyObject_GetAttrString(builtins, name);
    PyObject *tuple = PyTuple_FromArray(arguments, (Py_ssize_t)count);
    PyObject *answer = PyObject_CallObject(function, tuple);
    for (size_t i = 0; i < count; i++) {
        Py_DECREF(arguments[i]);
    }
    Py_DECREF(tuple);
    Py_DECREF(function);
    Py_DECREF(builtins);
    Py_DECREF(module_name);
    return answer;
}

PyObject *evaluate(const char *source)
{
    return call_builtin("eval", 2, (PyObject *[]){PyUnicode_FromString(source), Py_NewRef(names)});
}

int run(const char *source)
{
    PyObject *none =
        call_builtin("exec", 2, (PyObject *[]){PyUnicode_FromString(source), Py_NewRef(names)});
    if (none == NULL) {
        raised("");
        fail(source, 0, "the statements raised");
        return 0;
    }
    Py_DECREF(none);
    return 1;
}

int collect(void)
{
    return run("import weakref\n"
               "class Cycle: pass\n"
               "cycle = Cycle()\n"
               "cycle.itself = cycle\n"
               "is_alive = weakref.ref(cycle)\n"
               "del cycle\n"
               "while is_alive(): gc.collect()");
}

int holds(const char *source)
{
    PyObject *answer = evaluate(source);
    if (answer == NULL) {
        raised("");
        return 0;
    }
    int truth = PyObject_IsTrue(answer);
    Py_DECREF(answer);
    return truth == 1;
}

void define(const char *name, PyObject *object)
{
    PyDict_SetItemString(names, name, object);
}

static int compare_raised(const char *text, const char *render)
{
    PyObject *exception = PyErr_GetRaisedException();
    if (exception == NULL) {
        strcpy(last_raised, "nothing");
        return 0;
    }
    define("error", exception);
    PyObject *shown = evaluate(render);
    Py_ssize_t size = 0;
    const char *bytes = PyUnicode_AsUTF8AndSize(shown, &size);
    snprintf(last_raised, sizeof last_raised, "%.*s", (int)size, bytes);
    Py_DECREF(shown);
    Py_DECREF(exception);
    Py_DECREF(evaluate("globals().pop('error')"));
    return strcmp(last_raised, text) == 0;
}

#define RENDER                                                                                     \
    "'\\n'.join([f'{type(error).__name__}: {error}'] + [f'note {note}' for note in "              \
    "getattr(error, '__notes__', [])])"

int raised(const char *text)
{
    return compare_raised(text, RENDER);
}

int raised_unchained(const char *text)
{
    return compare_raised(text,
                          RENDER " + f'{error.__context__ or \"\"}{error.__cause__ or \"\"}'");
}

PyObject *set_pending(void)
{
    PyObject *exception = evaluate("KeyError('pending')");
    PyErr_SetRaisedException(exception);
    return exception;
}

int still_pending(PyObject *exception)
{
    PyObject *found = PyErr_GetRaisedException();
    Py_XDECREF(found);
    return found == exception;
}
