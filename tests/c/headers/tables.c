/* A producer of API tables, and consumers that are each built for another version, in one module
   for this interpreter and for CPython. */

#include <Python.h>

#include "pycapsule.h"

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
} OneZero;
PyCapsuleApi_DEFINE(OneZero, "producer.API", 1, 0);

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
    int64_t (*add)(int64_t left, int64_t right);
} OneOne;
PyCapsuleApi_DEFINE(OneOne, "producer.API", 1, 1);

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
    int64_t (*add)(int64_t left, int64_t right); /* since 1.1 */
    int64_t (*negate)(int64_t number);           /* since 1.3 */
} OneThree;
PyCapsuleApi_DEFINE(OneThree, "producer.API", 1, 3);

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*add)(int64_t left, int64_t right);
    int64_t (*twice)(int64_t number);
} TwoZero;
PyCapsuleApi_DEFINE(TwoZero, "producer.API", 2, 0);

typedef struct {
    PyCapsuleApi_Header header;
} Bare;
PyCapsuleApi_DEFINE(Bare, "producer.API", 1, 0);

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
} Deep;
PyCapsuleApi_DEFINE(Deep, "producer.inner.deeper.API", 7, 3);

static int64_t twice(int64_t number)
{
    return 2 * number;
}

static int64_t add(int64_t left, int64_t right)
{
    return left + right;
}

static int64_t negate(int64_t number)
{
    return -number;
}

static const OneZero one_zero = {PyCapsuleApi_HEADER_INIT(OneZero, 5), twice};
static const OneOne one_one = {PyCapsuleApi_HEADER_INIT(OneOne, 0), twice, add};
static const OneThree one_three = {PyCapsuleApi_HEADER_INIT(OneThree, 0), twice, add, negate};
static const OneThree gap = {PyCapsuleApi_HEADER_INIT(OneThree, 0), twice, NULL, negate};

/* Tables whose version and size contradict each other. */
#define FORGED(minor, size) {{'P', 'y', 'C', 'a', 'p', 'A', 'p', 'i'}, 1, minor, size, 0}
static const OneThree too_short = {FORGED(3, sizeof(OneZero)), twice, add, negate};
static const OneThree too_long = {FORGED(0, sizeof(OneThree)), twice, add, negate};

static const TwoZero two_zero = {PyCapsuleApi_HEADER_INIT(TwoZero, 0), add, twice};
static const Bare bare = {PyCapsuleApi_HEADER_INIT(Bare, 0)};
static const Deep deep = {PyCapsuleApi_HEADER_INIT(Deep, 0), twice};

/* As large and as aligned as a table, without a header. */
static const uint64_t no_header[8] = {0x7e57};

/* ---- The producer ---- */

#define PRODUCER(name, capsule)                                                                    \
    static PyObject *name(PyObject *self, PyObject *none)                                          \
    {                                                                                              \
        (void)self;                                                                                \
        (void)none;                                                                                \
        return capsule;                                                                            \
    }

PRODUCER(make_1_0, OneZero_Publish(&one_zero))
PRODUCER(make_1_1, OneOne_Publish(&one_one))
PRODUCER(make_1_3, OneThree_Publish(&one_three))
PRODUCER(make_gap, OneThree_Publish(&gap))
PRODUCER(make_too_short, OneThree_Publish(&too_short))
PRODUCER(make_too_long, OneThree_Publish(&too_long))
PRODUCER(make_2_0, TwoZero_Publish(&two_zero))
PRODUCER(make_bare, Bare_Publish(&bare))
PRODUCER(make_deep, Deep_Publish(&deep))
PRODUCER(make_no_header, PyCapsule_New((void *)no_header, "producer.API", NULL))
PRODUCER(make_not_aligned, PyCapsule_New((char *)no_header + 1, "producer.API", NULL))
PRODUCER(make_other_name, PyCapsule_New((void *)&one_zero, "API", NULL))

/* ---- Consumers. Their results show which functions they have called. ---- */

#define CONSUMER(name, type, answer)                                                               \
    static PyObject *name(PyObject *self, PyObject *none)                                          \
    {                                                                                              \
        (void)self;                                                                                \
        (void)none;                                                                                \
        PyObject *capsule = self;                                                                  \
        const type *const api = type##_Import(&capsule);                                           \
        if (api == NULL) {                                                                         \
            assert(capsule == NULL);                                                               \
            return NULL;                                                                           \
        }                                                                                          \
        PyObject *const number = PyLong_FromLongLong(answer);                                      \
        Py_DECREF(capsule);                                                                        \
        return number;                                                                             \
    }

CONSUMER(use_1_0, OneZero, api->twice(21))
CONSUMER(use_features, OneZero, (long long)api->header.features)
CONSUMER(use_1_1, OneOne, api->add(40, 2))
CONSUMER(use_2_0, TwoZero, api->add(40, api->twice(1)))
CONSUMER(use_bare, Bare, api->header.major)
CONSUMER(use_deep, Deep, api->twice(21))

/* Requires `twice` only, and adds the results of later functions if the table has them. */
static PyObject *use_later(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    PyObject *capsule;
    const OneThree *const api = PyCapsuleApi_Import("producer.API", 1, 0, offsetof(OneThree, add),
                                                    _Alignof(OneThree), &capsule);
    if (api == NULL) {
        return NULL;
    }
    int64_t sum = api->twice(21);
    if (PyCapsuleApi_HAS(OneThree, api, add, 1)) {
        sum += api->add(60, 40);
    }
    if (PyCapsuleApi_HAS(OneThree, api, negate, 3)) {
        sum += api->negate(-1000);
    }
    Py_DECREF(capsule);
    return PyLong_FromLongLong(sum);
}

/* Returns the capsule, so that the table outlives the producer's attribute. */
static PyObject *hold(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    PyObject *capsule;
    return OneZero_Import(&capsule) == NULL ? NULL : capsule;
}

static PyMethodDef methods[] = {
    {"make_1_0", make_1_0, METH_NOARGS, NULL},
    {"make_1_1", make_1_1, METH_NOARGS, NULL},
    {"make_1_3", make_1_3, METH_NOARGS, NULL},
    {"make_gap", make_gap, METH_NOARGS, NULL},
    {"make_too_short", make_too_short, METH_NOARGS, NULL},
    {"make_too_long", make_too_long, METH_NOARGS, NULL},
    {"make_2_0", make_2_0, METH_NOARGS, NULL},
    {"make_bare", make_bare, METH_NOARGS, NULL},
    {"make_deep", make_deep, METH_NOARGS, NULL},
    {"make_no_header", make_no_header, METH_NOARGS, NULL},
    {"make_not_aligned", make_not_aligned, METH_NOARGS, NULL},
    {"make_other_name", make_other_name, METH_NOARGS, NULL},
    {"use_1_0", use_1_0, METH_NOARGS, NULL},
    {"use_features", use_features, METH_NOARGS, NULL},
    {"use_1_1", use_1_1, METH_NOARGS, NULL},
    {"use_2_0", use_2_0, METH_NOARGS, NULL},
    {"use_later", use_later, METH_NOARGS, NULL},
    {"use_bare", use_bare, METH_NOARGS, NULL},
    {"use_deep", use_deep, METH_NOARGS, NULL},
    {"hold", hold, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

#ifdef RUSTPYTHON_CAPI
PyABIInfo_VAR(abi);
static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport_tables(void)
{
    return slots;
}
#else
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "tables", NULL, 0, methods,
                                 NULL,                  NULL,     NULL, NULL};

PyMODINIT_FUNC PyInit_tables(void)
{
    return PyModule_Create(&definition);
}
#endif
