/* An API table of C's, and calls on capsules of Rust's; `it/c_tests.rs` has the tests. */
#include "harness.h"

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
} CTable;
PyCapsuleApi_DEFINE(CTable, "c_table._C_API", 1, 2);

PyObject *c_table(void);
int c_table_again(PyObject *capsule);
int c_changes(PyObject *capsule, const char *name, void *expected);

static int64_t twice(int64_t number)
{
    return 2 * number;
}

static const CTable table = {PyCapsuleApi_HEADER_INIT(CTable, 0), twice};

/* A new capsule. */
PyObject *c_table(void)
{
    return CTable_Publish(&table);
}

/* Puts the table into a capsule that had another pointer meanwhile. */
int c_table_again(PyObject *capsule)
{
    return PyCapsule_SetPointer(capsule, (void *)&table);
}

/* Changes all that can be changed, if the pointer is the expected one. */
int c_changes(PyObject *capsule, const char *name, void *expected)
{
    return PyCapsule_GetPointer(capsule, name) == expected &&
           PyCapsuleRs_Claim(capsule, name, "claimed") == expected &&
           PyCapsule_SetPointer(capsule, &thing) == 0 && PyCapsule_SetName(capsule, "by C") == 0 &&
           PyCapsule_SetContext(capsule, &thing) == 0 &&
           PyCapsule_SetDestructor(capsule, NULL) == 0;
}
