/* A producer and a consumer of an API table in C, called from Rust. */

#include "pycapsule.h"

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
    uint8_t answer;
} MathApi;
PyCapsuleApi_DEFINE(MathApi, "producer.API", 3, 1);

static int64_t twice(int64_t number)
{
    return 2 * number;
}

static const MathApi api = {PyCapsuleApi_HEADER_INIT(MathApi, 6), twice, 41};

/* A new reference to a capsule with the table. */
PyObject *publish(void);
PyObject *publish(void)
{
    return MathApi_Publish(&api);
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
