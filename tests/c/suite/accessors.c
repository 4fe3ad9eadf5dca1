/* Accessors: calls that the rows that all languages share cannot express. */
#include "harness.h"

#define INVALID(function, note)                                                                    \
    "PyCapsuleError: " function " called with invalid PyCapsule object\nnote " note
#define NO_OBJECT(function) INVALID(function, "NULL instead of a capsule")
#define AN_INT(function) INVALID(function, "not a capsule but an object of type 'int'")

static void null_is_no_capsule(void)
{
    int vouched = 5;
    CHECK(PyCapsule_GetPointer(NULL, "a") == NULL && raised(NO_OBJECT("PyCapsule_GetPointer")));
    CHECK(PyCapsule_GetPointer(NULL, NULL) == NULL && raised(NO_OBJECT("PyCapsule_GetPointer")));
    CHECK(PyCapsule_GetName(NULL) == NULL && raised(NO_OBJECT("PyCapsule_GetName")));
    CHECK(PyCapsule_GetContext(NULL) == NULL && raised(NO_OBJECT("PyCapsule_GetContext")));
    CHECK(PyCapsule_GetDestructor(NULL) == NULL && raised(NO_OBJECT("PyCapsule_GetDestructor")));
    CHECK(PyCapsule_SetPointer(NULL, &thing) == -1 && raised(NO_OBJECT("PyCapsule_SetPointer")));
    CHECK(PyCapsule_SetName(NULL, "a") == -1 && raised(NO_OBJECT("PyCapsule_SetName")));
    CHECK(PyCapsule_SetContext(NULL, NULL) == -1 && raised(NO_OBJECT("PyCapsule_SetContext")));
    CHECK(PyCapsule_SetDestructor(NULL, count) == -1 &&
          raised(NO_OBJECT("PyCapsule_SetDestructor")));
    CHECK(PyCapsuleRs_Claim(NULL, "a", "b") == NULL && raised(NO_OBJECT("PyCapsuleRs_Claim")));
    CHECK(_PyCapsule_SetTraverse(NULL, traverse_nothing, clear_nothing) == -1 &&
          raised(NO_OBJECT("_PyCapsule_SetTraverse")));
    CHECK(PyCapsuleRs_GetVouchedPointer(NULL, "a", &vouched) == NULL &&
          raised(NO_OBJECT("PyCapsuleRs_GetVouchedPointer")) && vouched == 5);
    CHECK(PyCapsule_IsValid(NULL, "a") == 0 && PyCapsule_IsValid(NULL, NULL) == 0);
    CHECK(PyCapsule_CheckExact(NULL) == 0);
    CHECK(PyErr_Occurred() == NULL);
}

static void other_objects_are_no_capsules(void)
{
    PyObject *number = evaluate("5");
    PyObject *class = evaluate("_capsule.PyCapsule");
    int vouched = 5;
    CHECK(PyCapsule_CheckExact(number) == 0 && PyCapsule_CheckExact(class) == 0);
    CHECK(PyCapsule_IsValid(number, NULL) == 0 && PyCapsule_IsValid(class, NULL) == 0);
    CHECK(PyErr_Occurred() == NULL);
    CHECK(_PyCapsule_SetTraverse(number, traverse_nothing, clear_nothing) == -1 &&
          raised(AN_INT("_PyCapsule_SetTraverse")));
    CHECK(PyCapsuleRs_GetVouchedPointer(number, "a", &vouched) == NULL &&
          raised(AN_INT("PyCapsuleRs_GetVouchedPointer")) && vouched == 5);
    CHECK(PyCapsule_GetPointer(class, "a") == NULL &&
          raised(INVALID("PyCapsule_GetPointer", "not a capsule but an object of type 'type'")));
    Py_DECREF(number);
    Py_DECREF(class);
}

static void the_object_is_checked_first(void)
{
    PyObject *number = evaluate("5");
    CHECK(PyCapsule_SetPointer(number, NULL) == -1 && raised(AN_INT("PyCapsule_SetPointer")));
    CHECK(PyCapsule_SetPointer(NULL, NULL) == -1 && raised(NO_OBJECT("PyCapsule_SetPointer")));
    CHECK(_PyCapsule_SetTraverse(number, NULL, NULL) == -1 &&
          raised(AN_INT("_PyCapsule_SetTraverse")));
    CHECK(PyCapsuleRs_Claim(number, "wrong", NULL) == NULL && raised(AN_INT("PyCapsuleRs_Claim")));
    Py_DECREF(number);
}

static void check_exact_accepts_capsules(void)
{
    PyObject *capsule = PyCapsule_New(&thing, NULL, NULL);
    CHECK(PyCapsule_CheckExact(capsule) == 1);
    define("capsule", capsule);
    CHECK(holds("type(capsule) is _capsule.PyCapsule and sys.getrefcount(capsule) > 1"));
    Py_DECREF(capsule);
}

static void a_failed_new_runs_no_destructor(void)
{
    CHECK(PyCapsule_New(NULL, "a", count) == NULL);
    CHECK(raised("PyCapsuleError: PyCapsule_New called with null pointer"));
    CHECK(destroyed == 0);
}

static void every_field_reads_back(void)
{
    static const char name[] = "a.b", new_name[] = "c.d";
    PyObject *capsule = PyCapsule_New(&thing, name, count);
    CHECK(PyCapsule_GetPointer(capsule, "a.b") == &thing);
    CHECK(PyCapsule_GetName(capsule) == name);
    CHECK(PyCapsule_GetContext(capsule) == NULL && PyErr_Occurred() == NULL);
    CHECK(PyCapsule_GetDestructor(capsule) == count);
    CHECK(PyCapsule_SetPointer(capsule, &other_thing) == 0);
    CHECK(PyCapsule_SetName(capsule, new_name) == 0);
    CHECK(PyCapsule_SetContext(capsule, capsule) == 0);
    CHECK(PyCapsule_SetDestructor(capsule, NULL) == 0);
    CHECK(PyCapsule_GetPointer(capsule, "c.d") == &other_thing);
    CHECK(PyCapsule_GetName(capsule) == new_name);
    CHECK(PyCapsule_GetContext(capsule) == capsule);
    CHECK(PyCapsule_GetDestructor(capsule) == NULL && PyErr_Occurred() == NULL);
    CHECK(PyCapsule_SetName(capsule, NULL) == 0);
    CHECK(PyCapsule_GetName(capsule) == NULL && PyErr_Occurred() == NULL);
    Py_DECREF(capsule);
    CHECK(destroyed == 0);
}

static void bytes_after_the_first_nul_do_not_count(void)
{
    PyObject *capsule = PyCapsule_New(&thing, "a\0b", NULL);
    CHECK(PyCapsule_IsValid(capsule, "a\0c") == 1 && PyCapsule_IsValid(capsule, "a") == 1);
    CHECK(PyCapsule_GetPointer(capsule, "a\0d") == &thing);
    Py_DECREF(capsule);
}

static void a_name_is_kept_by_address(void)
{
    char name[] = "a.b", same_text[] = "a.b";
    PyObject *capsule = PyCapsule_New(&thing, name, NULL);
    CHECK(PyCapsule_GetName(capsule) == name);
    CHECK(PyCapsule_IsValid(capsule, name) && PyCapsule_IsValid(capsule, same_text));
    /* The text is not copied, so a change to it renames the capsule. */
    name[2] = 'c';
    CHECK(PyCapsule_GetName(capsule) == name);
    CHECK(!PyCapsule_IsValid(capsule, "a.b") && PyCapsule_IsValid(capsule, "a.c"));
    CHECK(PyCapsule_GetPointer(capsule, "a.b") == NULL);
    CHECK(raised("PyCapsuleError: PyCapsule_GetPointer called with incorrect name\n"
                 "note expected the name \"a.b\", found \"a.c\""));
    CHECK(PyCapsule_SetName(capsule, same_text) == 0 && PyCapsule_GetName(capsule) == same_text);
    CHECK(PyCapsuleRs_Claim(capsule, "a.b", name) == &thing && PyCapsule_GetName(capsule) == name);
    Py_DECREF(capsule);
}

static void a_name_may_be_a_megabyte(void)
{
    enum { SIZE = 1 << 20 };
    char *name = calloc(1, SIZE + 1), *asked = calloc(1, SIZE + 1);
    memset(name, 'n', SIZE);
    memset(asked, 'n', SIZE);
    PyObject *capsule = PyCapsule_New(&thing, name, NULL);
    int same = PyCapsule_IsValid(capsule, asked);
    asked[SIZE - 1] = 'm';
    int other = PyCapsule_IsValid(capsule, asked);
    Py_DECREF(capsule);
    free(name);
    free(asked);
    CHECK(same == 1 && other == 0);
}

static void a_claim_checks_the_name_and_renames(void)
{
    static const char used[] = "used";
    PyObject *capsule = PyCapsule_New(&thing, "a.b", NULL);
    CHECK(PyCapsuleRs_Claim(capsule, "a.c", used) == NULL);
    CHECK(raised("PyCapsuleError: PyCapsuleRs_Claim called with incorrect name\n"
                 "note expected the name \"a.c\", found \"a.b\""));
    CHECK(PyCapsule_IsValid(capsule, "a.b"));
    CHECK(PyCapsuleRs_Claim(capsule, "a.b", used) == &thing);
    CHECK(PyCapsule_GetName(capsule) == used);
    CHECK(PyCapsuleRs_Claim(capsule, "a.b", used) == NULL);
    CHECK(raised("PyCapsuleError: PyCapsuleRs_Claim called with incorrect name\n"
                 "note expected the name \"a.b\", found \"used\": "
                 "the capsule is already consumed"));
    CHECK(PyCapsuleRs_Claim(capsule, used, NULL) == &thing && PyCapsule_GetName(capsule) == NULL);
    CHECK(PyCapsuleRs_Claim(capsule, NULL, "a.b") == &thing && PyCapsule_IsValid(capsule, "a.b"));
    Py_DECREF(capsule);
}

static void c_code_vouches_for_its_pointers_and_python_does_not(void)
{
    int vouched = 5;
    PyObject *capsule = PyCapsule_New(&thing, "a", NULL);
    CHECK(PyCapsuleRs_GetVouchedPointer(capsule, "a", &vouched) == &thing && vouched == 1);
    define("capsule", capsule);
    CHECK(run("_capsule.set_pointer(capsule, 7)"));
    CHECK(PyCapsuleRs_GetVouchedPointer(capsule, "a", &vouched) == (void *)7 && vouched == 0);
    CHECK(PyCapsule_SetPointer(capsule, &thing) == 0);
    CHECK(PyCapsuleRs_GetVouchedPointer(capsule, "a", &vouched) == &thing && vouched == 1);
    vouched = 5;
    CHECK(PyCapsuleRs_GetVouchedPointer(capsule, "b", &vouched) == NULL && vouched == 5);
    CHECK(raised("PyCapsuleError: PyCapsuleRs_GetVouchedPointer called with incorrect name\n"
                 "note expected the name \"b\", found \"a\""));
    Py_DECREF(capsule);
    capsule = evaluate("_capsule.new(7, 'a')");
    CHECK(PyCapsuleRs_GetVouchedPointer(capsule, "a", &vouched) == (void *)7 && vouched == 0);
    Py_DECREF(capsule);
}

static void python_reads_what_c_code_made(void)
{
    PyObject *capsule = PyCapsule_New((void *)0x1234, "c\xff.x", count);
    PyCapsule_SetContext(capsule, (void *)5);
    define("c", capsule);
    CHECK(holds("_capsule.get_pointer(c, b'c\\xff.x') == 0x1234"));
    CHECK(holds("_capsule.get_name(c) == 'c\\udcff.x' and _capsule.get_context(c) == 5"));
    CHECK(holds("_capsule.describe(c).destructor == 'c' and _capsule.describe(c).owner is None"));
    CHECK(holds("_capsule.is_valid(c, b'c\\xff.x') and not _capsule.is_valid(c, None)"));
    CHECK(run("_capsule.set_name(c, 'py'); _capsule.set_context(c, 6)"));
    CHECK(PyCapsule_GetPointer(capsule, "py") == (void *)0x1234);
    CHECK(PyCapsule_GetContext(capsule) == (void *)6);
    CHECK(run("seen = []\n"
              "_capsule.set_destructor(c, lambda c: seen.append(_capsule.get_name(c)))"));
    CHECK(PyCapsule_GetDestructor(capsule) != count && PyCapsule_GetDestructor(capsule) != NULL);
    CHECK(run("del c"));
    Py_DECREF(capsule);
    CHECK(holds("seen == ['py']") && destroyed == 0);
}

static void c_code_changes_what_python_made(void)
{
    static const char name[] = "by C";
    CHECK(run("seen = []; c = _capsule.new(7, 'by Python', seen.append, context=5)"));
    PyObject *capsule = evaluate("c");
    const char *first_name = PyCapsule_GetName(capsule);
    CHECK(strcmp(first_name, "by Python") == 0);
    CHECK(PyCapsule_GetPointer(capsule, "by Python") == (void *)7);
    CHECK(PyCapsule_GetContext(capsule) == (void *)5);
    CHECK(PyCapsule_SetName(capsule, name) == 0 && PyCapsule_GetName(capsule) == name);
    /* A name that Python code has set lives as long as the capsule. */
    CHECK(strcmp(first_name, "by Python") == 0);
    CHECK(PyCapsule_SetPointer(capsule, &thing) == 0 && PyCapsule_SetContext(capsule, NULL) == 0);
    CHECK(PyCapsule_SetDestructor(capsule, count) == 0);
    CHECK(holds("_capsule.get_name(c) == 'by C' and _capsule.describe(c).destructor == 'c'"));
    CHECK(run("del c"));
    Py_DECREF(capsule);
    CHECK(destroyed == 1 && holds("seen == []"));
}

const struct test accessor_tests[] = {
    TEST(null_is_no_capsule),
    TEST(other_objects_are_no_capsules),
    TEST(the_object_is_checked_first),
    TEST(check_exact_accepts_capsules),
    TEST(a_failed_new_runs_no_destructor),
    TEST(every_field_reads_back),
    TEST(bytes_after_the_first_nul_do_not_count),
    TEST(a_name_is_kept_by_address),
    TEST(a_name_may_be_a_megabyte),
    TEST(a_claim_checks_the_name_and_renames),
    TEST(c_code_vouches_for_its_pointers_and_python_does_not),
    TEST(python_reads_what_c_code_made),
    TEST(c_code_changes_what_python_made),
    END_OF_TESTS,
};
