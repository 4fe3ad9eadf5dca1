/* An API table in C, and calls on capsules made in Rust, for the tests of `it/c_tests.rs`. */
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

/* A new reference to a capsule with the table. */
PyObject *c_table(void)
{
    return CTable_Publish(&table);
}

/* Sets the table as the pointer of a capsule again. */
int c_table_again(PyObject *capsule)
{
    return PyCapsule_SetPointer(capsule, (void *)&table);
}

/* Changes every field of a capsule. False if the pointer is not `expected` or a call fails. */
int c_changes(PyObject *capsule, const char *name, void *expected)
{
    return PyCapsule_GetPointer(capsule, name) == expected &&
           PyCapsuleRs_Claim(capsule, name, "claimed") == expected &&
           PyCapsule_SetPointer(capsule, &thing) == 0 && PyCapsule_SetName(capsule, "by C") == 0 &&
           PyCapsule_SetContext(capsule, &thing) == 0 &&
           PyCapsule_SetDestructor(capsule, NULL) == 0;
}
