/* Import through C: calls that the rows that all languages share cannot express. */
#include "harness.h"

#define NOT_IMPORTED "ImportError: PyCapsule_Import could not import module \"m\""

static int set_module(void)
{
    return run("import types\n"
               "m = sys.modules['m'] = types.ModuleType('m')\n"
               "m.cap = _capsule.new(7, 'm.cap')\n"
               "m.x = 5\n");
}

static void forget_module(void)
{
    run("sys.modules.pop('m', None)");
}

static void a_null_name_is_refused(void)
{
    CHECK(PyCapsule_Import(NULL, 0) == NULL);
    CHECK(raised_unchained("PyCapsuleError: PyCapsule_Import called with null name"));
    CHECK(PyCapsuleRs_ImportCapsule(NULL) == NULL);
    CHECK(raised_unchained("PyCapsuleError: PyCapsule_Import called with null name"));
}

static void no_block_changes_nothing(void)
{
    CHECK(set_module());
    static const int values[] = {0, 1, 2, -1};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        CHECK(PyCapsule_Import("m.cap", values[i]) == (void *)7);
        CHECK(PyCapsule_Import("m.x", values[i]) == NULL);
        CHECK(raised("AttributeError: PyCapsule_Import \"m.x\" is not valid\n"
                     "note not a capsule but an object of type 'int'"));
    }
    forget_module();
}

static void bytes_after_the_first_nul_do_not_count(void)
{
    CHECK(set_module());
    CHECK(PyCapsule_Import("m.cap\0.x", 0) == (void *)7);
    forget_module();
}

static void nothing_is_imported_while_an_exception_is_pending(void)
{
    CHECK(set_module());
    for (int way = 0; way < 2; way++) {
        PyObject *pending = set_pending();
        CHECK(way == 0 ? PyCapsule_Import("m.cap", 0) == NULL
                       : PyCapsuleRs_ImportCapsule("m.cap") == NULL);
        PyObject *error = PyErr_GetRaisedException();
        PyObject *cause = PyException_GetCause(error);
        CHECK(cause == pending);
        Py_DECREF(cause);
        PyErr_SetRaisedException(error);
        CHECK(raised(NOT_IMPORTED));
    }
    forget_module();
}

static void import_capsule_gives_a_reference_of_its_own(void)
{
    CHECK(set_module());
    PyObject *kept = evaluate("m.cap");
    Py_ssize_t before = Py_REFCNT(kept);
    PyObject *imported = PyCapsuleRs_ImportCapsule("m.cap");
    CHECK(imported == kept && Py_REFCNT(kept) == before + 1);
    Py_DECREF(kept);
    CHECK(run("del m.cap"));
    forget_module();
    CHECK(PyCapsule_GetPointer(imported, "m.cap") == (void *)7);
    Py_DECREF(imported);
}

static void import_keeps_no_reference(void)
{
    CHECK(set_module());
    PyObject *kept = evaluate("m.cap");
    Py_ssize_t before = Py_REFCNT(kept);
    for (int i = 0; i < 100; i++) {
        CHECK(PyCapsule_Import("m.cap", 0) == (void *)7);
    }
    CHECK(Py_REFCNT(kept) == before);
    Py_DECREF(kept);
    forget_module();
}

static void both_functions_raise_the_same(void)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"m.cap", NOT_IMPORTED},
        {"", "ImportError: PyCapsule_Import could not import module \"\""},
        {"sys.no_such", "AttributeError: module 'sys' has no attribute 'no_such'"},
        {"sys", "AttributeError: PyCapsule_Import \"sys\" is not valid\n"
                "note not a capsule but an object of type 'module'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(PyCapsule_Import(rows[i].name, 0) == NULL && raised(rows[i].text));
        CHECK(PyCapsuleRs_ImportCapsule(rows[i].name) == NULL && raised(rows[i].text));
    }
}

static void the_cause_is_kept(void)
{
    CHECK(PyCapsule_Import("no_such_module.cap", 0) == NULL);
    PyObject *error = PyErr_GetRaisedException();
    define("e", error);
    Py_DECREF(error);
    CHECK(holds("type(e) is ImportError and type(e.__cause__) is ModuleNotFoundError"));
}

static void a_capsule_of_c_code_is_found(void)
{
    CHECK(set_module());
    PyObject *capsule = PyCapsule_New(&thing, "m.made", count);
    define("made", capsule);
    Py_DECREF(capsule);
    CHECK(run("m.made = made; del made"));
    CHECK(PyCapsule_Import("m.made", 0) == &thing);
    CHECK(run("del m.made"));
    CHECK(destroyed == 1);
    forget_module();
}

const struct test import_tests[] = {
    TEST(a_null_name_is_refused),
    TEST(no_block_changes_nothing),
    TEST(bytes_after_the_first_nul_do_not_count),
    TEST(nothing_is_imported_while_an_exception_is_pending),
    TEST(import_capsule_gives_a_reference_of_its_own),
    TEST(import_keeps_no_reference),
    TEST(both_functions_raise_the_same),
    TEST(the_cause_is_kept),
    TEST(a_capsule_of_c_code_is_found),
    END_OF_TESTS,
};
