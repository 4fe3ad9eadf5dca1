//! `datetime.h` where CPython leaves the behaviour undefined or has none: wrong objects, NULL,
//! several threads and interpreters, and the capsule itself. For valid values, `differential`
//! compares the results with CPython's.

use super::fixture::Suite;
use crate::table::Group;

pub(super) const SUITE: Suite = Suite {
    topic: "dates",
    sources: &["dates.c"],
    prelude: PRELUDE,
    groups: GROUPS,
};

/// `refusals` calls each function with each argument list. It returns the texts of the exceptions,
/// each with the number of calls that raised it.
const PRELUDE: &str = "
import collections, datetime
dates = load('dates')

def refusals(names, *lists):
    return collections.Counter(
        refused(getattr(dates, name), *arguments) for name in names for arguments in lists)

def getters(prefix):
    return [name for name in vars(dates) if name.startswith(prefix)]

VALUES = [
    datetime.date(1, 2, 3), datetime.datetime(1, 2, 3, 4), datetime.time(1), datetime.timedelta(1),
    datetime.UTC, datetime.date, 5, 'text', object(),
]

def values_but(*classes):
    return [(value,) for value in VALUES if not isinstance(value, classes)]

def classes_of(refused):
    return {text.split(':')[0]: 1 for text in refused}, sum(refused.values())
";

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    ("getters-refuse-other-objects", &[
        ("classes_of(refusals(getters('PyDateTime_GET'), *values_but(datetime.date)))", "({'TypeError': 1}, 21)"),
        ("classes_of(refusals(getters('PyDateTime_DATE'), *values_but(datetime.datetime)))", "({'TypeError': 1}, 48)"),
        ("classes_of(refusals(getters('PyDateTime_TIME'), *values_but(datetime.time)))", "({'TypeError': 1}, 48)"),
        ("classes_of(refusals(getters('PyDateTime_DELTA'), *values_but(datetime.timedelta)))", "({'TypeError': 1}, 24)"),
        ("dates.PyDateTime_GET_YEAR(5)", "TypeError: descriptor 'year' for 'date' objects doesn't apply to a 'int' object"),
        ("dates.PyDateTime_DATE_GET_TZINFO(datetime.time())", "TypeError: descriptor 'tzinfo' for 'datetime' objects doesn't apply to a 'time' object"),
    ]),
    ("null-is-an-error", &[
        ("dict(refusals(getters('PyDateTime_'), (None,)))", "{'SystemError: NULL instead of an object': 18}"),
        ("dates.Date_FromDate(1, 1, 1, None)", "SystemError: NULL instead of a class"),
        ("dates.DateTime_FromDateAndTime(*[1] * 7, 0, datetime.datetime)", "SystemError: NULL instead of a tzinfo"),
        ("dates.DateTime_FromDateAndTimeAndFold(*[1] * 8, None, None)", "SystemError: NULL instead of a class"),
        ("dates.Time_FromTime(*[1] * 4, 0, datetime.time)", "SystemError: NULL instead of a tzinfo"),
        ("dates.Time_FromTimeAndFold(*[1] * 5, None, None)", "SystemError: NULL instead of a class"),
        ("dates.Delta_FromDelta(*[1] * 4, None)", "SystemError: NULL instead of a class"),
        ("dates.offset(None)", "SystemError: NULL instead of an offset"),
        ("dates.datetime_from_timestamp(None)", "SystemError: NULL instead of a tuple"),
        ("dates.date_from_timestamp(None)", "SystemError: NULL instead of a tuple"),
        ("dates.DateTime_FromTimestamp(None, (1,), None)", "SystemError: NULL instead of a class"),
        ("dates.Date_FromTimestamp(None, (1,))", "SystemError: NULL instead of a class"),
    ]),
    ("constructors-refuse-other-classes", &[
        ("dates.Date_FromDate(1, 1, 1, int)", "TypeError: int is not a subtype of date"),
        ("dates.Date_FromDate(1, 1, 1, datetime.datetime)", "TypeError: cannot create 'datetime' instance: size differs from base type 'date'"),
        ("dates.DateTime_FromDateAndTime(*[1] * 7, None, datetime.date)", "TypeError: date is not a subtype of datetime"),
        ("dates.Time_FromTime(*[1] * 4, None, datetime.timedelta)", "TypeError: timedelta is not a subtype of time"),
        ("dates.Delta_FromDelta(*[1] * 4, object)", "TypeError: object is not a subtype of timedelta"),
        ("dates.DateTime_FromTimestamp(datetime.date, (1,), None)", "TypeError: descriptor 'fromtimestamp' requires a subtype of 'datetime' but received 'date'"),
        ("refusals(['Date_FromTimestamp'], (5, (1,)), (datetime.time, (1,))).total()", "2"),
        ("refusals(['DateTime_FromTimestamp'], (datetime.datetime, (1,), 5), (datetime.datetime, 5, None))", "Counter({'SystemError: bad argument to internal function': 2})"),
        ("dict(refusals(['offset_and_name'], (datetime.timedelta(1), 5), (5, 'name')))", "{'TypeError: timezone() argument 2 must be str, not int': 1, 'TypeError: timezone() argument 1 must be datetime.timedelta, not int': 1}"),
    ]),
    ("a-timedelta-is-always-normalized", &[
        ("dates.Delta_FromDelta(0, 86400, 1000000, 0, datetime.timedelta)", "datetime.timedelta(days=1, seconds=1)"),
        ("dates.delta(0, 2**31 - 1, 2**31 - 1)", "datetime.timedelta(days=24855, seconds=13794, microseconds=483647)"),
        ("dates.delta(-2**31, -2**31, -2**31)", "OverflowError: Python int too large to convert to C int"),
    ]),
    ("the-capsule-is-an-attribute-as-in-cpython", &[
        ("'datetime_CAPI' in dir(datetime), 'datetime_CAPI' in datetime.__all__", "(True, False)"),
        ("from _datetime import datetime_CAPI as answer\nanswer = answer is datetime.datetime_CAPI, type(answer) is types.CapsuleType", "(True, True)"),
        ("names = {}\nexec('from datetime import *', names)\nanswer = sorted(set(names) & {*dir(datetime)} - {'__builtins__'})", "['MAXYEAR', 'MINYEAR', 'UTC', 'date', 'datetime', 'time', 'timedelta', 'timezone', 'tzinfo']"),
        ("import _capsule\nanswer = _capsule.describe(_capsule.import_capsule('datetime.datetime_CAPI'))\nanswer = answer.name, answer.context, answer.destructor, answer.owner, dates.vouched()", "('datetime.datetime_CAPI', 0, None, None, True)"),
        ("import _capsule\nanswer = refused(_capsule.import_capsule, '_datetime.datetime_CAPI')", "'AttributeError: PyCapsule_Import \"_datetime.datetime_CAPI\" is not valid\\nnote expected the name \"_datetime.datetime_CAPI\", found \"datetime.datetime_CAPI\"'"),
        ("datetime.datetime.__module__, datetime.datetime.__qualname__, datetime.UTC is dates.utc()", "('datetime', 'datetime', True)"),
        ("import subprocess\nask = 'import sys; before = set(sys.modules); print({\"datetime\", \"_datetime\", \"_pydatetime\"} & before)'\nanswer = subprocess.run([sys.executable, '-c', ask], env={**os.environ}, capture_output=True, text=True).stdout", "'set()\\n'"),
    ]),
    ("without-the-capsule-a-module-cannot-be-imported", &[
        ("kept = datetime.datetime_CAPI\ndel datetime.datetime_CAPI\ntry: answer = refused(load, 'in.dates')\nfinally: datetime.datetime_CAPI = kept", "\"AttributeError: module 'datetime' has no attribute 'datetime_CAPI'\""),
        ("kept = [sys.modules.pop(name) for name in ('datetime', '_datetime')]\nsys.modules['_datetime'] = None\ntry:\n answer = refused(load, 'in.dates')\n import datetime\n answer = answer, datetime.datetime is kept[0].datetime, datetime.datetime(1, 1, 1)\nfinally: sys.modules['datetime'], sys.modules['_datetime'] = kept", "(\"AttributeError: module 'datetime' has no attribute 'datetime_CAPI'\", False, datetime.datetime(1, 1, 1, 0, 0))"),
        ("refusals(['PyDateTime_GET_YEAR'], *[[__import__('_pydatetime').date(1, 1, 1)]])", "Counter({\"TypeError: descriptor 'year' for 'date' objects doesn't apply to a 'date' object\": 1})"),
    ]),
    ("all-modules-and-interpreters-share-one-table", &[
        ("other = load('in.dates')\nanswer = other is dates, other.classes() == dates.classes(), other.import_again(), other.date(1, 2, 3) == dates.date(1, 2, 3)", "(False, True, True, True)"),
        ("kept = [sys.modules.pop(name) for name in ('datetime', '_datetime')]\nimport datetime\nanswer = dates.import_again(), datetime is kept[0], datetime.date is kept[0].date, datetime.datetime_CAPI is kept[0].datetime_CAPI\nsys.modules['datetime'], sys.modules['_datetime'] = kept", "(True, False, True, False)"),
        ("import _interpreters\nimported, again = _interpreters.create(), _interpreters.create()\ncode = f'''import sys; sys.path[:0] = [{folder!r}]\nimport dates, datetime\nassert dates.import_again()\nassert dates.classes()[0] is datetime.date\nassert dates.date(1, 2, 3) == datetime.date(1, 2, 3)\nassert dates.offset(datetime.timedelta(0)) is datetime.UTC is dates.utc()\nassert dates.PyDateTime_DATE_GET_TZINFO(datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)) is datetime.UTC\nclass Date(datetime.date): pass\nassert type(dates.Date_FromDate(1, 2, 3, Date)) is Date\ntry: dates.date(0, 0, 0)\nexcept ValueError: pass'''\nanswer = [_interpreters.run_string(one, code) for one in (imported, again)]\n_interpreters.destroy(imported); _interpreters.destroy(again)\nanswer = answer, dates.import_again(), dates.date(4, 5, 6)", "([None, None], True, datetime.date(4, 5, 6))"),
    ]),
    ("threads-can-use-it-at-the-same-time", &[
        ("import threading
wrong = []
def run(number):
    try:
        zone = dates.offset(datetime.timedelta(hours=number))
        for turn in range(300):
            assert dates.import_again()
            made = dates.DateTime_FromDateAndTime(2000 + number, 1, 1 + turn % 28, number, 2, 3, turn, zone, datetime.datetime)
            assert made == datetime.datetime(2000 + number, 1, 1 + turn % 28, number, 2, 3, turn, zone)
            assert dates.PyDateTime_DATE_GET_TZINFO(made) is zone
            assert dates.PyDateTime_DATE_GET_MICROSECOND(made) == turn
            assert dates.PyDateTime_GET_YEAR(shared) == 2024
            assert dates.PyDateTime_DATE_GET_TZINFO(shared) is datetime.UTC
    except BaseException as error:
        wrong.append(error)
shared = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
answer = wrong", "[]"),
    ]),
    ("it-works-during-finalization", &[
        ("import subprocess\nask = f'''import sys; sys.path[:0] = [{folder!r}]
import atexit, builtins, os, datetime, dates
class Last:
    def __init__(self, name): self.name = name
    def __del__(self, date=dates.date, year=dates.PyDateTime_GET_YEAR, write=os.write):
        write(1, f'{{self.name}} {{date(1, 2, 3)}} {{year(date(4, 5, 6))}}\\\\n'.encode())
builtins.kept = Last('builtin')
sys.kept = Last('sys')
builtins.capsule = datetime.datetime_CAPI
atexit.register(lambda: print('atexit', dates.date(7, 8, 9), flush=True))
'''\nran = subprocess.run([sys.executable, '-c', ask], capture_output=True, text=True)\nanswer = ran.returncode, ran.stdout.splitlines(), ran.stderr", "(0, ['atexit 0007-08-09', 'sys 0001-02-03 4', 'builtin 0001-02-03 4'], '')"),
    ]),
];
