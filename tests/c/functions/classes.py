"""The flags of classes, and subclass checks."""

import io
import os
import re
import sys
import types

from calling import *

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
    own += [Mapping, Point, type("Made", (), {}), abc.ABCMeta, collections.UserDict, Null]
    for cls in own:
        yield cls.__name__, cls
    registered = type("Registered", (), {})
    collections.abc.Sequence.register(registered)
    yield "registered as Sequence", registered


for name, cls in [*native_classes(), *own_classes()]:
    row(f"PyType_GetFlags {name}", flags, cls)
calls("PyType_IsSubtype", [bool, int], [int, bool], [Own, Exception], [int, int], [WithMeta, Exception], [Own, WithMeta])
calls("PyObject_TypeCheck", [True, int], [1, bool], [Own(), Exception], [5, object], [Own(), WithMeta])


class Outer:
    class Inner:
        pass

    def method(self, first=1, *, named=2):
        return "method", first, named

    def __getattr__(self, name):
        raise LookupError(name)


class OddModule:
    __module__ = 5


class Sends:
    def __iter__(self):
        return self

    def __next__(self):
        return "next"

    def send(self, value):
        if value == "stop":
            raise StopIteration("value")
        if value == "fail":
            raise LookupError("refused")
        return "sent", value


async def coroutine():
    return "returned"


def function(first, second=2, *rest, named=3):
    return first, second, rest, named


def generator():
    got = yield 1
    yield got
    return "returned"


named = [int, Plain, Outer.Inner, OddModule, ValueError, type, type("Made", (), {})]
calls("PyType_GetFullyQualifiedName", *([cls] for cls in named))
calls("PyType_Modified", [Plain], [Outer], [int])
keyword = [(1,), {"named": 5}], [(1,), {"wrong": 5}], [(1, 2, 3), {}], [(), NULL], [(1,), NULL]
for callee in function, Outer().method:
    calls("PyVectorcall_Call", *([callee, *arguments] for arguments in keyword))
calls("PyVectorcall_NARGS", [0], [5], [-HUGE - 1], [-HUGE - 1 + 5])
calls("PyObject_GenericGetDict", [Plain()], [5], [[]], [Own()])
calls("PyObject_GenericSetDict", [Plain(), {"a": 1}], [Plain(), 5], [Plain(), NULL], [5, {}])
started = generator()
calls("PyIter_Send", *([started, value] for value in (None, "sent", None, None)))
for value in None, 5, "stop", "fail":
    calls("PyIter_Send", [Sends(), value])
calls("PyIter_Send", [coroutine(), None])
calls("PyIter_Send", [generator(), 5], [iter([1]), None], [iter([1]), 5], [iter([]), None], [5, None])
