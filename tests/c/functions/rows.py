"""Calls functions of the C API with values that are at the edge of what they take, and prints an
answer a line: rows.py FOLDER, where FOLDER has the driver."""

import io
import os
import re
import sys
import types

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.realpath(sys.argv[1]))

import function_driver as driver


class Null:
    def __repr__(self):
        return "NULL"


NULL = Null()
driver.set_null(NULL)


class Plain:
    pass


class Own(ValueError):
    pass


class OwnOfTwo(KeyError, OSError):
    pass


class Refuses(Exception):
    def __init__(self, *arguments):
        raise LookupError("refused")


class MakesAnInt(Exception):
    def __new__(cls, *arguments):
        return 5


class Meta(type):
    def __subclasscheck__(cls, other):
        raise RuntimeError("asked")

    def __instancecheck__(cls, other):
        raise RuntimeError("asked")


class WithMeta(Exception, metaclass=Meta):
    pass


class Sub(tuple):
    pass


class SubList(list):
    pass


def shown(value):
    if isinstance(value, BaseException):
        text = str(value)
        # CPython says where in its source.
        text = re.sub(r"^\S+:\d+: bad argument", "bad argument", text)
        text = re.sub(r" at 0x[0-9a-f]+", "", text)
        more = "" if len(value.args) == 1 else f" {len(value.args)} args"
        for label, other in ("cause", value.__cause__), ("context", value.__context__):
            if other is not None:
                more += f" {{{label} {shown(other)}}}"
        return f"{type(value).__name__}: {text}{more}"
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if type(value) is tuple:
        return "(" + ", ".join(map(shown, value)) + ("," if len(value) == 1 else "") + ")"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def call(name, *arguments, pending=NULL):
    return driver.call(name.encode(), pending, *arguments)


def row(label, function, *arguments):
    try:
        answer = function(*arguments)
    except BaseException as error:
        answer = error.with_traceback(None)
        label += " raises"
    print(label, shown(answer), sep="\t", flush=True)


def calls(name, *rows):
    for arguments in rows:
        label = name + " " + shown(tuple(arguments))
        row(label, lambda: call(name, *arguments))


def counted(function, value):
    """How many references a call leaves behind."""
    before = driver.count_of(value)
    answer = function()
    del answer
    return driver.count_of(value) - before


HUGE = sys.maxsize

# ---- Tuples and lists ----

calls("PyTuple_New", [0], [-1], [-HUGE - 1], [HUGE], [HUGE // 8])
calls("PyList_New", [0], [-1], [-HUGE - 1], [HUGE], [HUGE // 8])
row("empty tuple is one", lambda: call("PyTuple_New", 0)[0] is tuple())
for kind in 0, 1:
    what = ["tuple", "list"][kind]
    a, b, c = "a", "b", "c"
    for size, items in [
        (0, []),
        (0, [(0, a)]),
        (1, [(0, a)]),
        (3, [(0, a), (1, b), (2, c)]),
        (3, [(2, a), (1, b), (0, c)]),
        (3, [(1, a), (2, b), (0, c)]),
        (2, [(0, a), (1, b), (0, c)]),
        (2, [(0, a), (1, b), (2, c), (-1, c), (HUGE, c), (-HUGE - 1, c)]),
    ]:
        row(f"{what} of {size} {items}", driver.fill, kind, size, items, False)
    for size in 0, 1, 5, 1000:
        row(f"{what} of {size} dropped unfilled", driver.dropped, kind, size)
    probe = Plain()
    fill = driver.fill
    row(f"{what} takes over", counted, lambda: fill(kind, 1, [(0, probe)], False), probe)
    row(f"{what} takes over, out of range", counted, lambda: fill(kind, 1, [(1, probe)], False), probe)
    row(f"{what} takes over, negative", counted, lambda: fill(kind, 1, [(-1, probe)], False), probe)
    row(f"{what} replaces", counted, lambda: fill(kind, 1, [(0, probe), (0, 5)], False), probe)
    row(f"{what} takes over, unfilled rest", counted, lambda: fill(kind, 3, [(2, probe)], False) and None, probe)
row("tuple that is shared", driver.fill, 0, 0, [(0, a)], True)
row("list that is shared", driver.fill, 1, 2, [(0, a), (1, b)], True)
row("a shared tuple keeps nothing", counted, lambda: call("PyTuple_SetItem", (1, 2), 0, probe), probe)
row("an int keeps nothing", counted, lambda: call("PyTuple_SetItem", 5, 0, probe), probe)
row("a list keeps nothing", counted, lambda: call("PyTuple_SetItem", [1], 0, probe), probe)
row("a tuple keeps nothing", counted, lambda: call("PyList_SetItem", (1,), 0, probe), probe)
shared = (1, 2)
row("no shared tuple", lambda: [call("PyTuple_SetItem", shared, 0, 7), shared])


class Ends:
    def __init__(self, into):
        self.into = into

    def __del__(self):
        self.into.append("ended")


def ended_at_once():
    events = []
    answers, made = driver.fill(0, 1, [(0, Ends(events)), (0, 5)], False)
    return events, made


row("replaced ends at once", ended_at_once)


def looks_at_its_list():
    made, seen = [0], []

    class Looks:
        def __del__(self):
            seen.append(list(made))
            made.append("more")

    made[0] = Looks()
    call("PyList_SetItem", made, 0, "new")
    return seen, made


row("replaced looks at its list", looks_at_its_list)


def collected():
    import gc
    import weakref

    ends = Plain()
    seen = weakref.ref(ends)
    inner = [ends]
    answers, made = driver.fill(0, 2, [(1, inner), (0, 5)], False)
    inner.append(made)
    del ends, inner, made, answers
    gc.collect()
    return seen() is None


row("cycle through a tuple is collected", collected)
row("hash and use", lambda: {driver.fill(0, 2, [(0, 1), (1, 2)], False)[1]: 5}[1, 2])

NOT_TUPLES = [5], [[1, 2]], ["ab"], [None], [NULL]
calls("PyTuple_Size", [()], [(1, 2)], [Sub((1, 2, 3))], *NOT_TUPLES[:4])
for index in 0, 1, 2, -1, HUGE, -HUGE - 1:
    calls("PyTuple_GetItem", [(7, 8), index], [Sub((7,)), index])
    calls("PyTuple_SetItem", [(7, 8), index, 1])
    calls("PyList_GetItemRef", [[7, 8], index], [SubList((7,)), index])
    calls("PyList_SetItem", [[7, 8], index, 1])
    calls("PyList_Insert", [[7, 8], index, 1])
calls("PyTuple_GetItem", [5, 0], [[1], 0], [None, 0])
calls("PyTuple_SetItem", [5, 0, 1], [[1], 0, 1], [Sub((1,)), 0, 1])
for low, high in (0, 2), (1, 2), (-1, 9), (2, 1), (HUGE, HUGE), (-HUGE - 1, HUGE):
    calls("PyTuple_GetSlice", [(7, 8, 9), low, high], [Sub((7, 8)), low, high])
    calls("PyList_GetSlice", [[7, 8, 9], low, high])
calls("PyTuple_GetSlice", [[1], 0, 1], [5, 0, 1])
calls("PyList_Size", [[]], [[1]], [SubList((1, 2))], [(1,)], [5])
calls("PyList_GetItemRef", [(1,), 0], [5, 0])
calls("PyList_SetItem", [(1,), 0, 1], [5, 0, 1])
calls("PyList_Append", [[1], 2], [(1,), 2], [5, 2], [[1], NULL], [SubList(), 1])
calls("PyList_Insert", [(1,), 0, 2], [5, 0, 2], [[1], 0, NULL])
calls("PyList_Reverse", [[1, 2]], [(1,)], [5], [NULL])
calls("PyList_Sort", [[2, 1]], [(1,)], [5], [NULL], [[1, "a"]])
calls("PyList_AsTuple", [[1, 2]], [(1,)], [5], [NULL])
calls("PyList_GetSlice", [(1,), 0, 1], [5, 0, 1])
calls("PyList_SetSlice", [[1, 2, 3], 0, 2, [7]], [[1, 2, 3], 1, 2, NULL], [[1], 5, 9, (4, 5)], [[1], 0, 1, 5], [(1,), 0, 1, [2]], [5, 0, 1, [2]])

# ---- Classes ----

BITS = {
    5: "SEQUENCE", 6: "MAPPING", 7: "DISALLOW_INSTANTIATION", 8: "IMMUTABLETYPE", 9: "HEAPTYPE",
    10: "BASETYPE", 12: "READY", 13: "READYING", 14: "HAVE_GC", 17: "METHOD_DESCRIPTOR",
    20: "IS_ABSTRACT", 24: "LONG_SUBCLASS", 25: "LIST_SUBCLASS", 26: "TUPLE_SUBCLASS",
    27: "BYTES_SUBCLASS", 28: "UNICODE_SUBCLASS", 29: "DICT_SUBCLASS", 30: "BASE_EXC_SUBCLASS",
    31: "TYPE_SUBCLASS",
}


def flags(cls):
    value, raised = call("PyType_GetFlags", cls)
    assert raised is NULL, raised
    return " ".join(name for bit, name in BITS.items() if value >> bit & 1)


def native_classes():
    import _thread, array, builtins, collections, functools, itertools, operator, weakref

    names = """ArithmeticError BaseException BaseExceptionGroup Exception ExceptionGroup ImportError
        KeyboardInterrupt MemoryError OSError StopIteration SyntaxError SystemExit UnicodeDecodeError
        UserWarning ValueError bool bytearray bytes classmethod complex dict enumerate filter float
        frozenset int list map memoryview object property range set slice staticmethod str
        super tuple type zip""".split()
    for name in names:
        yield name, getattr(builtins, name)
    def function(): yield
    async def coroutine(): pass
    async def generator(): yield
    def closure(): return function
    waiting = coroutine()
    for value in (
        None, ..., NotImplemented, function, function(), len, [].append, "".join, waiting,
        generator(), waiting.__await__(), function.__code__, sys, types, closure.__closure__[0],
        iter([]), iter(()), iter({}), iter({}.values()), iter({}.items()), iter(set()), iter(""),
        iter(b""), iter(bytearray()), iter(range(1)), iter(range(1 << 70)), {}.keys(), {}.values(),
        {}.items(), reversed([]), iter(len, 1), types.MappingProxyType({}), list[int], int | str,
        types.SimpleNamespace(), type.__dict__["__dict__"], int.__add__, (1).__add__, int.real,
        types.FunctionType.__globals__, sys._getframe(), Plain().__init__, weakref.ref(Plain),
        sys.flags, sys.version_info, os.stat_result(range(10)), collections.deque(),
        collections.defaultdict(), collections.OrderedDict(), functools.partial(len), array.array("b"),
        itertools.count(), operator.itemgetter(1), _thread.allocate_lock(), io.BytesIO(),
        io.StringIO(), re.compile(""), re.match("", ""),
    ):
        name = type(value).__name__
        yield {"Union": "UnionType", "str_iterator": "str_ascii_iterator"}.get(name, name), type(value)
    waiting.close()


def own_classes():
    import abc, collections, enum

    class Slots: __slots__ = "a"
    class NoSlots: __slots__ = ()
    class SlotsAndDict(Slots): pass
    class Int(int): pass
    class IntSlots(int): __slots__ = ()
    class Str(str): pass
    class StrSlots(str): __slots__ = ()
    class Bytes(bytes): pass
    class Dict(dict): pass
    class DictSlots(dict): __slots__ = ()
    class Abstract(abc.ABC):
        @abc.abstractmethod
        def f(self): pass
    class Concrete(Abstract):
        def f(self): pass
    class Colour(enum.IntEnum): RED = 1
    class Sequence(collections.abc.Sequence): pass
    class Mapping(collections.abc.Mapping): pass
    Point = collections.namedtuple("Point", "x y")
    own = [Plain, Own, OwnOfTwo, Sub, SubList, Meta, WithMeta, Slots, NoSlots, SlotsAndDict, Int]
    own += [IntSlots, Str, StrSlots, Bytes, Dict, DictSlots, Abstract, Concrete, Colour, Sequence]
    own += [Mapping, Point, type("Made", (), {}), abc.ABCMeta, collections.UserDict, Null, Ends]
    for cls in own:
        yield cls.__name__, cls
    registered = type("Registered", (), {})
    collections.abc.Sequence.register(registered)
    yield "registered as Sequence", registered


for name, cls in [*native_classes(), *own_classes()]:
    row(f"PyType_GetFlags {name}", flags, cls)
calls("PyType_IsSubtype", [bool, int], [int, bool], [Own, Exception], [int, int], [WithMeta, Exception], [Own, WithMeta])
calls("PyObject_TypeCheck", [True, int], [1, bool], [Own(), Exception], [5, object], [Own(), WithMeta])

# ---- Does an exception match ----

GIVEN = [ValueError, ValueError("x"), Own, Own("x"), OwnOfTwo, WithMeta, 5, int, None, NULL]
GIVEN += [Plain, Plain(), (ValueError,), KeyboardInterrupt()]
AGAINST = [ValueError, Exception, BaseException, KeyError, OSError, OwnOfTwo, WithMeta, object, int, 5]
AGAINST += [None, NULL, (), (KeyError, ValueError), (KeyError, (TypeError, (ValueError,))), (5,)]
AGAINST += [(KeyError, 5, ValueError), [ValueError], ValueError("x"), Sub((ValueError,)), Plain]
for given in GIVEN:
    for against in AGAINST:
        calls("PyErr_GivenExceptionMatches", [given, against])
same = Plain()
row("PyErr_GivenExceptionMatches same object", call, "PyErr_GivenExceptionMatches", same, same)
row("PyErr_GivenExceptionMatches same instance", lambda: (lambda e: call("PyErr_GivenExceptionMatches", e, e))(ValueError()))
for pending in NULL, ValueError("x"), Own("x"), WithMeta("x"):
    for against in AGAINST:
        if against is NULL and pending is not NULL:
            continue
        label = f"PyErr_ExceptionMatches {shown(against)} with {shown(pending)}"
        row(label, lambda: call("PyErr_ExceptionMatches", against, pending=pending)[0])

# ---- Raising ----

PENDING = LookupError("before")
for exception in ValueError, Own, Exception, KeyError, Refuses, MakesAnInt, StopIteration, SystemExit, OSError, WithMeta:
    for value in None, NULL, 5, "text", (), (1, 2), (1,), [1], ValueError("mine"), Own("mine"), ValueError(1, 2), KeyError("k"), Sub((1, 2)), ValueError:
        calls("PyErr_SetObject", [exception, value])
for exception in 5, None, int, ValueError("x"), (ValueError,), "text", Plain():
    calls("PyErr_SetObject", [exception, "value"], [exception, None], [exception, ValueError("v")])
    calls("PyErr_SetString", [exception, b"text"])
    calls("PyErr_SetNone", [exception])
for exception in ValueError, KeyError, Own, Refuses, MakesAnInt, SystemExit, OSError, StopIteration:
    calls("PyErr_SetNone", [exception])
    calls("PyErr_SetString", [exception, b"text"], [exception, b""], [exception, "m\xfc\u20ac".encode()], [exception, b"a\xff"])
calls("PyErr_NoMemory", [])
row("PyErr_NoMemory args", lambda: call("PyErr_NoMemory")[1].args)
instance = Own("same")
row("PyErr_SetObject keeps the instance", lambda: call("PyErr_SetObject", ValueError, instance)[1] is instance)


def raised_with_cause():
    error = ValueError("x")
    error.__cause__ = KeyError("cause")
    return call("PyErr_SetObject", ValueError, error)[1]


row("PyErr_SetObject keeps its cause", raised_with_cause)
for name, arguments in ("PyErr_SetObject", [ValueError, "x"]), ("PyErr_SetString", [ValueError, b"x"]), ("PyErr_SetNone", [ValueError]), ("PyErr_NoMemory", []), ("PyErr_Clear", []), ("PyErr_Occurred", []), ("PyErr_GetRaisedException", []), ("PyErr_SetRaisedException", [KeyError("new")]), ("PyErr_SetRaisedException", [NULL]):
    row(f"{name} {shown(tuple(arguments))} with one pending", lambda: call(name, *arguments, pending=PENDING))
    row(f"{name} with one pending, references", counted, lambda: call(name, *arguments, pending=PENDING), PENDING)
calls("PyErr_Clear", [])
calls("PyErr_Occurred", [])
calls("PyErr_GetRaisedException", [])
row("PyErr_SetRaisedException references", counted, lambda: call("PyErr_SetRaisedException", instance), instance)
row("PyErr_SetObject references", counted, lambda: call("PyErr_SetObject", ValueError, instance), instance)
probe = Plain()
row("PyErr_SetObject references of a value", counted, lambda: call("PyErr_SetObject", ValueError, probe), probe)

# ---- Printing ----


def told(name, *arguments, pending=NULL, hook=None, stderr=...):
    """What is written, what the hook gets, what `sys` has then."""
    kept = sys.stderr, sys.excepthook, sys.unraisablehook
    for last in "last_exc", "last_type", "last_value", "last_traceback":
        vars(sys).pop(last, None)
    events = []

    def unraisable(args):
        events.append([args.exc_type, args.exc_value, args.err_msg, args.object])

    sys.stderr = written = io.StringIO() if stderr is ... else stderr
    sys.unraisablehook = unraisable
    if hook is not None:
        sys.excepthook = lambda *args: hook(events, *args)
    try:
        answer = call(name, *arguments, pending=pending)
    finally:
        sys.stderr, sys.excepthook, sys.unraisablehook = kept
    last = [vars(sys).get("last_exc", NULL), vars(sys).get("last_type", NULL), vars(sys).get("last_value", NULL)]
    last.append(type(vars(sys).get("last_traceback", NULL)).__name__)
    text = written.getvalue() if isinstance(written, io.StringIO) else None
    return [answer[1], text, events, last]


def noting(events, kind, value, traceback):
    events.append([kind, value, traceback is None])


def raising(events, kind, value, traceback):
    raise KeyError("in the hook")


for make in lambda: ValueError("x"), lambda: Own(1, 2), lambda: KeyError("k"), lambda: OSError(2, "no"), Exception, lambda: KeyboardInterrupt("i"), lambda: ValueError("two\nlines"), lambda: ValueError("\ud800"):
    name = ascii(shown(make()))
    row(f"PyErr_Print {name}", lambda: ascii(told("PyErr_Print", pending=make())))
    row(f"PyErr_PrintEx 1 {name}", lambda: ascii(told("PyErr_PrintEx", 1, pending=make())))
    row(f"PyErr_PrintEx 0 {name}", lambda: ascii(told("PyErr_PrintEx", 0, pending=make())))
    row(f"PyErr_DisplayException {name}", lambda: ascii(told("PyErr_DisplayException", make())))
    row(f"PyErr_WriteUnraisable {name}", lambda: ascii(told("PyErr_WriteUnraisable", Plain, pending=make())))
    row(f"PyErr_PrintEx with a hook {name}", lambda: ascii(told("PyErr_PrintEx", 1, pending=make(), hook=noting)))
chained = ValueError("outer")
chained.__cause__ = KeyError("inner")
row("PyErr_Print of a chain", lambda: told("PyErr_Print", pending=chained))
row("PyErr_DisplayException of a chain", lambda: told("PyErr_DisplayException", chained))
row("PyErr_DisplayException does not ask the hook", lambda: told("PyErr_DisplayException", ValueError("x"), hook=noting))
raised, text, *rest = told("PyErr_PrintEx", 1, pending=ValueError("x"), hook=raising)
row("PyErr_PrintEx with a hook that raises", lambda: [raised, *(line for line in text.splitlines() if line[:1] != " "), *rest])
row("PyErr_DisplayException without stderr", lambda: told("PyErr_DisplayException", ValueError("x"), stderr=None))
for arguments in ["PyErr_Print"], ["PyErr_PrintEx", 0], ["PyErr_PrintEx", 1], ["PyErr_WriteUnraisable", NULL], ["PyErr_WriteUnraisable", 5]:
    row(f"{shown(arguments)} with nothing pending", lambda: told(*arguments))
row("PyErr_WriteUnraisable without an object", lambda: told("PyErr_WriteUnraisable", NULL, pending=ValueError("x")))


row("PyErr_DisplayException of an int", told, "PyErr_DisplayException", 5)
row("PyErr_DisplayException of a class", told, "PyErr_DisplayException", ValueError)


def without_hook():
    kept = sys.excepthook
    del sys.excepthook
    sys.stderr, stderr = io.StringIO(), sys.stderr
    try:
        return call("PyErr_Print", pending=ValueError("x")), sys.stderr.getvalue()
    finally:
        sys.excepthook, sys.stderr = kept, stderr


row("PyErr_Print without a hook", without_hook)


def exit_code(value, name="PyErr_Print", *arguments):
    """Of a process that prints a SystemExit, and what it wrote; its exit functions run."""
    import atexit

    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write, 2)
        os.dup2(write, 1)
        atexit.register(lambda: os.write(2, b" atexit"))
        call(name, *arguments, pending=value)
        os.write(2, b" returned")
        os._exit(99)
    os.close(write)
    text = b""
    while more := os.read(read, 1000):
        text += more
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


class OwnExit(SystemExit):
    pass


for value in SystemExit(), SystemExit(None), SystemExit(3), SystemExit("bye"), SystemExit(1, 2), OwnExit(4), SystemExit(True), SystemExit(256 + 7), SystemExit(-1):
    row(f"PyErr_Print exits {shown(value)}", exit_code, value)
row("PyErr_PrintEx exits", exit_code, SystemExit(3), "PyErr_PrintEx", 0)


def exits(kind, value, traceback):
    raise SystemExit(9)


sys.excepthook = exits
row("PyErr_Print with a hook that exits", exit_code, ValueError("x"))
sys.excepthook = sys.__excepthook__

# ---- Exceptions and their classes ----

CLASSES = [ValueError, Own, int, 5, NULL, ValueError("x"), Plain, type, WithMeta, (ValueError,)]
calls("PyExceptionClass_Check", *([cls] for cls in CLASSES if cls is not NULL))
calls("PyExceptionInstance_Check", *([cls] for cls in CLASSES if cls is not NULL))


def made(name, base, dict_, *doc):
    cls, raised = call("PyErr_NewExceptionWithDoc" if doc else "PyErr_NewException", name, *doc, base, dict_)
    if cls is NULL:
        return cls, raised
    return cls.__module__, cls.__name__, cls.__qualname__, cls.__bases__, cls.__doc__, vars(cls).get("x", NULL), raised


for name in b"m.E", b"a.b.E", b".E", b"m.", b"E", b"", b"m.\xff":
    row(f"PyErr_NewException {name}", made, name, NULL, NULL)
for base in ValueError, (ValueError,), (KeyError, OSError), (), 5, int, (5,), (int,), bool, None:
    row(f"PyErr_NewException of {shown(base)}", made, b"m.E", base, NULL)
for dict_ in {}, {"x": 5}, {"__module__": "other"}, {"__doc__": "doc"}:
    row(f"PyErr_NewException with {dict_}", made, b"m.E", NULL, dict_)
for doc in NULL, b"", b"text":
    for dict_ in NULL, {"x": 5}, {"__doc__": "own"}:
        row(f"PyErr_NewExceptionWithDoc {doc} {dict_}", made, b"m.E", NULL, dict_, doc)
changed = {"x": 5}
row("PyErr_NewException in a dict", lambda: (call("PyErr_NewException", b"m.E", NULL, changed), changed))


def after(name, *arguments):
    error = ValueError("x")
    error.__cause__, error.__context__ = KeyError("cause"), KeyError("context")
    answer = call(name, error, *arguments)
    return answer, error.__cause__, error.__context__, error.__suppress_context__, error.__traceback__ is None


for value in KeyError("new"), NULL, None:
    row(f"PyException_SetCause {shown(value)}", after, "PyException_SetCause", value)
    if value is not None:
        row(f"PyException_SetContext {shown(value)}", after, "PyException_SetContext", value)
for name in "PyException_GetCause", "PyException_GetContext", "PyException_GetTraceback":
    row(name, after, name)
    calls(name, [ValueError()])
try:
    1 / 0
except ZeroDivisionError as error:
    trace = error.__traceback__
for value in trace, None, 5, NULL:
    row(f"PyException_SetTraceback {shown(type(value))}", after, "PyException_SetTraceback", value)
for name in "PyException_SetCause", "PyException_SetContext":
    value = KeyError("counted")
    row(f"{name} references", lambda: counted(lambda: after(name, value) and None, value))

# ---- Modules and import ----


class OwnModule(types.ModuleType):
    def __setattr__(self, name, value):
        raise RuntimeError("asked")


def added(function, module, *arguments, pending=NULL):
    answer = call(function, module, *arguments, pending=pending)
    return answer, {key: value for key, value in getattr(module, "__dict__", {}).items() if key in ("x", "", "m\xfc")}


ADDING = ("PyModule_AddObjectRef", 5), ("PyModule_Add", 5), ("PyModule_AddIntConstant", 5), ("PyModule_AddStringConstant", b"text")
for function, value in ADDING:
    for module in types.ModuleType("m"), OwnModule("m"), 5, None, Plain(), Plain, types.SimpleNamespace():
        row(f"{function} to {shown(type(module))}", added, function, module, b"x", value)
    for name in b"", "m\xfc".encode(), b"\xff":
        row(f"{function} {name}", added, function, types.ModuleType("m"), name, value)
for function in "PyModule_AddObjectRef", "PyModule_Add":
    row(f"{function} NULL", added, function, types.ModuleType("m"), b"x", NULL)
    row(f"{function} NULL with one pending", lambda: added(function, types.ModuleType("m"), b"x", NULL, pending=PENDING))
    row(f"{function} NULL to an int", added, function, 5, b"x", NULL)
    for module in types.ModuleType("m"), 5:
        probe = Plain()
        row(f"{function} to {shown(module)} references", counted, lambda: call(function, module, b"x", probe), probe)
calls("PyModule_AddIntConstant", [types.ModuleType("m"), b"x", HUGE], [types.ModuleType("m"), b"x", -HUGE - 1])
row("PyModule_AddIntConstant", added, "PyModule_AddIntConstant", types.ModuleType("m"), b"x", -HUGE - 1)
calls("PyModule_AddStringConstant", [types.ModuleType("m"), b"x", b"\xff"])
row("PyModule_AddStringConstant", added, "PyModule_AddStringConstant", types.ModuleType("m"), b"x", b"")


nameless = types.ModuleType("m")
del nameless.__name__
calls("PyModule_GetNameObject", [OwnModule("own")], [nameless])


def imported(name, *arguments):
    answer, raised = call(name, *arguments)
    if not isinstance(answer, types.ModuleType):
        return answer, raised
    return answer.__name__, answer is sys.modules[answer.__name__], raised


sys.modules["not_a_module"] = 5
sys.modules["halted"] = None
for name in "os", "os.path", "collections.abc", "nosuch", "os.nosuch", "nosuch.a", "", ".", "a.", ".a", "..", "os..path", "not_a_module", "halted", "m\xfc", "importlib.util", "xml.dom.minidom":
    row(f"PyImport_ImportModule {name}", imported, "PyImport_ImportModule", name.encode())
    row(f"PyImport_Import {name}", imported, "PyImport_Import", name)
row("PyImport_ImportModule not UTF-8", imported, "PyImport_ImportModule", b"\xff")
for name in 5, None, b"os":
    row(f"PyImport_Import {name}", imported, "PyImport_Import", name)


def with_hook(function, name):
    import builtins

    kept, seen = builtins.__import__, []

    def hook(name, globals=None, locals=None, fromlist=(), level=0):
        seen.append((name, bool(fromlist), level))
        return kept(name, globals, locals, fromlist, level)

    builtins.__import__ = hook
    try:
        return imported(function, name), seen
    finally:
        builtins.__import__ = kept


row("PyImport_ImportModule asks the hook", with_hook, "PyImport_ImportModule", b"os.path")
row("PyImport_Import asks the hook", with_hook, "PyImport_Import", "os.path")

# ---- Calls ----


class Raises:
    def __call__(self, value):
        raise KeyError("called")


def takes_two(a, b): pass


calls("PyObject_CallOneArg", [len, "abc"], [int, "7"], [5, 1], [Plain(), 1], [Plain, 1], [Raises(), 1], [int, "x"])
calls("PyObject_CallNoArgs", [dict], [5], [Plain()])
row("PyObject_CallOneArg of two", call, "PyObject_CallOneArg", takes_two, 1)
probe = Plain()
row("PyObject_CallOneArg references", counted, lambda: call("PyObject_CallOneArg", id, probe), probe)
row("PyObject_CallOneArg returned references", counted, lambda: call("PyObject_CallOneArg", lambda x: x, probe), probe)
