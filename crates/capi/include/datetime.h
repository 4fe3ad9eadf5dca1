/* Dates and times for C: the table that the capsule `datetime.datetime_CAPI` has, and macros and
   functions over it. Everything has the name, the arguments and the answer that it has in CPython's
   datetime.h, so that one source is built for both. This file is its manual. It is included after
   Python.h, or alone.

   First comes PyDateTime_IMPORT, once in each file that includes this one, which has a variable
   PyDateTimeAPI of its own; mostly in the module's `exec`:

       PyDateTime_IMPORT;
       if (PyDateTimeAPI == NULL) {
           return -1;
       }

   It imports `datetime`, and raises what PyCapsule_Import raises. Until it has succeeded, nothing
   else here may be used. The table is one for the process, for all its interpreters, and is never
   freed or changed: PyDateTimeAPI may stay a static variable, and several threads may import it.

   References. A constructor gives a new reference, or NULL with an exception. Everything else lends:
   the classes and the UTC object live for ever, a `tzinfo` as long as what it was read from. What a
   function takes stays the caller's.

   Wrong arguments. Where CPython reads memory that is not there, this is an exception: TypeError
   for an object of another class, SystemError for NULL. Only the `…_CheckExact` macros need
   an object.

   Threads. Dates and times never change, so any number of threads may read one. Each needs to be
   attached to an interpreter. */

#ifndef RUSTPYTHON_DATETIME_H
#define RUSTPYTHON_DATETIME_H

#include "Python.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The table. `type` is the class that the macros below give, or a subclass of it; as in
   CPython, the `__new__` and `__init__` of a subclass are not called (FromTimestamp calls the
   subclass). `tzinfo` is Py_None or an instance of a subclass of TZInfoType. ---- */

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

    /* Always normalises. With `normalize` 0, CPython trusts the caller that 0 <= seconds < 86400 and
       0 <= microseconds < 1000000; for such values the result is the same. */
    PyObject *(*Delta_FromDelta)(int days, int seconds, int microseconds, int normalize,
                                 PyTypeObject *type);

    /* `offset` is a timedelta between a day backwards and a day forwards, `name` a str or NULL.
       Without a name, a zero offset gives TimeZone_UTC. */
    PyObject *(*TimeZone_FromTimeZone)(PyObject *offset, PyObject *name);

    /* The class methods `fromtimestamp` of DateTimeType and DateType, with a tuple of arguments and
       a dict or NULL. */
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

/* ---- Checks: 1 or 0, and nothing is raised. Those with Exact take no subclasses. A datetime is a
   date too. ---- */

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

/* ---- Constructors: ValueError for values that are not a valid date or time, OverflowError for a timedelta of more
   than 999999999 days. ---- */

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

/* A tuple with a timestamp, and for a datetime also with a `tzinfo`. */
#define PyDateTime_FromTimestamp(args)                                                             \
    PyDateTimeAPI->DateTime_FromTimestamp((PyObject *)PyDateTimeAPI->DateTimeType, (args), NULL)
#define PyDate_FromTimestamp(args)                                                                 \
    PyDateTimeAPI->Date_FromTimestamp((PyObject *)PyDateTimeAPI->DateType, (args))

/* ---- Getters. They are functions here, since objects are opaque: -1 or NULL, and a TypeError, for
   an object of another class. What they read is the object's own, whatever a subclass makes of the
   attribute. GET_TZINFO lends: Py_None, or what the object holds. ---- */

/* of a date or datetime */
int PyDateTime_GET_YEAR(PyObject *date);
int PyDateTime_GET_MONTH(PyObject *date);
int PyDateTime_GET_DAY(PyObject *date);

/* of a datetime */
int PyDateTime_DATE_GET_HOUR(PyObject *datetime);
int PyDateTime_DATE_GET_MINUTE(PyObject *datetime);
int PyDateTime_DATE_GET_SECOND(PyObject *datetime);
int PyDateTime_DATE_GET_MICROSECOND(PyObject *datetime);
int PyDateTime_DATE_GET_FOLD(PyObject *datetime);
PyObject *PyDateTime_DATE_GET_TZINFO(PyObject *datetime);

/* of a time */
int PyDateTime_TIME_GET_HOUR(PyObject *time);
int PyDateTime_TIME_GET_MINUTE(PyObject *time);
int PyDateTime_TIME_GET_SECOND(PyObject *time);
int PyDateTime_TIME_GET_MICROSECOND(PyObject *time);
int PyDateTime_TIME_GET_FOLD(PyObject *time);
PyObject *PyDateTime_TIME_GET_TZINFO(PyObject *time);

/* of a timedelta, as it is normalised; days may be negative, so -1 is an answer too */
int PyDateTime_DELTA_GET_DAYS(PyObject *delta);
int PyDateTime_DELTA_GET_SECONDS(PyObject *delta);
int PyDateTime_DELTA_GET_MICROSECONDS(PyObject *delta);

#ifdef __cplusplus
}
#endif

#endif
