/* Dates and times for C: the table in the capsule `datetime.datetime_CAPI`, and macros and
   functions that use it. All names, arguments and results are those of CPython's datetime.h, so
   that one source can be built for both interpreters. This file is the manual. It can be included
   after Python.h, or alone.

   Import. Each source file that includes this header has its own variable PyDateTimeAPI. Before it
   uses anything else of this header, it must execute PyDateTime_IMPORT, usually in the `exec`
   function of the module:

       PyDateTime_IMPORT;
       if (PyDateTimeAPI == NULL) {
           return -1;
       }

   It imports `datetime`, and raises the exceptions of PyCapsule_Import. All interpreters of the
   process share one table, which is never freed or changed. So PyDateTimeAPI can be a static
   variable, and several threads may execute the import.

   References. A constructor returns a new reference, or NULL with an exception. All other
   references are borrowed: the classes and the UTC object are never freed, and a `tzinfo` lives as
   long as the object that it was read from. No function steals a reference.

   Wrong arguments. For arguments with which CPython would read invalid memory, the functions raise
   TypeError (an object of another class) or SystemError (NULL). Only the `…_CheckExact` macros do
   not accept NULL.

   Threads. Dates and times are immutable, so several threads may read the same object. Each thread
   must be attached to an interpreter. */

#ifndef RUSTPYTHON_DATETIME_H
#define RUSTPYTHON_DATETIME_H

#include "Python.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The table. `type` is the class that the macros below pass, or a subclass of it. As in
   CPython, the `__new__` and `__init__` of a subclass are not called (the FromTimestamp functions
   do call the subclass). `tzinfo` is Py_None or an instance of a subclass of TZInfoType. ---- */

typedef struct {
    PyTypeObject *DateType;
    PyTypeObject *DateTimeType;
    PyTypeObject *TimeType;
    PyTypeObject *DeltaType;
    PyTypeObject *TZInfoType;

    /* `datetime.UTC` */
    PyObject *TimeZone_UTC;

    PyObject *(*Date_FromDate)(int year, int month, int day, PyTypeObject *type);
    PyObject *(*DateTime_FromDateAndTime)(int year, int month, int day, int hour, int minute,
                                          int second, int microsecond, PyObject *tzinfo,
                                          PyTypeObject *type);
    PyObject *(*Time_FromTime)(int hour, int minute, int second, int microsecond, PyObject *tzinfo,
                               PyTypeObject *type);

    /* Always normalizes. If `normalize` is 0, CPython requires 0 <= seconds < 86400 and
       0 <= microseconds < 1000000; for such values the result is the same. */
    PyObject *(*Delta_FromDelta)(int days, int seconds, int microseconds, int normalize,
                                 PyTypeObject *type);

    /* `offset` is a timedelta of less than one day in either direction; `name` is a str or NULL.
       Without a name, a zero offset returns TimeZone_UTC. */
    PyObject *(*TimeZone_FromTimeZone)(PyObject *offset, PyObject *name);

    /* The class methods `fromtimestamp` of DateTimeType and DateType. `args` is a tuple of positional
       arguments; `kwargs` is a dict of keyword arguments or NULL. */
    PyObject *(*DateTime_FromTimestamp)(PyObject *type, PyObject *args, PyObject *kwargs);
    PyObject *(*Date_FromTimestamp)(PyObject *type, PyObject *args);

    /* `fold` is 0 or 1. */
    PyObject *(*DateTime_FromDateAndTimeAndFold)(int year, int month, int day, int hour, int minute,
                                                 int second, int microsecond, PyObject *tzinfo,
                                                 int fold, PyTypeObject *type);
    PyObject *(*Time_FromTimeAndFold)(int hour, int minute, int second, int microsecond,
                                      PyObject *tzinfo, int fold, PyTypeObject *type);
} PyDateTime_CAPI;

#define PyDateTime_CAPSULE_NAME "datetime.datetime_CAPI"

#if defined(__GNUC__)
__attribute__((unused))
#endif
static PyDateTime_CAPI *PyDateTimeAPI = NULL;

#define PyDateTime_IMPORT                                                                          \
    PyDateTimeAPI = (PyDateTime_CAPI *)PyCapsule_Import(PyDateTime_CAPSULE_NAME, 0)

#define PyDateTime_TimeZone_UTC PyDateTimeAPI->TimeZone_UTC

/* ---- Checks. They return 1 or 0 and raise nothing. The macros with Exact are 0 for instances of
   subclasses. A datetime is also a date. ---- */

#define PyDate_Check(object) PyObject_TypeCheck((object), PyDateTimeAPI->DateType)
#define PyDate_CheckExact(object) Py_IS_TYPE((object), PyDateTimeAPI->DateType)
#define PyDateTime_Check(object) PyObject_TypeCheck((object), PyDateTimeAPI->DateTimeType)
#define PyDateTime_CheckExact(object) Py_IS_TYPE((object), PyDateTimeAPI->DateTimeType)
#define PyTime_Check(object) PyObject_TypeCheck((object), PyDateTimeAPI->TimeType)
#define PyTime_CheckExact(object) Py_IS_TYPE((object), PyDateTimeAPI->TimeType)
#define PyDelta_Check(object) PyObject_TypeCheck((object), PyDateTimeAPI->DeltaType)
#define PyDelta_CheckExact(object) Py_IS_TYPE((object), PyDateTimeAPI->DeltaType)
#define PyTZInfo_Check(object) PyObject_TypeCheck((object), PyDateTimeAPI->TZInfoType)
#define PyTZInfo_CheckExact(object) Py_IS_TYPE((object), PyDateTimeAPI->TZInfoType)

/* ---- Constructors. They raise ValueError for values that are not a valid date or time, and
   OverflowError for a timedelta of more than 999999999 days. ---- */

#define PyDate_FromDate(year, month, day)                                                          \
    PyDateTimeAPI->Date_FromDate((year), (month), (day), PyDateTimeAPI->DateType)
#define PyDateTime_FromDateAndTime(year, month, day, hour, minute, second, microsecond)            \
    PyDateTimeAPI->DateTime_FromDateAndTime((year), (month), (day), (hour), (minute), (second),    \
                                            (microsecond), Py_None, PyDateTimeAPI->DateTimeType)
#define PyDateTime_FromDateAndTimeAndFold(year, month, day, hour, minute, second, microsecond,     \
                                          fold)                                                    \
    PyDateTimeAPI->DateTime_FromDateAndTimeAndFold((year), (month), (day), (hour), (minute),       \
                                                   (second), (microsecond), Py_None, (fold),       \
                                                   PyDateTimeAPI->DateTimeType)
#define PyTime_FromTime(hour, minute, second, microsecond)                                         \
    PyDateTimeAPI->Time_FromTime((hour), (minute), (second), (microsecond), Py_None,               \
                                 PyDateTimeAPI->TimeType)
#define PyTime_FromTimeAndFold(hour, minute, second, microsecond, fold)                            \
    PyDateTimeAPI->Time_FromTimeAndFold((hour), (minute), (second), (microsecond), Py_None,        \
                                        (fold), PyDateTimeAPI->TimeType)
#define PyDelta_FromDSU(days, seconds, microseconds)                                               \
    PyDateTimeAPI->Delta_FromDelta((days), (seconds), (microseconds), 1, PyDateTimeAPI->DeltaType)
#define PyTimeZone_FromOffset(offset) PyDateTimeAPI->TimeZone_FromTimeZone((offset), NULL)
#define PyTimeZone_FromOffsetAndName(offset, name)                                                 \
    PyDateTimeAPI->TimeZone_FromTimeZone((offset), (name))

/* `args` is a tuple with a timestamp in seconds; for a datetime it may also contain a `tzinfo`. */
#define PyDateTime_FromTimestamp(args)                                                             \
    PyDateTimeAPI->DateTime_FromTimestamp((PyObject *)PyDateTimeAPI->DateTimeType, (args), NULL)
#define PyDate_FromTimestamp(args)                                                                 \
    PyDateTimeAPI->Date_FromTimestamp((PyObject *)PyDateTimeAPI->DateType, (args))

/* ---- Getters. They are functions, because objects are opaque. For an object of another class they
   raise TypeError and return -1 or NULL. They read the field of the object, even if a subclass
   overrides the attribute. The GET_TZINFO functions return a borrowed reference: the `tzinfo`, or
   Py_None. ---- */

/* For a date or datetime. */
int PyDateTime_GET_YEAR(PyObject *date);
int PyDateTime_GET_MONTH(PyObject *date);
int PyDateTime_GET_DAY(PyObject *date);

/* For a datetime. */
int PyDateTime_DATE_GET_HOUR(PyObject *datetime);
int PyDateTime_DATE_GET_MINUTE(PyObject *datetime);
int PyDateTime_DATE_GET_SECOND(PyObject *datetime);
int PyDateTime_DATE_GET_MICROSECOND(PyObject *datetime);
int PyDateTime_DATE_GET_FOLD(PyObject *datetime);
PyObject *PyDateTime_DATE_GET_TZINFO(PyObject *datetime);

/* For a time. */
int PyDateTime_TIME_GET_HOUR(PyObject *time);
int PyDateTime_TIME_GET_MINUTE(PyObject *time);
int PyDateTime_TIME_GET_SECOND(PyObject *time);
int PyDateTime_TIME_GET_MICROSECOND(PyObject *time);
int PyDateTime_TIME_GET_FOLD(PyObject *time);
PyObject *PyDateTime_TIME_GET_TZINFO(PyObject *time);

/* For a timedelta, with its normalized values. The days may be negative, so -1 can be a valid
   result. */
int PyDateTime_DELTA_GET_DAYS(PyObject *delta);
int PyDateTime_DELTA_GET_SECONDS(PyObject *delta);
int PyDateTime_DELTA_GET_MICROSECONDS(PyObject *delta);

#ifdef __cplusplus
}
#endif

#endif
