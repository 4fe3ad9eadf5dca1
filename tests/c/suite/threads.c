/* The functions on native threads that are not attached to an interpreter. They work, and a failure
   is returned without setting an exception, since there is no interpreter to set it in. */
#include "harness.h"

#include <pthread.h>

/* Calls a function with an object on a new thread, and waits for it. */
static void on_a_thread(void *(*function)(void *), PyObject *object)
{
    pthread_t thread;
    wrong = NULL;
    pthread_create(&thread, NULL, function, object);
    pthread_join(thread, NULL);
}

#define CHECK_THREAD()                                                                             \
    do {                                                                                           \
        if (wrong != NULL) {                                                                       \
            fail(__FILE__, __LINE__, wrong);                                                       \
            return;                                                                                \
        }                                                                                          \
        CHECK(PyErr_Occurred() == NULL);                                                           \
    } while (0)

static void *uses(void *capsule)
{
    int vouched = 0;
    EXPECT(PyCapsule_CheckExact(capsule) == 1);
    EXPECT(PyCapsule_IsValid(capsule, "a") == 1 && PyCapsule_IsValid(capsule, "b") == 0);
    EXPECT(PyCapsule_GetPointer(capsule, "a") == &thing);
    EXPECT(PyCapsuleRs_GetVouchedPointer(capsule, "a", &vouched) == &thing && vouched == 1);
    EXPECT(strcmp(PyCapsule_GetName(capsule), "a") == 0);
    EXPECT(PyCapsule_GetContext(capsule) == NULL);
    EXPECT(PyCapsule_GetDestructor(capsule) == count);
    EXPECT(PyCapsule_SetPointer(capsule, &other_thing) == 0);
    EXPECT(PyCapsule_SetName(capsule, "b") == 0);
    EXPECT(PyCapsule_SetContext(capsule, &thing) == 0);
    EXPECT(PyCapsule_SetDestructor(capsule, count) == 0);
    EXPECT(PyCapsuleRs_Claim(capsule, "b", "c") == &other_thing);
    return NULL;
}

static void every_function_works_on_a_native_thread(void)
{
    PyObject *capsule = PyCapsule_New(&thing, "a", count);
    on_a_thread(uses, capsule);
    CHECK_THREAD();
    CHECK(PyCapsule_GetPointer(capsule, "c") == &other_thing);
    CHECK(PyCapsule_GetContext(capsule) == &thing);
    Py_DECREF(capsule);
    CHECK(destroyed == 1);
}

static void *misuses(void *capsule)
{
    int vouched = 5;
    EXPECT(PyCapsule_New(NULL, "a", count) == NULL);
    EXPECT(PyCapsule_GetPointer(capsule, "b") == NULL);
    EXPECT(PyCapsule_GetPointer(NULL, "b") == NULL);
    EXPECT(PyCapsuleRs_GetVouchedPointer(capsule, "b", &vouched) == NULL && vouched == 5);
    EXPECT(PyCapsule_GetName(NULL) == NULL);
    EXPECT(PyCapsule_GetContext(NULL) == NULL);
    EXPECT(PyCapsule_GetDestructor(NULL) == NULL);
    EXPECT(PyCapsule_SetPointer(capsule, NULL) == -1);
    EXPECT(PyCapsule_SetPointer(NULL, &thing) == -1);
    EXPECT(PyCapsule_SetName(NULL, "b") == -1);
    EXPECT(PyCapsule_SetContext(NULL, NULL) == -1);
    EXPECT(PyCapsule_SetDestructor(NULL, NULL) == -1);
    EXPECT(PyCapsuleRs_Claim(capsule, "b", "c") == NULL);
    EXPECT(_PyCapsule_SetTraverse(capsule, NULL, NULL) == -1);
    EXPECT(_PyCapsule_SetTraverse(NULL, traverse_nothing, clear_nothing) == -1);
    EXPECT(PyCapsule_Import("sys.cap", 0) == NULL);
    EXPECT(PyCapsule_Import(NULL, 0) == NULL);
    EXPECT(PyCapsuleRs_ImportCapsule("sys.cap") == NULL);
    EXPECT(PyCapsule_IsValid(NULL, "a") == 0 && PyCapsule_CheckExact(NULL) == 0);
    return NULL;
}

static void failures_on_a_native_thread_raise_nothing(void)
{
    PyObject *capsule = PyCapsule_New(&thing, "a", count);
    on_a_thread(misuses, capsule);
    CHECK_THREAD();
    CHECK(PyCapsule_GetPointer(capsule, "a") == &thing);
    Py_DECREF(capsule);
    CHECK(destroyed == 1);
}

static void *makes_and_drops(void *unused)
{
    for (int i = 0; i < 1000; i++) {
        PyObject *capsule = PyCapsule_New(&thing, "a", count);
        EXPECT(PyCapsule_GetPointer(capsule, "a") == &thing);
        Py_INCREF(capsule);
        Py_DECREF(capsule);
        Py_DECREF(capsule);
    }
    return unused;
}

static void capsules_are_made_and_destroyed_on_a_native_thread(void)
{
    on_a_thread(makes_and_drops, NULL);
    CHECK_THREAD();
    CHECK(destroyed == 1000);
}

static void *drops(void *object)
{
    Py_DECREF(object);
    return NULL;
}

static void a_python_destructor_runs_on_a_native_thread(void)
{
    CHECK(run("import threading\nmain, seen = threading.get_ident(), []\n"
              "def destructor(c):\n"
              "    seen.append((_capsule.get_name(c), threading.get_ident() != main))"));
    on_a_thread(drops, evaluate("_capsule.new(7, 'a', destructor)"));
    CHECK_THREAD();
    on_a_thread(drops, evaluate("_capsule.new(7, 'b', destructor, owner=[])"));
    CHECK_THREAD();
    CHECK(holds("seen == [('a', True), ('b', True)]"));
}

static void *sets_hooks(void *capsule)
{
    EXPECT(_PyCapsule_SetTraverse(capsule, traverse_nothing, clear_nothing) == 0);
    return NULL;
}

static void hooks_can_be_set_on_a_native_thread(void)
{
    PyObject *capsule = PyCapsule_New(&thing, "a", count);
    on_a_thread(sets_hooks, capsule);
    CHECK_THREAD();
    define("capsule", capsule);
    CHECK(holds("gc.is_tracked(capsule)"));
    CHECK(run("del capsule"));
    on_a_thread(drops, capsule);
    CHECK_THREAD();
    CHECK(destroyed == 1);
}

static void *claims(void *capsule)
{
    return PyCapsuleRs_Claim(capsule, "a", "taken");
}

static void one_claim_wins(void)
{
    for (int turn = 0; turn < 100; turn++) {
        enum { THREADS = 4 };
        pthread_t threads[THREADS];
        int winners = 0;
        PyObject *capsule = PyCapsule_New(&thing, "a", NULL);
        for (int i = 0; i < THREADS; i++) {
            pthread_create(&threads[i], NULL, claims, capsule);
        }
        for (int i = 0; i < THREADS; i++) {
            void *claimed = NULL;
            pthread_join(threads[i], &claimed);
            winners += claimed == &thing;
        }
        CHECK(winners == 1 && PyCapsule_IsValid(capsule, "taken"));
        Py_DECREF(capsule);
    }
}

const struct test thread_tests[] = {
    TEST(every_function_works_on_a_native_thread),
    TEST(failures_on_a_native_thread_raise_nothing),
    TEST(capsules_are_made_and_destroyed_on_a_native_thread),
    TEST(a_python_destructor_runs_on_a_native_thread),
    TEST(hooks_can_be_set_on_a_native_thread),
    TEST(one_claim_wins),
    END_OF_TESTS,
};
