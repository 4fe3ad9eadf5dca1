"""Calls everything that the module `dates` has, in either interpreter, and prints a line for each call:
dates.py FOLDER. FOLDER has the module. No call here breaks the rules of CPython's datetime.h.
"""

import pickle
import sys

sys.path.insert(0, sys.argv[1])

import datetime

import dates

UTC = datetime.UTC
INT_MAX, INT_MIN = 2**31 - 1, -2**31


class Date(datetime.date):
    def __new__(cls, *arguments):
        raise AssertionError("the constructor of a subclass is called")

    year = property(lambda self: 5)


class DateTime(datetime.datetime):
    def __new__(cls, *arguments, **named):
        raise AssertionError("the constructor of a subclass is called")

    hour = property(lambda self: 77)
    tzinfo = property(lambda self: "mine")

    @classmethod
    def fromtimestamp(cls, *arguments):
        raise AssertionError("the class method of a subclass is called")


class Constructed(datetime.datetime):
    """Its constructor is called by FromTimestamp."""

    def __new__(cls, *arguments, **named):
        print("constructed\t", arguments, named)
        return super().__new__(cls, *arguments, **named)


class ConstructedDate(datetime.date):
    def __new__(cls, *arguments):
        print("constructed\t", arguments)
        return super().__new__(cls, *arguments)


class Time(datetime.time):
    __slots__ = ()


class Delta(datetime.timedelta):
    def __init__(self, *arguments):
        raise AssertionError("the constructor of a subclass is called")


class Zone(datetime.tzinfo):
    """Always two hours."""

    def utcoffset(self, when):
        return datetime.timedelta(hours=2)

    def dst(self, when):
        return datetime.timedelta(0)

    def tzname(self, when):
        return "Zone"

    def __repr__(self):
        return "Zone()"


class BadZone(Zone):
    def fromutc(self, when):
        raise LookupError("mine")


class Number:
    """An object that is not an int."""

    def __repr__(self):
        return "Number()"


ZONE = Zone()
HOUR = datetime.timedelta(hours=1)
NAMED = datetime.timezone(HOUR, "named")


def text_of(call, *arguments):
    try:
        answer = call(*arguments)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return f"{type(answer).__qualname__} {answer!r}"


def row(name, *arguments):
    print(name, repr(arguments), text_of(getattr(dates, name), *arguments), sep="\t")


def rows(name, *all_arguments):
    for arguments in all_arguments:
        row(name, *arguments)


print("layout", dates.layout(), sep="\t")
print("classes", dates.classes(), sep="\t")
own = [datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.tzinfo]
print("classes are the module's", [a is b for a, b in zip(dates.classes(), own)], sep="\t")
print("utc", dates.utc() is datetime.UTC is datetime.timezone.utc, sep="\t")
print("again", dates.import_again(), sep="\t")
print("capsule", type(datetime.datetime_CAPI).__name__, "datetime_CAPI" in datetime.__all__, sep="\t")
import _datetime
print("same", _datetime.datetime_CAPI is datetime.datetime_CAPI, sep="\t")

DATES = [
    (1, 1, 1), (9999, 12, 31), (2024, 2, 29), (2023, 2, 28), (1970, 1, 1),
    (0, 1, 1), (-1, 1, 1), (10000, 1, 1), (INT_MAX, 1, 1), (INT_MIN, 1, 1),
    (2023, 0, 1), (2023, 13, 1), (2023, INT_MIN, 1), (2023, 1, 0), (2023, 1, 32), (2023, 2, 29),
    (2024, 2, 30), (1900, 2, 29), (2000, 2, 29), (2023, 4, 31), (2023, 1, INT_MAX),
]
rows("date", *DATES)

TIMES = [
    (0, 0, 0, 0), (23, 59, 59, 999999), (12, 30, 15, 1), (24, 0, 0, 0), (-1, 0, 0, 0),
    (0, 60, 0, 0), (0, -1, 0, 0), (0, 0, 60, 0), (0, 0, -1, 0), (0, 0, 0, 1000000), (0, 0, 0, -1),
    (INT_MAX, 0, 0, 0), (0, INT_MIN, 0, 0), (0, 0, INT_MAX, 0), (0, 0, 0, INT_MIN),
]
FOLDS = [0, 1, 2, -1, INT_MAX]
rows("time", *TIMES)
for fold in FOLDS:
    rows("time_fold", *((*each, fold) for each in TIMES[:5]))
for day in DATES[:3] + DATES[5:7] + DATES[15:17]:
    rows("datetime", *((*day, *each) for each in TIMES))
    for fold in FOLDS:
        rows("datetime_fold", *((*day, *each, fold) for each in TIMES[:4]))

DELTAS = [
    (0, 0, 0), (1, 2, 3), (-1, 0, 0), (0, -1, 0), (0, 0, -1), (-1, -1, -1), (0, 86400, 0),
    (0, 86399, 1000000), (0, 0, 86400 * 10**4), (0, INT_MAX, 0), (0, INT_MIN, 0),
    (999999999, 86399, 999999), (999999999, 86399, 1000000), (999999999, 86400, 0),
    (-999999999, 0, 0), (-999999999, 0, -1), (-999999999, -1, 0), (1000000000, 0, 0),
    (-1000000000, 0, 0), (1000000000, -86400, 0), (-1000000000, 86400, 0), (INT_MAX, 0, 0),
    (INT_MIN, 0, 0),
]
rows("delta", *DELTAS)
for given in DELTAS:
    rows("Delta_FromDelta", (*given, 1, datetime.timedelta), (*given, 1, Delta), (*given, 5, Delta))
for given in [(0, 0, 0), (1, 2, 3), (-1, 86399, 999999), (1000000000, 0, 0)]:
    rows("Delta_FromDelta", (*given, 0, datetime.timedelta), (*given, 0, Delta))

OFFSETS = [
    (0, 0, 0), (0, 3600, 0), (0, -3600, 0), (0, 1, 1), (0, 86399, 999999), (1, 0, 0), (-1, 0, 0),
    (-1, 0, 1), (0, -1, 0), (2, 0, 0), (999999999, 0, 0), (-999999999, 0, 0),
]
for offset in OFFSETS:
    delta = datetime.timedelta(*offset)
    row("offset", delta)
    rows("offset_and_name", (delta, "name"), (delta, ""), (delta, "n\xe4me \U0001f600"))
print("offset 0 is UTC", dates.offset(datetime.timedelta(0)) is UTC, sep="\t")
row("offset", Delta.__new__(Delta, hours=3))
print("named 0 is UTC", dates.offset_and_name(datetime.timedelta(0), "UTC") is UTC, sep="\t")

for day in DATES[:3] + DATES[5:6]:
    rows("Date_FromDate", (*day, datetime.date), (*day, Date), (*day, ConstructedDate))
    for each in TIMES[:4]:
        for zone in (None, UTC, NAMED, ZONE, HOUR, "UTC", Number(), datetime.tzinfo, int):
            for cls in (datetime.datetime, DateTime, Constructed):
                row("DateTime_FromDateAndTime", *day, *each, zone, cls)
                for fold in FOLDS[:3]:
                    row("DateTime_FromDateAndTimeAndFold", *day, *each, fold, zone, cls)
for each in TIMES:
    for zone in (None, UTC, NAMED, ZONE, HOUR, "UTC"):
        for cls in (datetime.time, Time):
            row("Time_FromTime", *each, zone, cls)
            for fold in FOLDS:
                row("Time_FromTimeAndFold", *each, fold, zone, cls)

STAMPS = [
    0, 1, -1, 1.5, -1.5, 0.0000005, 0.0000015, 1700000000, 1700000000.123456, 253402300799 - 7200,
    253402300800 + 86400, -62135596800 - 86400, 10**18, 10**40, -10**40, 1e40, float("nan"),
    float("inf"), True, 1698541200, 1698537600, 1711846799, 1711846800, None, "1", Number(),
]
for stamp in STAMPS:
    rows("date_from_timestamp", ((stamp,),))
    rows("datetime_from_timestamp", ((stamp,),), ((stamp, None),))
    for zone in (UTC, NAMED, ZONE, BadZone(), "UTC", HOUR):
        row("datetime_from_timestamp", (stamp, zone))
    rows("Date_FromTimestamp", (datetime.date, (stamp,)), (ConstructedDate, (stamp,)))
    row("Date_FromTimestamp", datetime.datetime, (stamp,))
    for cls in (datetime.datetime, Constructed):
        rows("DateTime_FromTimestamp", (cls, (stamp,), None), (cls, (stamp,), {}))
        rows("DateTime_FromTimestamp", (cls, (), {"timestamp": stamp, "tz": ZONE}))
        rows("DateTime_FromTimestamp", (cls, (stamp,), {"tz": UTC}), (cls, (stamp, UTC), {}))
rows("date_from_timestamp", ((),), ((1, 2),), ((1, 2, 3),), ([1],), (5,))
rows("datetime_from_timestamp", ((),), ((1, None, 3),), ([1],), (5,))
rows(
    "DateTime_FromTimestamp",
    (datetime.datetime, (), {}),
    (datetime.datetime, (1,), {"timestamp": 2}),
    (datetime.datetime, (1,), {"zone": UTC}),
    (datetime.datetime, (1,), {5: UTC}),
    (datetime.datetime, (1, UTC), {"tz": UTC}),
)
row("DateTime_FromTimestamp", DateTime, (1,), None)

VALUES = [
    datetime.date(2024, 2, 29), datetime.date.min, datetime.date.max,
    dates.Date_FromDate(2024, 2, 29, Date),
    datetime.datetime(2024, 2, 29, 23, 59, 58, 999999, UTC, fold=1), datetime.datetime.min,
    datetime.datetime.max, datetime.datetime(1, 2, 3, tzinfo=ZONE),
    dates.DateTime_FromDateAndTime(2024, 2, 29, 1, 2, 3, 4, NAMED, DateTime),
    datetime.time(), datetime.time.max, datetime.time(1, 2, 3, 66051, NAMED, fold=1),
    Time(23, tzinfo=ZONE),
    datetime.timedelta(), datetime.timedelta.min, datetime.timedelta.max,
    datetime.timedelta(-1, 5, 7), Delta.__new__(Delta, 1, 2, 3),
    datetime.tzinfo(), UTC, NAMED, ZONE,
    None, 5, "text", datetime.date, object(),
]
GETTERS = {
    "PyDateTime_GET_": datetime.date,
    "PyDateTime_DATE_GET_": datetime.datetime,
    "PyDateTime_TIME_GET_": datetime.time,
    "PyDateTime_DELTA_GET_": datetime.timedelta,
}
for value in VALUES:
    shown = type(value).__name__ if " at 0x" in repr(value) else repr(value)
    print("checks", shown, f"{dates.checks(value):010}", sep="\t")
    for name in vars(dates):
        prefix = name[: name.find("_GET_") + 5]
        if prefix in GETTERS and isinstance(value, GETTERS[prefix]):
            print(name, shown, text_of(getattr(dates, name), value), sep="\t")

# ---- Ownership of references ----


def counted(what, name, *arguments):
    """Prints the changes of a reference count by a call, with its answer alive and after that."""
    call = getattr(dates, name)
    call(*arguments)
    before = sys.getrefcount(what)
    answer = call(*arguments)
    kept = sys.getrefcount(what) - before
    del answer
    print("counts", name, kept, sys.getrefcount(what) - before, sep="\t")


zone = Zone()
moment = datetime.datetime(2024, 1, 1, tzinfo=zone)
hour = datetime.time(1, tzinfo=zone)
counted(zone, "PyDateTime_DATE_GET_TZINFO", moment)
counted(zone, "PyDateTime_TIME_GET_TZINFO", hour)
counted(zone, "DateTime_FromDateAndTime", 1, 1, 1, 1, 1, 1, 1, zone, datetime.datetime)
counted(zone, "Time_FromTime", 1, 1, 1, 1, zone, datetime.time)
counted(moment, "PyDateTime_GET_YEAR", moment)
counted(moment, "checks", moment)
delta = datetime.timedelta(hours=1)
counted(delta, "offset", delta)
name = "name of it"
counted(name, "offset_and_name", delta, name)
arguments = (86400, zone)
counted(arguments, "datetime_from_timestamp", arguments)
counted(zone, "datetime_from_timestamp", arguments)
for name, *arguments in [("date", 1, 1, 1), ("time", 1, 1, 1, 1), ("delta", 1, 1, 1)]:
    made = getattr(dates, name)(*arguments)
    like = pickle.loads(pickle.dumps(made))
    print("new", name, sys.getrefcount(made) - sys.getrefcount(like), made == like, sep="\t")

# ---- An answer behaves like any other date ----

for made in (
    dates.date(2024, 2, 29),
    dates.datetime_fold(2024, 2, 29, 1, 2, 3, 4, 1),
    dates.time_fold(1, 2, 3, 4, 1),
    dates.delta(1, -2, 3),
    dates.offset(HOUR),
    dates.offset_and_name(HOUR, "name"),
):
    again = pickle.loads(pickle.dumps(made))
    print("like others", again == made, hash(again) == hash(made), type(made).__module__, sep="\t")
