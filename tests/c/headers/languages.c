/* A producer and a consumer of an API table in C, called from Rust. */

#include "pycapsule.h"

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
    uint8_t answer;
} MathApi;
PyCapsuleApi_DEFINE(MathApi, "producer.API", 3, 1);

/* The next minor version of the table. */
typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
    uint8_t answer;
    int64_t (*halve)(int64_t number);
} NextApi;
PyCapsuleApi_DEFINE(NextApi, "producer.API", 3, 2);

static int64_t twice(int64_t number)
{
    return 2 * number;
}

static const MathApi api = {PyCapsuleApi_HEADER_INIT(MathApi, 6), twice, 41};

static int64_t halve(int64_t number)
{
    return number / 2;
}

static const NextApi next = {PyCapsuleApi_HEADER_INIT(NextApi, 7), twice, 41, halve};

/* A new reference to a capsule with the table. */
PyObject *publish(void);
PyObject *publish(void)
{
    return MathApi_Publish(&api);
}

/* A new reference to a capsule with the next version. */
PyObject *publish_next(void);
PyObject *publish_next(void)
{
    return NextApi_Publish(&next);
}

/* Calls a function of the imported table; 0 if the import fails. */
int64_t consume(void);
int64_t consume(void)
{
    PyObject *capsule;
    const MathApi *const imported = MathApi_Import(&capsule);
    if (imported == NULL) {
        return 0;
    }
    const int64_t answer = imported->twice(imported->answer);
    Py_DecRef(capsule);
    return answer;
}

/* Calls `halve` of the imported table; -1 if the table has an older version. */
int64_t consume_next(void);
int64_t consume_next(void)
{
    PyObject *capsule;
    const NextApi *const imported = PyCapsuleApi_Import(
        "producer.API", 3, 1, offsetof(NextApi, halve), _Alignof(NextApi), &capsule);
    if (imported == NULL) {
        return 0;
    }
    int64_t answer = -1;
    if (PyCapsuleApi_HAS(NextApi, imported, halve, 2)) {
        answer = imported->halve(imported->twice(imported->answer));
    }
    Py_DecRef(capsule);
    return answer;
}
