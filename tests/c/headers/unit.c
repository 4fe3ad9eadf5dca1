/* A translation unit of a program that uses all of pycapsule.h. UNIT is its number. The test
   decides what is included before it, and in which language it is compiled. */

typedef struct {
    PyCapsuleApi_Header header;
    int64_t (*twice)(int64_t number);
} MathApi;
PyCapsuleApi_DEFINE(MathApi, "mathlib._C_API", 1, 2);

#define PASTE_(left, right) left##right
#define PASTE(left, right) PASTE_(left, right)

static int64_t twice(int64_t number)
{
    return 2 * number;
}

static const MathApi api = {PyCapsuleApi_HEADER_INIT(MathApi, 5), twice};

static void destroy(PyObject *capsule)
{
    (void)PyCapsule_GetContext(capsule);
}

#if !defined(Py_PYTHON_H) || defined(RUSTPYTHON_CAPI)
static int traverse(PyObject *self, visitproc visit, void *arg)
{
    PyObject *const owned = (PyObject *)PyCapsule_GetContext(self);
    return owned == NULL ? 0 : visit(owned, arg);
}

static int clear(PyObject *self)
{
    return PyCapsule_SetContext(self, NULL);
}
#endif

int64_t PASTE(use_, UNIT)(void);
int64_t PASTE(use_, UNIT)(void)
{
    PyObject *const made = MathApi_Publish(&api);
    const PyCapsule_Destructor old = PyCapsule_GetDestructor(made);
    if (old != NULL || PyCapsule_SetDestructor(made, destroy) != 0 ||
        PyCapsule_SetName(made, PyCapsule_GetName(made)) != 0 ||
        PyCapsule_SetPointer(made, PyCapsule_GetPointer(made, "mathlib._C_API")) != 0 ||
        !PyCapsule_IsValid(made, "mathlib._C_API") || !PyCapsule_CheckExact(made)) {
        return MathApi_MAJOR + MathApi_MINOR;
    }
#if !defined(Py_PYTHON_H) || defined(RUSTPYTHON_CAPI)
    int vouched = 0;
    if (_PyCapsule_SetTraverse(made, traverse, clear) != 0 ||
        PyCapsuleRs_GetVouchedPointer(made, "mathlib._C_API", &vouched) == NULL ||
        PyCapsuleRs_Claim(made, "mathlib._C_API", "used") == NULL) {
        return vouched;
    }
#endif
    PyObject *capsule;
    const MathApi *const imported = MathApi_Import(&capsule);
    const int64_t answer =
        imported == NULL ? (int64_t)api.header.features : imported->twice(21);
    return PyCapsule_Import("mathlib._C_API", 0) == NULL ? 0 : answer;
}
