"""Functions that work on objects of any class, and those of the classes that every module uses. Where
Python code can do the same, a row says only whether the answer is the same: interpreters may word errors
differently."""

import io
import operator
import os
import re
import sys
import types
import warnings

from calling import *


class Full:
    """Has every method, and each says that it was called."""

    def __init__(self):
        self.there = 1

    def __len__(self):
        return 3

    def __getitem__(self, key):
        return "item", key

    def __setitem__(self, key, value):
        self.last = key, value

    def __delitem__(self, key):
        self.last = key

    def __contains__(self, value):
        return value == 1

    def __iter__(self):
        return iter("ab")

    def __index__(self):
        return 7

    def __int__(self):
        return 8

    def __float__(self):
        return 2.5

    def __hash__(self):
        return 9

    def __bool__(self):
        return False

    def __repr__(self):
        return "<Full>"

    def __call__(self, *arguments, **keywords):
        return arguments, keywords

    def __fspath__(self):
        return "path"

    def keys(self):
        return iter(["k"])

    def __getattr__(self, name):
        if name == "lazy":
            return "made"
        if name == "broken":
            raise LookupError(name)
        raise AttributeError(name)


class Wrong:
    """Has methods that return objects of wrong classes."""

    def __len__(self):
        return "three"

    def __iter__(self):
        return 5

    def __index__(self):
        return "7"

    def __int__(self):
        return "8"

    def __float__(self):
        return "2"

    def __hash__(self):
        return "9"

    def __bool__(self):
        return 2

    def __repr__(self):
        return 5

    def __str__(self):
        return 6

    def __fspath__(self):
        return 5

    def keys(self):
        return 5


class Fails:
    """Has methods that raise."""

    armed = False

    def fail(self, *arguments):
        raise LookupError("failed")

    __len__ = __iter__ = __index__ = __int__ = __float__ = __hash__ = __bool__ = __str__ = __fspath__ = fail
    __getitem__ = __setitem__ = __delitem__ = __contains__ = __eq__ = __lt__ = __add__ = __radd__ = __call__ = keys = fail

    def __repr__(self):
        return "<Fails>"


class Negative:
    def __len__(self):
        return -1

    def __index__(self):
        return -1

    def __repr__(self):
        return "<Negative>"


class Huge(Negative):
    def __len__(self):
        return 1 << 70

    def __index__(self):
        return 1 << 70

    def __repr__(self):
        return "<Huge>"


class ReturnsBool:
    def __index__(self):
        return True

    __int__ = __index__

    def __float__(self):
        return SubFloat(1.5)

    def __repr__(self):
        return "<ReturnsBool>"


class NoHash:
    __hash__ = None

    def __repr__(self):
        return "<NoHash>"


class NoIter:
    __iter__ = None
    __contains__ = None

    def __repr__(self):
        return "<NoIter>"


class Old:
    """A sequence without `__iter__`."""

    def __getitem__(self, index):
        if index > 2:
            raise IndexError(index)
        return index * 10

    def __repr__(self):
        return "<Old>"


class SubInt(int):
    pass


class SubFloat(float):
    pass


class SubDict(dict):
    def __missing__(self, key):
        return "missing", key


class OwnDict(dict):
    def __getitem__(self, key):
        return "own", key

    def __setitem__(self, key, value):
        raise LookupError("own")

    def __len__(self):
        return 99

    def __iter__(self):
        return iter("own")


class OwnList(list):
    def __getitem__(self, key):
        return "own", key

    def __len__(self):
        return 99

    def __iter__(self):
        return iter("own")


class OwnTuple(tuple):
    def __getitem__(self, key):
        return "own", key

    def __len__(self):
        return 99


class OwnSet(set):
    def add(self, value):
        raise LookupError("own")

    def __contains__(self, value):
        raise LookupError("own")


class Checks(type):
    def __instancecheck__(cls, other):
        return other == 5

    def __subclasscheck__(cls, other):
        return other is int

    def __hash__(cls):
        return 5

    def __eq__(cls, other):
        return cls is other


class Checked(metaclass=Checks):
    pass


class ChecksWrong(type):
    def __instancecheck__(cls, other):
        raise LookupError("instance")

    def __subclasscheck__(cls, other):
        raise LookupError("subclass")


class CheckedWrong(metaclass=ChecksWrong):
    pass


class Bases:
    __bases__ = (int,)
    __class__ = int

    def __repr__(self):
        return "<Bases>"


def objects():
    """New objects of every kind."""
    return [
        5, -7, 0, True, 1 << 31, 1 << 62, 1 << 63, (1 << 64) - 1, 1 << 64, -(1 << 63), -(1 << 63) - 1, 1 << 70, 1.5, float("nan"), float("inf"),
        -2.5, 2 + 3j, "text", "", "\udc80", b"bytes", b"", bytearray(b"ba"), (1, 2), (), [1, 2], [], {1: 2}, {}, {1, 2}, frozenset([1]), None,
        ..., NotImplemented, range(3), slice(1, 5, 2), Plain(), Full(), Wrong(), Fails(), Negative(), Huge(), ReturnsBool(), NoHash(), NoIter(), Old(),
        SubInt(5), SubFloat(2.5), Sub((1, 2)), SubList([1, 2]), SubDict(a=1), OwnDict(a=1), OwnList([1]), OwnTuple((1,)), OwnSet([1]), Checked,
        CheckedWrong, Bases(), Plain, int, type, len, print, takes, (lambda: 0), Full().keys, types.SimpleNamespace(a=1), sys, ValueError("x"),
        ValueError, iter([1]), iter({1: 2}), memoryview(b"mv"), io.BytesIO(), types.MappingProxyType({"m": 1}), enumerate([]), "text".upper,
    ]


def takes(*arguments, **keywords):
    return arguments, keywords


def seen(value):
    """What a row shows of an answer."""
    text = shown(value)
    return f"{type(value).__name__} {text}"


def compared(name, arguments, python):
    try:
        answer = driver.call(name.encode(), NULL, *arguments())
    except BaseException as error:
        return "the driver", error
    value, raised = answer
    try:
        same = seen(python(*arguments())), "NoneType None"
    except BaseException as error:
        same = None, f"{type(error).__name__} {type(error).__name__}: {error}"
    if raised is NULL:
        return "as in Python" if (seen(value), "NoneType None") == same else answer
    text = re.sub(r"^(\w+) [^:]*: ", r"\1 ", seen(raised))
    expected = re.sub(r"^(\w+) [^:]*: ", r"\1 ", same[1] or "")
    return "as in Python" if text == expected else answer


def safely(value):
    try:
        return shown(value)
    except BaseException:
        return f"<{type(value).__name__}>"


def each(name, python, *more):
    """A row for every object, with these arguments after it."""
    for index, value in enumerate(objects()):
        if name.startswith("PySequence_") and (isinstance(value, types.MappingProxyType) or (more and type(more[0]) is list)):
            continue  # Hashing and this class differ in the interpreters themselves.
        label = f"{name} {safely(value)}" + "".join(" " + safely(other) for other in more)
        if name != "PyNumber_Long" or type(value) is not memoryview:  # Its address is in the text.
            row(label, compared, name, lambda: (objects()[index], *more), python)


def status(function):
    """A function whose C counterpart returns 0."""

    def call(*arguments):
        function(*arguments)
        return 0

    return call


NUMBERS = {
    "PyNumber_And": operator.and_, "PyNumber_Or": operator.or_, "PyNumber_Add": operator.add, "PyNumber_Subtract": operator.sub,
    "PyNumber_FloorDivide": operator.floordiv, "PyNumber_TrueDivide": operator.truediv, "PyNumber_Remainder": operator.mod,
    "PyNumber_Multiply": operator.mul, "PyNumber_Power": operator.pow, "PyNumber_InPlaceAdd": operator.iadd, "PyNumber_Lshift": operator.lshift,
}
for name, python in NUMBERS.items():
    for other in 5, -2, 0, 2.5, "x", [1], (1,), {3}, None, Full(), Fails(), SubInt(2), True:
        # A product of a sequence and a large number needs too much memory.
        if name != "PyNumber_Multiply" or not isinstance(other, (str, list, tuple)):
            each(name, python, other)
calls("PyNumber_Multiply", [[1], 2], [2, [1]], ["ab", -1], [(1,), True], ["ab", 1.5], [[1], [1]], ["a", HUGE + 1], [b"a", Full()])
UNARY = {
    "PyNumber_Index": operator.index, "PyNumber_Long": int, "PyNumber_Float": float, "PyNumber_Negative": operator.neg, "PyNumber_Invert": operator.inv,
    "PyNumber_Absolute": abs, "PyObject_GetIter": iter, "PyObject_Hash": hash, "PyObject_Repr": repr, "PyObject_Str": str, "PyObject_Size": len,
    "PySequence_Size": len, "PySequence_List": list, "PySequence_Tuple": tuple, "PyFrozenSet_New": frozenset, "PySet_New": set, "PyOS_FSPath": os.fspath,
    "PyMemoryView_FromObject": memoryview, "PyObject_IsTrue": lambda value: int(bool(value)), "PyCallable_Check": lambda value: int(callable(value)),
    "PySlice_Check": lambda value: int(type(value) is slice), "PyRange_Check": lambda value: int(type(value) is range),
    "PyAnySet_Check": lambda value: int(isinstance(value, (set, frozenset))), "PySet_CheckExact": lambda value: int(type(value) is set),
    "PyByteArray_CheckExact": lambda value: int(type(value) is bytearray),
}
for name, python in UNARY.items():
    if name != "PyObject_Hash":
        each(name, python)
for value in objects():
    row(f"PyObject_Hash {safely(value)}", compared, "PyObject_Hash", lambda: (value,), hash)


def hashable(value):
    try:
        hash(value)
    except Exception:
        return False
    return True


for name in (
    "PyLong_AsLong", "PyLong_AsSsize_t", "PyLong_AsLongLong", "PyLong_AsUnsignedLong", "PyLong_AsUnsignedLongLong", "PyFloat_AsDouble", "PySequence_Check",
    "PyMapping_Check", "PyDict_Size", "PySet_Size", "PyBytes_Size", "PyByteArray_Size", "PyUnicode_GetLength", "PySlice_Unpack", "PyMapping_Keys",
    "PyUnicode_AsUTF8String", "PyUnicode_EncodeFSDefault", "PyDict_Copy", "PyDict_Keys", "PySet_Add to a frozenset", "PyIter_Check", "PyModule_GetDict",
):
    for index, value in enumerate(objects()):
        if value is sys and name == "PyModule_GetDict":
            continue
        if name == "PySet_Add to a frozenset" and not hashable(value):
            continue  # The interpreters word this differently.
        if name == "PySlice_Unpack" and type(value) is not slice:
            continue  # CPython does not check.
        if name == "PyByteArray_Size" and type(value) is not bytearray:
            continue  # CPython does not check.
        if name == "PyDict_Copy" and type(value) is OwnDict:
            continue
        row(f"{name} {safely(value)}", lambda: driver.call(name.encode(), NULL, objects()[index]))
for name in "PyObject_Str", "PyObject_Repr", "PyLong_AsLong", "PyLong_AsSsize_t", "PyLong_AsUnsignedLongLong", "PySequence_Size", "PyMapping_Keys", "PyNumber_Float":
    calls(name, [NULL])
for name in "PySequence_GetItem", "PySequence_GetSlice":
    calls(name, [NULL, 0][: 2 if name == "PySequence_GetItem" else 1] + [1, 2][: 0 if name == "PySequence_GetItem" else 2])
for value in 0, 1, -1, HUGE, -HUGE - 1:
    for name in "PyLong_FromLong", "PyLong_FromSsize_t", "PyLong_FromUnsignedLong", "PyLong_FromUnsignedLongLong", "PyLong_FromVoidPtr":
        calls(name, [value])

# ---- Items and attributes ----

for key in 0, -1, 1, 5, "a", "m", None, 1 << 70, slice(0, 1), [], Full(), Fails(), (1,), Negative(), True:
    each("PyObject_GetItem", operator.getitem, key)
    each("PyObject_SetItem", status(operator.setitem), key, 9)
    each("PyObject_DelItem", status(operator.delitem), key)
    each("PySequence_Contains", lambda values, value: int(value in values), key)
NAMES = "there", "lazy", "broken", "nosuch", "__class__", "__doc__", "__dict__", "a", "", 5, None, b"there"
for name in NAMES:
    each("PyObject_GetAttr", getattr, name)
    if name not in ("__class__", "__dict__", "__doc__"):
        for index, value in enumerate(objects()):
            if value is not sys and value is not Plain:
                row(f"PyObject_SetAttr {safely(value)} {name}", compared, "PyObject_SetAttr", lambda: (objects()[index], name, 9), status(setattr))
    for value in Full(), Plain(), 5, Plain, Fails():
        row(f"PyObject_HasAttrWithError {safely(value)} {name}", call, "PyObject_HasAttrWithError", value, name)
        if name != "__doc__":
            row(f"PyObject_GetOptionalAttr {safely(value)} {name}", call, "PyObject_GetOptionalAttr", value, name)
for value in Full(), {"a": 1}, SubDict(), OwnDict(), [1], 5, Fails():
    for key in "a", 0, 5, []:
        row(f"PyMapping_GetOptionalItem {safely(value)} {key}", call, "PyMapping_GetOptionalItem", value, key)
        if isinstance(value, dict):
            for name in "PyDict_GetItemRef", "PyDict_GetItemWithError", "PyDict_Contains", "PyDict_DelItem":
                row(f"{name} {safely(value)} {key}", call, name, value, key)
for value in 5, [1], None:
    for name in "PyDict_GetItemRef", "PyDict_GetItemWithError", "PyDict_DelItem":
        calls(name, [value, "a"])
for name in b"there", b"nosuch", b"", b"\xff", b"caf\xc3\xa9":
    row(f"PyObject_SetAttrString {name}", call, "PyObject_SetAttrString", Plain(), name, 5)
    row(f"PyObject_SetAttrString {name} of an int", call, "PyObject_SetAttrString", 5, name, 5)
    row(f"PyObject_GetAttrString {name}", call, "PyObject_GetAttrString", Full(), name)
row("PyObject_SetAttrString NULL", lambda: (lambda o: (call("PyObject_SetAttrString", o, b"there", NULL), vars(o)))(Full()))
row("PyObject_SetAttr NULL", lambda: (lambda o: (call("PyObject_SetAttr", o, "there", NULL), vars(o)))(Full()))
row("PyObject_SetAttr NULL of one that is missing", call, "PyObject_SetAttr", Full(), "nosuch", NULL)
for value in {}, {"a": 1}, SubDict(), OwnDict(), types.MappingProxyType({}), [1], 5, None:
    for key in "a", [], Fails(), None:
        row(f"PyDict_SetItem {safely(value)} {safely(key)}", lambda: (call("PyDict_SetItem", value, key, 9), shown(value)))
for other in {}, {"b": 2}, [("c", 3)], 5, None, Full(), OwnDict(d=4):
    row(f"PyDict_Update {safely(other)}", lambda: (lambda d: (call("PyDict_Update", d, other), d))({"a": 1}))
for value in set(), {1}, OwnSet([1]), frozenset(), [1], 5:
    for item in 1, 3, 1.0:
        row(f"PySet_Add {safely(value)} {safely(item)}", lambda: (call("PySet_Add", value, item), shown(value)))
        row(f"PySet_Contains {safely(value)} {safely(item)}", call, "PySet_Contains", value, item)
calls("PyFrozenSet_New", [NULL])
row("PySet_Add to a frozenset, the empty one", lambda: (call("PySet_Add to a frozenset", 5), frozenset()))
SHARED = frozenset([1])
row("PySet_Add to a shared frozenset", lambda: (call("PySet_Add", SHARED, 2), SHARED))
calls("PySet_New", [NULL])
calls("PyDict_New", [])
for low, high in (0, 2), (1, 2), (-1, 9), (2, 1), (HUGE, HUGE), (-HUGE - 1, HUGE), (-2, -1):
    each("PySequence_GetSlice", lambda value, low, high: value[low:high], low, high)
for index in 0, 1, -1, 5, -5, HUGE, -HUGE - 1:
    for value in [1, 2], (1, 2), "ab", b"ab", Full(), Old(), OwnList([1]), {1: 2}, 5, Fails(), Negative():
        row(f"PySequence_GetItem {safely(value)} {index}", call, "PySequence_GetItem", value, index)

# ---- Iteration, slices, comparison ----


def drained(name, value):
    return [call(name, value) for _ in range(4)]


class Endless:
    def __init__(self, *steps):
        self.steps = list(steps)

    def __iter__(self):
        return self

    def __next__(self):
        step = self.steps.pop(0) if self.steps else StopIteration
        if isinstance(step, type):
            raise step
        return step

    def __repr__(self):
        return "<Endless>"


def generator():
    yield 1
    return 5


def failing():
    yield 1
    raise KeyError("in a generator")


for make in (
    lambda: iter([1, 2]), generator, failing, lambda: Endless(1, LookupError), lambda: Endless(1, StopIteration, 2), lambda: iter(()),
    lambda: iter(Old()), lambda: iter(int, 0), lambda: zip([1], [2]), lambda: iter({1: 2}), lambda: iter("ab"),
):
    row("PyIter_NextItem", drained, "PyIter_NextItem", make())
for value in 5, [1], None, Plain():
    calls("PyIter_NextItem", [value])
BOUNDS = None, 0, 1, -1, 5, 1 << 70, -(1 << 70), Full(), "x", 1.5
for start in BOUNDS:
    for stop in None, 3, -(1 << 70):
        for step in None, 1, -1, 0, 2, 1 << 70, -(1 << 70), Full(), "x", -HUGE - 1:
            value = slice(start, stop, step)
            row(f"PySlice_Unpack {safely(start)} {stop} {safely(step)}", call, "PySlice_Unpack", value)
            for length in 0, 4:
                row(f"PySlice_AdjustIndices {safely(start)} {stop} {safely(step)} {length}", call, "PySlice_AdjustIndices", value, length)
calls("PySlice_New", [1, 2, 3], [NULL, 2, NULL], [NULL, NULL, NULL], ["a", None, ()])
COMPARISONS = operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge
for operation, python in enumerate(COMPARISONS):
    for other in 5, 1.5, "text", None, Fails(), (1, 2), [1, 2], {1}, Full():
        for index, value in enumerate(objects()):
            label = f"PyObject_RichCompare {safely(value)} {safely(other)} {operation}"
            row(label, compared, "PyObject_RichCompare", lambda: (objects()[index], other, operation), lambda a, b, operation: python(a, b))
for cls in int, object, type, Plain, Checked, CheckedWrong, (int, str), (), ((int,), Plain), Bases(), 5, None, "x", (5, int), (int, 5), int | str, list[int]:
    each("PyObject_IsInstance", lambda value, cls: int(isinstance(value, cls)), cls)
    each("PyObject_IsSubclass", lambda value, cls: int(issubclass(value, cls)), cls)
    if isinstance(cls, type):
        for value in 5, True, Plain(), Checked, None:
            calls("Py_IS_TYPE", [value, cls])

# ---- Calls ----

for callable_ in takes, int, Full(), Fails(), 5, len, Plain, "".join, Full, dict:
    for arguments in (), (1,), (1, 2), Sub((1,)), [1], 5, None:
        for keywords in NULL, {}, {"a": 1}, SubDict(b=2), {1: 2}:
            if type(arguments) in (tuple, Sub):
                python = lambda callable_, arguments, keywords: callable_(*arguments, **({} if keywords is NULL else keywords))
                label = f"PyObject_Call {safely(callable_)} {arguments} {keywords}"
                row(label, compared, "PyObject_Call", lambda: (callable_, arguments, keywords), python)
        python = lambda callable_, arguments: callable_(*arguments)
        row(f"PyObject_CallObject {safely(callable_)} {arguments}", compared, "PyObject_CallObject", lambda: (callable_, arguments), python)
    row(f"PyObject_CallObject {safely(callable_)} NULL", compared, "PyObject_CallObject", lambda: (callable_, NULL), lambda callable_, null: callable_())
    for values, names in ((), NULL), ((1,), NULL), ((1, 2), ("b",)), ((1, 2), ("a", "b")), ((1,), ()), ((1, 2, 3), ("b",)), ((1, 2), ("b", "b")):

        def python(callable_, values, names):
            count = len(values) - (0 if names is NULL else len(names))
            return callable_(*values[:count], **dict(zip(() if names is NULL else names, values[count:])))

        if names != ("b", "b"):
            for name in "PyObject_Vectorcall", "PyObject_Vectorcall with an offset":
                row(f"{name} {safely(callable_)} {values} {names}", compared, name, lambda: (callable_, values, names), python)


class Methods:
    def method(self, *arguments, **keywords):
        return arguments, keywords

    attribute = 5

    def __repr__(self):
        return "<Methods>"


for name in "method", "attribute", "nosuch", "__class__", 5, None:
    for values, names in ((Methods(),), NULL), ((Methods(), 1), NULL), ((Methods(), 1, 2), ("b",)), ((5, 1), NULL), (("a,b", ","), NULL):
        row(f"PyObject_VectorcallMethod {name} {values} {names}", call, "PyObject_VectorcallMethod", name, values, names)
row("PyObject_VectorcallMethod split", call, "PyObject_VectorcallMethod", "split", ("a,b", ","), NULL)
for name in "PyObject_Call", "PyObject_Vectorcall":
    probe = Plain()
    row(f"{name} references", counted, lambda: call(name, takes, (probe, probe), NULL), probe)
row("PyObject_VectorcallMethod references", counted, lambda: call("PyObject_VectorcallMethod", "method", (Methods(), probe), NULL), probe)

# ---- Text and bytes ----

for value in "abc", "h\xe9\u20ac", "a\udc80", "\ud800", 5, b"x", None:
    for encoding in b"utf-8", b"UTF8", b"ascii", b"latin-1", b"utf-16-le", b"nosuch", b"hex", b"", NULL:
        for errors in NULL, b"strict", b"replace", b"surrogateescape", b"surrogatepass", b"nosuch", b"ignore":
            if type(value) is str and encoding not in (NULL, b"") and errors is not NULL:
                python = lambda value, encoding, errors: value.encode(encoding.decode(), errors.decode())
            else:
                python = lambda value, encoding, errors: value.encode("utf-8", "strict" if errors is NULL else errors.decode())
            label = f"PyUnicode_AsEncodedString {safely(value)} {encoding} {errors}"
            row(label, compared, "PyUnicode_AsEncodedString", lambda: (value, encoding, errors), python)
for text in b"", b"abc", "h\xe9".encode(), b"a\xff", b"\xed\xa0\x80", b"a\0b":
    for length in 0, 1, len(text):
        if length <= len(text):
            calls("PyUnicode_DecodeFSDefaultAndSize", [text, length])
    for string in "", "abc", "h\xe9", "a\udcff", "a\0b", "\ud800":
        calls("PyUnicode_EqualToUTF8AndSize", [string, text, len(text)])
        if text:
            calls("PyUnicode_EqualToUTF8AndSize", [string, text, 1])
    calls("PyUnicodeDecodeError_Create", [text, len(text), 0, 1], [text, 0, 0, 0])
row("PyUnicodeDecodeError_Create", lambda: vars_of(call("PyUnicodeDecodeError_Create", b"abc", 3, 1, 2)[0]))


def vars_of(error):
    return error.encoding, error.object, error.start, error.end, error.reason


# ---- Classes ----


class Outer:
    class Inner:
        pass


for cls in int, Plain, Outer.Inner, ValueError, io.StringIO, type("Made", (), {"__module__": "m.n", "__qualname__": "q.r"}), type("Odd", (), {"__module__": 5}):
    for name in "PyType_GetName", "PyType_GetQualName", "PyType_GetModuleName", "PyType_GetFullyQualifiedName":
        calls(name, [cls])
for origin in list, int, Plain, 5:
    for arguments in int, (int, str), (), (int,), [int], "x":
        row(f"Py_GenericAlias {safely(origin)} {safely(arguments)}", compared, "Py_GenericAlias", lambda: (origin, arguments), types.GenericAlias)
for which in range(12):
    calls("Py_GetConstantBorrowed", [which])


class Attributed(types.ModuleType):
    pass


def doc_of(module, doc):
    return call("PyModule_SetDocString", module, doc), getattr(module, "__doc__", None)


for module in types.ModuleType("m"), Attributed("m"), Plain():
    for doc in b"text", b"", b"\xff", "\xe9".encode():
        row(f"PyModule_SetDocString {safely(module)} {doc}", doc_of, module, doc)
row("PyModule_GetDict", lambda: call("PyModule_GetDict", sys)[0] is vars(sys))
row("PyModule_GetDict references", counted, lambda: call("PyModule_GetDict", sys), vars(sys))
for name in b"version_info", b"nosuch", b"":
    row(f"PySys_GetObject {name}", lambda: call("PySys_GetObject", name)[0] is getattr(sys, name.decode("latin-1"), NULL))
    row(f"PySys_GetObject {name} with one pending", lambda: call("PySys_GetObject", name, pending=KeyError("kept"))[1])
sys.added = "added"
row("PySys_GetObject references", counted, lambda: call("PySys_GetObject", b"added"), sys.added)
calls("PySys_GetObject", [b"added"])
for value in 5, NULL, NULL:
    row(f"PySys_SetObject {value}", lambda: (call("PySys_SetObject", b"added", value), getattr(sys, "added", NULL)))
calls("PySys_SetObject", [b"\xff", 5])


def printed(trace, file):
    answer = call("PyTraceBack_Print", trace, file)
    return answer, re.sub(r'File "[^"]*"', "File", file.getvalue()) if isinstance(file, io.StringIO) else None


try:
    1 / 0
except ZeroDivisionError as error:
    trace = error.__traceback__
row("PyTraceBack_Print", lambda: printed(trace, io.StringIO())[1].splitlines()[:2])
row("PyTraceBack_Print to an int", printed, trace, 5)
row("PyTraceBack_Print of an int", printed, 5, io.StringIO())

def warned(*arguments, action="always"):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter(action)
        answer = call("PyErr_WarnEx", *arguments)
    return answer, [(str(w.message), w.category) for w in seen]


for category in UserWarning, NULL, DeprecationWarning:
    for action in "always", "error", "ignore":
        row(f"PyErr_WarnEx {category} {action}", lambda: warned(category, b"text", 1, action=action))
row("PyErr_WarnEx not UTF-8", warned, UserWarning, b"\xff", 1)
