/* Capsules with hooks for the collector: traverse visits what the C code owns, clear drops it. */
#include "harness.h"

/* What the contexts of these capsules point to. */
struct owned {
    PyObject *held;
};

static int visits, clears, clears_before_destructor;

static int traverse(PyObject *capsule, visitproc visit, void *arg)
{
    struct owned *owned = PyCapsule_GetContext(capsule);
    visits++;
    return owned->held == NULL ? 0 : visit(owned->held, arg);
}

static int clear(PyObject *capsule)
{
    struct owned *owned = PyCapsule_GetContext(capsule);
    PyObject *held = owned->held;
    clears++;
    owned->held = NULL;
    Py_XDECREF(held);
    return 0;
}

static void release(PyObject *capsule)
{
    struct owned *owned = PyCapsule_GetContext(capsule);
    destroyed++;
    clears_before_destructor = clears;
    Py_XDECREF(owned->held);
    free(owned);
}

/* A capsule that owns an object. Steals the reference to it. */
static PyObject *owner_of(PyObject *held)
{
    struct owned *owned = calloc(1, sizeof *owned);
    owned->held = held;
    PyObject *capsule = PyCapsule_New(&thing, "owner", release);
    PyCapsule_SetContext(capsule, owned);
    _PyCapsule_SetTraverse(capsule, traverse, clear);
    visits = clears = 0;
    clears_before_destructor = -1;
    return capsule;
}

static void a_cycle_through_the_context_is_collected(void)
{
    PyObject *list = PyList_New(0);
    PyObject *capsule = owner_of(Py_NewRef(list));
    PyList_Append(list, capsule);
    Py_DECREF(list);
    collect();
    CHECK(destroyed == 0 && clears == 0 && visits > 0);
    Py_DECREF(capsule);
    CHECK(destroyed == 0);
    collect();
    CHECK(destroyed == 1 && clears == 1 && clears_before_destructor == 1);
    collect();
    CHECK(destroyed == 1 && clears == 1);
}

static void a_capsule_may_own_itself(void)
{
    struct owned *owned;
    PyObject *capsule = owner_of(NULL);
    owned = PyCapsule_GetContext(capsule);
    owned->held = capsule;
    collect();
    CHECK(destroyed == 1 && clears == 1);
}

static void many_cycles_are_collected(void)
{
    for (int i = 0; i < 1000; i++) {
        PyObject *list = PyList_New(0);
        PyObject *capsule = owner_of(list);
        PyList_Append(list, capsule);
        Py_DECREF(capsule);
    }
    collect();
    CHECK(destroyed == 1000);
}

static void without_a_cycle_only_the_destructor_runs(void)
{
    PyObject *capsule = owner_of(PyList_New(0));
    Py_DECREF(capsule);
    CHECK(destroyed == 1 && clears == 0);
    collect();
    CHECK(destroyed == 1 && clears == 0);
}

static void capsules_with_hooks_are_tracked(void)
{
    PyObject *plain = PyCapsule_New(&thing, NULL, NULL);
    PyObject *list = PyList_New(0);
    PyObject *capsule = owner_of(Py_NewRef(list));
    define("plain", plain);
    define("capsule", capsule);
    define("held", list);
    Py_DECREF(plain);
    Py_DECREF(list);
    Py_DECREF(capsule);
    CHECK(holds("not gc.is_tracked(plain) and gc.get_referents(plain) == []"));
    CHECK(holds("gc.is_tracked(capsule)"));
    CHECK(holds("[one is held for one in gc.get_referents(capsule)] == [True]"));
    CHECK(run("del capsule, held, plain"));
    CHECK(destroyed == 1);
}

static int visits_null_too(PyObject *capsule, visitproc visit, void *arg)
{
    struct owned *owned = PyCapsule_GetContext(capsule);
    int status = visit(NULL, arg);
    return status != 0 || owned->held == NULL ? status : visit(owned->held, arg);
}

static void the_hooks_set_last_are_used_and_null_may_be_visited(void)
{
    PyObject *list = PyList_New(0);
    PyObject *capsule = owner_of(list);
    PyList_Append(list, capsule);
    CHECK(_PyCapsule_SetTraverse(capsule, visits_null_too, clear) == 0);
    Py_DECREF(capsule);
    collect();
    CHECK(destroyed == 1 && visits == 0);
}

static void null_callbacks_are_refused(void)
{
    static const char error[] =
        "PyCapsuleError: _PyCapsule_SetTraverse() called with NULL callback";
    PyObject *capsule = PyCapsule_New(&thing, NULL, count);
    CHECK(_PyCapsule_SetTraverse(capsule, NULL, clear) == -1 && raised_unchained(error));
    CHECK(_PyCapsule_SetTraverse(capsule, traverse, NULL) == -1 && raised_unchained(error));
    CHECK(_PyCapsule_SetTraverse(capsule, NULL, NULL) == -1 && raised_unchained(error));
    define("capsule", capsule);
    CHECK(holds("not gc.is_tracked(capsule)"));
    CHECK(run("del capsule"));
    Py_DECREF(capsule);
    CHECK(destroyed == 1);
}

static PyObject *with_owner_and_hooks(const char *source, PyObject *held)
{
    PyObject *capsule = evaluate(source);
    struct owned *owned = calloc(1, sizeof *owned);
    owned->held = held;
    PyCapsule_SetContext(capsule, owned);
    PyCapsule_SetDestructor(capsule, release);
    _PyCapsule_SetTraverse(capsule, traverse, clear);
    visits = clears = 0;
    return capsule;
}

static void an_owner_and_hooks_can_be_combined(void)
{
    CHECK(run("import weakref\nclass A: pass\nowner, held = A(), A()\n"
              "seen = [weakref.ref(owner), weakref.ref(held)]"));
    PyObject *capsule = with_owner_and_hooks("_capsule.new(7, 'a', owner=owner)", evaluate("held"));
    define("capsule", capsule);
    CHECK(run("del owner, held"));
    CHECK(holds("len(gc.get_referents(capsule)) == 2"));
    CHECK(holds("[one() is not None for one in seen] == [True, True]"));
    CHECK(run("del capsule"));
    Py_DECREF(capsule);
    CHECK(destroyed == 1 && holds("[one() for one in seen] == [None, None]"));
}

static void a_cycle_through_the_owner_is_collected_with_hooks(void)
{
    CHECK(run("owner = []"));
    PyObject *capsule = with_owner_and_hooks("_capsule.new(7, 'a', owner=owner)", PyList_New(0));
    define("capsule", capsule);
    Py_DECREF(capsule);
    CHECK(run("owner.append(capsule); del owner, capsule"));
    collect();
    CHECK(destroyed == 1);
}

static void a_cycle_through_the_hooks_is_collected_with_an_owner(void)
{
    PyObject *list = PyList_New(0);
    PyObject *capsule = with_owner_and_hooks("_capsule.new(7, 'a', owner=[])", list);
    PyList_Append(list, capsule);
    Py_DECREF(capsule);
    collect();
    CHECK(destroyed == 1 && clears == 1);
}

static void two_capsules_that_own_each_other_are_collected(void)
{
    PyObject *first = owner_of(NULL), *second = owner_of(first);
    ((struct owned *)PyCapsule_GetContext(first))->held = second;
    collect();
    CHECK(destroyed == 2 && clears > 0);
}

static int clear_raises(PyObject *capsule)
{
    clear(capsule);
    PyObject *error = evaluate("KeyError('mine')");
    PyErr_SetRaisedException(error);
    return -1;
}

static void what_clear_raises_is_unraisable(void)
{
    CHECK(run("seen = []\nhook = sys.unraisablehook\n"
              "sys.unraisablehook = lambda args: seen.append(repr(args.exc_value))"));
    PyObject *list = PyList_New(0);
    PyObject *capsule = owner_of(list);
    PyList_Append(list, capsule);
    _PyCapsule_SetTraverse(capsule, traverse, clear_raises);
    Py_DECREF(capsule);
    collect();
    CHECK(run("sys.unraisablehook = hook"));
    CHECK(destroyed == 1 && holds("seen == [\"KeyError('mine')\"]"));
}

static PyObject *resurrected;

static void releases_and_resurrects(PyObject *capsule)
{
    release(capsule);
    resurrected = Py_NewRef(capsule);
    visits = clears = 0;
}

/* The destructor frees the memory that the hooks would read. */
static void hooks_are_forgotten_before_the_destructor_runs(void)
{
    PyObject *capsule = owner_of(PyList_New(0));
    PyCapsule_SetDestructor(capsule, releases_and_resurrects);
    Py_DECREF(capsule);
    CHECK(destroyed == 1 && resurrected == capsule);
    collect();
    CHECK(visits == 0 && clears == 0);
    Py_CLEAR(resurrected);
    CHECK(destroyed == 1 && clears == 0);
}

static void a_python_destructor_in_a_cycle_with_hooks_is_intact(void)
{
    CHECK(run("seen = []\n"
              "def ends(capsule, given=[1, 2], *, name='owner'): seen.append((given, name))\n"
              "capsule = _capsule.new(7, 'a', ends)\nends.capsule = capsule"));
    PyObject *capsule = evaluate("capsule");
    struct owned *owned = calloc(1, sizeof *owned);
    owned->held = evaluate("ends");
    PyCapsule_SetContext(capsule, owned);
    CHECK(_PyCapsule_SetTraverse(capsule, traverse, clear) == 0);
    clears = 0;
    CHECK(run("del capsule, ends"));
    Py_DECREF(capsule);
    collect();
    CHECK(holds("seen == [([1, 2], 'owner')]"));
    CHECK(clears == 1);
    free(owned);
}

const struct test collector_tests[] = {
    TEST(a_cycle_through_the_context_is_collected),
    TEST(a_capsule_may_own_itself),
    TEST(many_cycles_are_collected),
    TEST(without_a_cycle_only_the_destructor_runs),
    TEST(capsules_with_hooks_are_tracked),
    TEST(the_hooks_set_last_are_used_and_null_may_be_visited),
    TEST(null_callbacks_are_refused),
    TEST(an_owner_and_hooks_can_be_combined),
    TEST(a_cycle_through_the_owner_is_collected_with_hooks),
    TEST(a_cycle_through_the_hooks_is_collected_with_an_owner),
    TEST(two_capsules_that_own_each_other_are_collected),
    TEST(what_clear_raises_is_unraisable),
    TEST(hooks_are_forgotten_before_the_destructor_runs),
    TEST(a_python_destructor_in_a_cycle_with_hooks_is_intact),
    END_OF_TESTS,
};
