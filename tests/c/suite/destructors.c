/* Destructors that are C functions: when they run and what they may do. */
#include "harness.h"

static void runs_once_with_the_last_reference(void)
{
    PyObject *capsule = PyCapsule_New(&thing, "a", count);
    Py_INCREF(capsule);
    Py_DECREF(capsule);
    CHECK(destroyed == 0);
    Py_DECREF(capsule);
    CHECK(destroyed == 1);
}

static int others_destroyed;

static void count_others(PyObject *capsule)
{
    (void)capsule;
    others_destroyed++;
}

static void only_the_destructor_set_last_runs(void)
{
    others_destroyed = 0;
    PyObject *capsule = PyCapsule_New(&thing, "a", count);
    PyCapsule_SetDestructor(capsule, count_others);
    Py_DECREF(capsule);
    CHECK(destroyed == 0 && others_destroyed == 1);
    capsule = PyCapsule_New(&thing, "a", count);
    PyCapsule_SetDestructor(capsule, NULL);
    Py_DECREF(capsule);
    CHECK(destroyed == 0);
    capsule = PyCapsule_New(&thing, "a", NULL);
    PyCapsule_SetDestructor(capsule, count);
    Py_DECREF(capsule);
    CHECK(destroyed == 1 && others_destroyed == 1);
}

static void an_invalid_destructor_that_is_replaced_is_never_called(void)
{
    PyObject *capsule = PyCapsule_New(&thing, "a", (PyCapsule_Destructor)(uintptr_t)1);
    CHECK(PyCapsule_GetDestructor(capsule) == (PyCapsule_Destructor)(uintptr_t)1);
    PyCapsule_SetDestructor(capsule, count);
    Py_DECREF(capsule);
    CHECK(destroyed == 1);
}

static void uses_every_function(PyObject *capsule)
{
    int vouched = 0;
    destroyed++;
    EXPECT(PyCapsule_CheckExact(capsule) == 1);
    EXPECT(PyCapsule_IsValid(capsule, "a") == 1 && PyCapsule_IsValid(capsule, "b") == 0);
    EXPECT(PyCapsule_GetPointer(capsule, "a") == &thing);
    EXPECT(PyCapsuleRs_GetVouchedPointer(capsule, "a", &vouched) == &thing && vouched == 1);
    EXPECT(strcmp(PyCapsule_GetName(capsule), "a") == 0);
    EXPECT(PyCapsule_GetContext(capsule) == &other_thing);
    EXPECT(PyCapsule_GetDestructor(capsule) == uses_every_function);
    EXPECT(PyErr_Occurred() == NULL);
    EXPECT(PyCapsule_GetPointer(capsule, "b") == NULL && PyErr_Occurred() != NULL);
    Py_XDECREF(PyErr_GetRaisedException());
    EXPECT(PyCapsule_SetPointer(capsule, NULL) == -1 && PyErr_Occurred() != NULL);
    Py_XDECREF(PyErr_GetRaisedException());
    EXPECT(PyCapsule_SetPointer(capsule, &other_thing) == 0);
    EXPECT(PyCapsule_SetContext(capsule, &thing) == 0 && PyCapsule_SetName(capsule, "c") == 0);
    EXPECT(PyCapsule_GetPointer(capsule, "c") == &other_thing);
    EXPECT(PyCapsuleRs_Claim(capsule, "c", "d") == &other_thing);
    PyObject *text = PyObject_Repr(capsule);
    EXPECT(text != NULL);
    Py_XDECREF(text);
    EXPECT(PyObject_Hash(capsule) != -1);
}

static void every_function_works_in_a_destructor(void)
{
    wrong = NULL;
    PyObject *capsule = PyCapsule_New(&thing, "a", uses_every_function);
    PyCapsule_SetContext(capsule, &other_thing);
    Py_DECREF(capsule);
    CHECK(destroyed == 1);
    if (wrong != NULL) {
        fail(__FILE__, __LINE__, wrong);
    }
}

/* In a destructor the count does not include the reference that the interpreter holds. */
static void counts_references(PyObject *capsule)
{
    destroyed++;
    EXPECT(Py_REFCNT(capsule) == 0);
    Py_INCREF(capsule);
    Py_INCREF(capsule);
    EXPECT(Py_REFCNT(capsule) == 3);
    Py_DECREF(capsule);
    Py_DECREF(capsule);
}

static void a_destructor_may_take_and_drop_references(void)
{
    wrong = NULL;
    PyObject *capsule = PyCapsule_New(&thing, "a", counts_references);
    Py_DECREF(capsule);
    CHECK(destroyed == 1);
    if (wrong != NULL) {
        fail(__FILE__, __LINE__, wrong);
    }
}

static void sets_itself_again(PyObject *capsule)
{
    destroyed++;
    EXPECT(PyCapsule_SetDestructor(capsule, NULL) == 0);
    EXPECT(PyCapsule_GetDestructor(capsule) == NULL && PyErr_Occurred() == NULL);
    EXPECT(PyCapsule_SetDestructor(capsule, count_others) == 0);
    EXPECT(PyCapsule_GetDestructor(capsule) == count_others);
    EXPECT(PyCapsule_SetDestructor(capsule, sets_itself_again) == 0);
}

static void one_set_in_a_destructor_is_readable_and_not_called(void)
{
    wrong = NULL;
    others_destroyed = 0;
    Py_DECREF(PyCapsule_New(&thing, "a", sets_itself_again));
    CHECK(destroyed == 1 && others_destroyed == 0);
    if (wrong != NULL) {
        fail(__FILE__, __LINE__, wrong);
    }
}

static void frees_its_name(PyObject *capsule)
{
    destroyed++;
    char *name = (char *)PyCapsule_GetName(capsule);
    PyCapsule_SetName(capsule, NULL);
    free(name);
}

static void a_destructor_may_free_the_name(void)
{
    char *name = malloc(4);
    memcpy(name, "a.b", 4);
    Py_DECREF(PyCapsule_New(&thing, name, frees_its_name));
    CHECK(destroyed == 1);
}

static void drops_its_context(PyObject *capsule)
{
    destroyed++;
    Py_XDECREF(PyCapsule_GetContext(capsule));
}

static void a_destructor_may_destroy_another_capsule(void)
{
    PyObject *inner = PyCapsule_New(&thing, "inner", drops_its_context);
    PyObject *outer = PyCapsule_New(&thing, "outer", drops_its_context);
    PyCapsule_SetContext(outer, inner);
    Py_DECREF(outer);
    CHECK(destroyed == 2);
}

static void a_destructor_can_be_called_on_a_live_capsule(void)
{
    PyObject *capsule = PyCapsule_New(&thing, "a", count);
    PyCapsule_GetDestructor(capsule)(capsule);
    CHECK(destroyed == 1 && PyCapsule_IsValid(capsule, "a"));
    Py_DECREF(capsule);
    CHECK(destroyed == 2);
}

static void a_python_destructor_can_be_read_set_again_and_called(void)
{
    CHECK(run("seen = []\ndef destructor(c): seen.append(_capsule.get_name(c))"));
    PyObject *capsule = evaluate("_capsule.new(7, 'a', destructor)");
    PyCapsule_Destructor read = PyCapsule_GetDestructor(capsule);
    CHECK(read != NULL);
    CHECK(PyCapsule_SetDestructor(capsule, NULL) == 0);
    CHECK(PyCapsule_SetDestructor(capsule, read) == 0);
    CHECK(PyCapsule_GetDestructor(capsule) == read);
    define("c", capsule);
    CHECK(holds("_capsule.get_destructor(c) is destructor"));
    CHECK(run("del c"));
    read(capsule);
    CHECK(holds("seen == ['a']"));
    Py_DECREF(capsule);
    CHECK(holds("seen == ['a', 'a']"));
}

static void the_function_of_a_python_destructor_does_nothing_for_others(void)
{
    PyObject *capsule = evaluate("_capsule.new(7, 'a', print)");
    PyCapsule_Destructor read = PyCapsule_GetDestructor(capsule);
    PyCapsule_SetDestructor(capsule, NULL);
    Py_DECREF(capsule);
    Py_DECREF(PyCapsule_New(&thing, "b", read));
    PyObject *number = evaluate("5");
    read(number);
    Py_DECREF(number);
}

static void many_capsules_in_cycles_are_collected(void)
{
    for (int i = 0; i < 1000; i++) {
        PyObject *capsule = PyCapsule_New(&thing, "a", count);
        define("capsule", capsule);
        Py_DECREF(capsule);
        CHECK(run("cycle = [capsule]; cycle.append(cycle); del capsule, cycle"));
    }
    CHECK(collect());
    CHECK(destroyed == 1000);
}

const struct test destructor_tests[] = {
    TEST(runs_once_with_the_last_reference),
    TEST(only_the_destructor_set_last_runs),
    TEST(an_invalid_destructor_that_is_replaced_is_never_called),
    TEST(every_function_works_in_a_destructor),
    TEST(a_destructor_may_take_and_drop_references),
    TEST(one_set_in_a_destructor_is_readable_and_not_called),
    TEST(a_destructor_may_free_the_name),
    TEST(a_destructor_may_destroy_another_capsule),
    TEST(a_destructor_can_be_called_on_a_live_capsule),
    TEST(a_python_destructor_can_be_read_set_again_and_called),
    TEST(the_function_of_a_python_destructor_does_nothing_for_others),
    TEST(many_capsules_in_cycles_are_collected),
    END_OF_TESTS,
};
