/* Everything that datetime.h offers, as functions of a module for this interpreter and for CPython.
   Each function calls the macro of its name with its arguments. */

#include <Python.h>

#include <datetime.h>

#include <stddef.h>
#include <stdio.h>

enum { MOST = 10 };

/* Converts the first `wanted` arguments to numbers. */
static int numbers_from(PyObject *const *arguments, Py_ssize_t count, int wanted, int *numbers)
{
    if (count < wanted) {
        PyErr_SetString(PyExc_TypeError, "the test gives too few arguments");
        return -1;
    }
    for (int i = 0; i < wanted; i++) {
        const long number = PyLong_AsLong(arguments[i]);
        if (number == -1 && PyErr_Occurred() != NULL) {
            return -1;
        }
        numbers[i] = (int)number;
    }
    return 0;
}

/* An argument, with NULL for None. */
static PyObject *or_null(PyObject *argument)
{
    return Py_IsNone(argument) ? NULL : argument;
}

/* A function of `wanted` numbers `n`. The expression `call` uses them and the other arguments
   `r`. */
#define FUNCTION(name, wanted, call)                                                               \
    static PyObject *name(PyObject *module, PyObject *const *arguments, Py_ssize_t count)          \
    {                                                                                              \
        (void)module;                                                                              \
        int n[MOST] = {0};                                                                         \
        if (numbers_from(arguments, count, wanted, n) < 0) {                                       \
            return NULL;                                                                           \
        }                                                                                          \
        PyObject *const *const r = arguments + wanted;                                             \
        (void)r;                                                                                   \
        return call;                                                                               \
    }

#define TYPE(object) ((PyTypeObject *)or_null(object))

FUNCTION(date, 3, PyDate_FromDate(n[0], n[1], n[2]))
FUNCTION(datetime, 7, PyDateTime_FromDateAndTime(n[0], n[1], n[2], n[3], n[4], n[5], n[6]))
FUNCTION(datetime_fold, 8,
         PyDateTime_FromDateAndTimeAndFold(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]))
FUNCTION(time_, 4, PyTime_FromTime(n[0], n[1], n[2], n[3]))
FUNCTION(time_fold, 5, PyTime_FromTimeAndFold(n[0], n[1], n[2], n[3], n[4]))
FUNCTION(delta, 3, PyDelta_FromDSU(n[0], n[1], n[2]))
FUNCTION(offset, 0, PyTimeZone_FromOffset(or_null(r[0])))
FUNCTION(offset_and_name, 0, PyTimeZone_FromOffsetAndName(or_null(r[0]), r[1]))
FUNCTION(datetime_from_timestamp, 0, PyDateTime_FromTimestamp(or_null(r[0])))
FUNCTION(date_from_timestamp, 0, PyDate_FromTimestamp(or_null(r[0])))
FUNCTION(utc, 0, Py_NewRef(PyDateTime_TimeZone_UTC))

/* For functions of the table, whose tzinfo may be None or NULL: an argument, with NULL for an
   int. */
static PyObject *or_none(PyObject *argument)
{
    return PyLong_Check(argument) ? NULL : argument;
}

FUNCTION(Date_FromDate, 3, PyDateTimeAPI->Date_FromDate(n[0], n[1], n[2], TYPE(r[0])))
FUNCTION(DateTime_FromDateAndTime, 7,
         PyDateTimeAPI->DateTime_FromDateAndTime(n[0], n[1], n[2], n[3], n[4], n[5], n[6],
                                                 or_none(r[0]), TYPE(r[1])))
FUNCTION(DateTime_FromDateAndTimeAndFold, 8,
         PyDateTimeAPI->DateTime_FromDateAndTimeAndFold(n[0], n[1], n[2], n[3], n[4], n[5], n[6],
                                                        or_none(r[0]), n[7], TYPE(r[1])))
FUNCTION(Time_FromTime, 4,
         PyDateTimeAPI->Time_FromTime(n[0], n[1], n[2], n[3], or_none(r[0]), TYPE(r[1])))
FUNCTION(Time_FromTimeAndFold, 5,
         PyDateTimeAPI->Time_FromTimeAndFold(n[0], n[1], n[2], n[3], or_none(r[0]), n[4],
                                             TYPE(r[1])))
FUNCTION(Delta_FromDelta, 4,
         PyDateTimeAPI->Delta_FromDelta(n[0], n[1], n[2], n[3], TYPE(r[0])))
FUNCTION(DateTime_FromTimestamp, 0,
         PyDateTimeAPI->DateTime_FromTimestamp(or_null(r[0]), or_null(r[1]), or_null(r[2])))
FUNCTION(Date_FromTimestamp, 0, PyDateTimeAPI->Date_FromTimestamp(or_null(r[0]), or_null(r[1])))

/* The results of all checks of an object, as the digits of a number. */
static PyObject *checks(PyObject *module, PyObject *object)
{
    (void)module;
    const int answers[] = {
        PyDate_Check(object),     PyDate_CheckExact(object),     PyDateTime_Check(object),
        PyTime_Check(object),     PyDateTime_CheckExact(object), PyTime_CheckExact(object),
        PyDelta_Check(object),    PyDelta_CheckExact(object),    PyTZInfo_Check(object),
        PyTZInfo_CheckExact(object),
    };
    long all = 0;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        all = all * 10 + (answers[i] != 0);
    }
    return PyLong_FromLong(all);
}

#define NUMBER(macro)                                                                              \
    static PyObject *macro##_(PyObject *module, PyObject *object)                                  \
    {                                                                                              \
        (void)module;                                                                              \
        const int answer = macro(or_null(object));                                                 \
        return PyErr_Occurred() != NULL ? NULL : PyLong_FromLong(answer);                          \
    }

NUMBER(PyDateTime_GET_YEAR)
NUMBER(PyDateTime_GET_MONTH)
NUMBER(PyDateTime_GET_DAY)
NUMBER(PyDateTime_DATE_GET_HOUR)
NUMBER(PyDateTime_DATE_GET_MINUTE)
NUMBER(PyDateTime_DATE_GET_SECOND)
NUMBER(PyDateTime_DATE_GET_MICROSECOND)
NUMBER(PyDateTime_DATE_GET_FOLD)
NUMBER(PyDateTime_TIME_GET_HOUR)
NUMBER(PyDateTime_TIME_GET_MINUTE)
NUMBER(PyDateTime_TIME_GET_SECOND)
NUMBER(PyDateTime_TIME_GET_MICROSECOND)
NUMBER(PyDateTime_TIME_GET_FOLD)
NUMBER(PyDateTime_DELTA_GET_DAYS)
NUMBER(PyDateTime_DELTA_GET_SECONDS)
NUMBER(PyDateTime_DELTA_GET_MICROSECONDS)

/* Borrowed references: reads each twice, and uses it after that. */
#define LENT(macro)                                                                                \
    static PyObject *macro##_(PyObject *module, PyObject *object)                                  \
    {                                                                                              \
        (void)module;                                                                              \
        PyObject *const lent = macro(or_null(object));                                             \
        if (lent == NULL) {                                                                        \
            return NULL;                                                                           \
        }                                                                                          \
        if (lent != macro(object)) {                                                               \
            PyErr_SetString(PyExc_AssertionError, "another object");                               \
            return NULL;                                                                           \
        }                                                                                          \
        return Py_NewRef(lent);                                                                    \
    }

LENT(PyDateTime_DATE_GET_TZINFO)
LENT(PyDateTime_TIME_GET_TZINFO)

/* The classes of the table. */
static PyObject *classes(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    PyTypeObject *const all[] = {
        PyDateTimeAPI->DateType,  PyDateTimeAPI->DateTimeType, PyDateTimeAPI->TimeType,
        PyDateTimeAPI->DeltaType, PyDateTimeAPI->TZInfoType,
    };
    PyObject *const list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < sizeof all / sizeof *all; i++) {
        if (PyList_Append(list, (PyObject *)all[i]) < 0) {
            Py_DecRef(list);
            return NULL;
        }
    }
    return list;
}

/* The offsets of the table's fields. */
static PyObject *layout(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    char text[256];
#define AT(field) offsetof(PyDateTime_CAPI, field)
    snprintf(text, sizeof text, "%zu: %zu %zu %zu %zu %zu %zu %zu %zu %zu %zu %zu %zu %zu %zu %zu",
             sizeof(PyDateTime_CAPI), AT(DateType), AT(DateTimeType), AT(TimeType), AT(DeltaType),
             AT(TZInfoType), AT(TimeZone_UTC), AT(Date_FromDate), AT(DateTime_FromDateAndTime),
             AT(Time_FromTime), AT(Delta_FromDelta), AT(TimeZone_FromTimeZone),
             AT(DateTime_FromTimestamp), AT(Date_FromTimestamp),
             AT(DateTime_FromDateAndTimeAndFold), AT(Time_FromTimeAndFold));
    return PyUnicode_FromString(text);
}

/* Whether importing the table again gives the same address. */
static PyObject *import_again(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    const PyDateTime_CAPI *const before = PyDateTimeAPI;
    PyDateTime_CAPI *const now = (PyDateTime_CAPI *)PyCapsule_Import(PyDateTime_CAPSULE_NAME, 0);
    return now == NULL ? NULL : PyBool_FromLong(now == before);
}

#ifdef RUSTPYTHON_CAPI
/* Whether native code vouches for the table. */
static PyObject *vouched(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    PyObject *const capsule = PyCapsuleRs_ImportCapsule(PyDateTime_CAPSULE_NAME);
    int answer;
    if (capsule == NULL ||
        PyCapsuleRs_GetVouchedPointer(capsule, PyDateTime_CAPSULE_NAME, &answer) == NULL) {
        return NULL;
    }
    Py_DecRef(capsule);
    return PyBool_FromLong(answer);
}
#endif

#define FAST(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL}
#define ONE(name) {#name, name##_, METH_O, NULL}

static PyMethodDef methods[] = {
    FAST(date),
    FAST(datetime),
    FAST(datetime_fold),
    {"time", (PyCFunction)(void (*)(void))time_, METH_FASTCALL, NULL},
    FAST(time_fold),
    FAST(delta),
    FAST(offset),
    FAST(offset_and_name),
    FAST(datetime_from_timestamp),
    FAST(date_from_timestamp),
    FAST(utc),
    FAST(Date_FromDate),
    FAST(DateTime_FromDateAndTime),
    FAST(DateTime_FromDateAndTimeAndFold),
    FAST(Time_FromTime),
    FAST(Time_FromTimeAndFold),
    FAST(Delta_FromDelta),
    FAST(DateTime_FromTimestamp),
    FAST(Date_FromTimestamp),
    {"checks", checks, METH_O, NULL},
    ONE(PyDateTime_GET_YEAR),
    ONE(PyDateTime_GET_MONTH),
    ONE(PyDateTime_GET_DAY),
    ONE(PyDateTime_DATE_GET_HOUR),
    ONE(PyDateTime_DATE_GET_MINUTE),
    ONE(PyDateTime_DATE_GET_SECOND),
    ONE(PyDateTime_DATE_GET_MICROSECOND),
    ONE(PyDateTime_DATE_GET_FOLD),
    ONE(PyDateTime_DATE_GET_TZINFO),
    ONE(PyDateTime_TIME_GET_HOUR),
    ONE(PyDateTime_TIME_GET_MINUTE),
    ONE(PyDateTime_TIME_GET_SECOND),
    ONE(PyDateTime_TIME_GET_MICROSECOND),
    ONE(PyDateTime_TIME_GET_FOLD),
    ONE(PyDateTime_TIME_GET_TZINFO),
    ONE(PyDateTime_DELTA_GET_DAYS),
    ONE(PyDateTime_DELTA_GET_SECONDS),
    ONE(PyDateTime_DELTA_GET_MICROSECONDS),
    {"classes", classes, METH_NOARGS, NULL},
    {"layout", layout, METH_NOARGS, NULL},
    {"import_again", import_again, METH_NOARGS, NULL},
#ifdef RUSTPYTHON_CAPI
    {"vouched", vouched, METH_NOARGS, NULL},
#endif
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module)
{
    (void)module;
    PyDateTime_IMPORT;
    return PyDateTimeAPI == NULL ? -1 : 0;
}

#ifdef RUSTPYTHON_CAPI

PyABIInfo_VAR(abi_info);

static PySlot slots[] = {
    PySlot_STATIC_DATA(Py_mod_abi, &abi_info),
    PySlot_STATIC_DATA(Py_mod_methods, methods),
    PySlot_FUNC(Py_mod_exec, execute),
    PySlot_DATA(Py_mod_gil, Py_MOD_GIL_NOT_USED),
    PySlot_END,
};

PyMODEXPORT_FUNC PyModExport_dates(void)
{
    return slots;
}

#else

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)execute},
    {0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "dates",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_dates(void)
{
    return PyModuleDef_Init(&definition);
}

#endif
