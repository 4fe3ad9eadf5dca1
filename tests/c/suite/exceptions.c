/* The effect of calls on an exception that is pending or being handled. */
#include "harness.h"

#define KEEPS_PENDING(call)                                                                        \
    do {                                                                                           \
        PyObject *exception = set_pending();                                                       \
        CHECK(call);                                                                               \
        CHECK(still_pending(exception));                                                           \
    } while (0)

static void success_leaves_the_pending_exception(void)
{
    int vouched;
    PyObject *capsule = NULL;
    KEEPS_PENDING((capsule = PyCapsule_New(&thing, "a", count)) != NULL);
    KEEPS_PENDING(PyCapsule_GetPointer(capsule, "a") == &thing);
    KEEPS_PENDING(strcmp(PyCapsule_GetName(capsule), "a") == 0);
    KEEPS_PENDING(PyCapsule_GetContext(capsule) == NULL);
    KEEPS_PENDING(PyCapsule_GetDestructor(capsule) == count);
    KEEPS_PENDING(PyCapsule_IsValid(capsule, "a") == 1);
    KEEPS_PENDING(PyCapsule_IsValid(capsule, "b") == 0);
    KEEPS_PENDING(PyCapsule_IsValid(NULL, "b") == 0);
    KEEPS_PENDING(PyCapsule_CheckExact(capsule) == 1);
    KEEPS_PENDING(PyCapsule_CheckExact(NULL) == 0);
    KEEPS_PENDING(PyCapsule_SetPointer(capsule, &other_thing) == 0);
    KEEPS_PENDING(PyCapsule_SetName(capsule, "b") == 0);
    KEEPS_PENDING(PyCapsule_SetContext(capsule, &thing) == 0);
    KEEPS_PENDING(PyCapsule_SetDestructor(capsule, count) == 0);
    KEEPS_PENDING(PyCapsuleRs_Claim(capsule, "b", "c") == &other_thing);
    KEEPS_PENDING(PyCapsuleRs_GetVouchedPointer(capsule, "c", &vouched) == &other_thing);
    KEEPS_PENDING(_PyCapsule_SetTraverse(capsule, traverse_nothing, clear_nothing) == 0);
    PyObject *exception = set_pending();
    Py_DECREF(capsule);
    CHECK(destroyed == 1 && still_pending(exception));
}

#define REPLACES_PENDING(call, text)                                                               \
    do {                                                                                           \
        set_pending();                                                                             \
        CHECK(call);                                                                               \
        CHECK(raised_unchained("PyCapsuleError: " text));                                          \
    } while (0)

#define NO_OBJECT(function)                                                                        \
    function " called with invalid PyCapsule object\nnote NULL instead of a capsule"

static void failure_replaces_the_pending_exception(void)
{
    int vouched;
    PyObject *capsule = PyCapsule_New(&thing, "a", NULL);
    REPLACES_PENDING(PyCapsule_New(NULL, "a", count) == NULL,
                     "PyCapsule_New called with null pointer");
    REPLACES_PENDING(PyCapsule_GetPointer(capsule, "b") == NULL,
                     "PyCapsule_GetPointer called with incorrect name\n"
                     "note expected the name \"b\", found \"a\"");
    REPLACES_PENDING(PyCapsule_GetName(NULL) == NULL, NO_OBJECT("PyCapsule_GetName"));
    REPLACES_PENDING(PyCapsule_GetContext(NULL) == NULL, NO_OBJECT("PyCapsule_GetContext"));
    REPLACES_PENDING(PyCapsule_GetDestructor(NULL) == NULL, NO_OBJECT("PyCapsule_GetDestructor"));
    REPLACES_PENDING(PyCapsule_SetPointer(capsule, NULL) == -1,
                     "PyCapsule_SetPointer called with null pointer");
    REPLACES_PENDING(PyCapsule_SetName(NULL, "b") == -1, NO_OBJECT("PyCapsule_SetName"));
    REPLACES_PENDING(PyCapsule_SetContext(NULL, NULL) == -1, NO_OBJECT("PyCapsule_SetContext"));
    REPLACES_PENDING(PyCapsule_SetDestructor(NULL, NULL) == -1,
                     NO_OBJECT("PyCapsule_SetDestructor"));
    REPLACES_PENDING(PyCapsuleRs_Claim(capsule, "b", "c") == NULL,
                     "PyCapsuleRs_Claim called with incorrect name\n"
                     "note expected the name \"b\", found \"a\"");
    REPLACES_PENDING(PyCapsuleRs_GetVouchedPointer(NULL, "a", &vouched) == NULL,
                     NO_OBJECT("PyCapsuleRs_GetVouchedPointer"));
    REPLACES_PENDING(_PyCapsule_SetTraverse(capsule, NULL, NULL) == -1,
                     "_PyCapsule_SetTraverse() called with NULL callback");
    REPLACES_PENDING(PyCapsule_Import(NULL, 0) == NULL, "PyCapsule_Import called with null name");
    Py_DECREF(capsule);
}

static PyObject *fails(PyObject *self, PyObject *capsule)
{
    (void)self;
    return PyCapsule_GetPointer(capsule, "another name");
}

static PyObject *succeeds(PyObject *self, PyObject *capsule)
{
    (void)self;
    return PyCapsule_IsValid(capsule, NULL) ? NULL : PyLong_FromLong(PyErr_Occurred() != NULL);
}

static void the_handled_exception_becomes_the_context(void)
{
    static PyMethodDef definitions[] = {{"fails", fails, METH_O, NULL},
                                        {"succeeds", succeeds, METH_O, NULL}};
    for (size_t i = 0; i < 2; i++) {
        PyObject *function = PyCFunction_New(&definitions[i], NULL);
        define(definitions[i].ml_name, function);
        Py_DECREF(function);
    }
    CHECK(run("c = _capsule.new(7, 'a')\n"
              "try:\n"
              "    1 / 0\n"
              "except ZeroDivisionError as handled:\n"
              "    before = succeeds(c)\n"
              "    try:\n"
              "        fails(c)\n"
              "    except _capsule.PyCapsuleError as error:\n"
              "        context = error.__context__ is handled\n"
              "    after = sys.exception() is handled\n"
              "try:\n"
              "    fails(c)\n"
              "except _capsule.PyCapsuleError as error:\n"
              "    unchained = error.__context__ is None and error.__cause__ is None\n"));
    CHECK(holds("before == 0 and context and after and unchained"));
}

static void many_failures_leave_nothing_behind(void)
{
    PyObject *capsule = evaluate("_capsule.new(7, 'a')");
    Py_ssize_t before = Py_REFCNT(capsule);
    for (int i = 0; i < 10000; i++) {
        CHECK(PyCapsule_GetPointer(capsule, "b") == NULL);
    }
    CHECK(Py_REFCNT(capsule) == before);
    CHECK(raised_unchained("PyCapsuleError: PyCapsule_GetPointer called with incorrect name\n"
                       "note expected the name \"b\", found \"a\""));
    Py_DECREF(capsule);
}

const struct test exception_tests[] = {
    TEST(success_leaves_the_pending_exception),
    TEST(failure_replaces_the_pending_exception),
    TEST(the_handled_exception_becomes_the_context),
    TEST(many_failures_leave_nothing_behind),
    END_OF_TESTS,
};
