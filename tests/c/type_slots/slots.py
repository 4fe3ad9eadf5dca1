"""Asks types for their slots, calls the functions in them, and prints a line for each answer:
slots.py FOLDER. FOLDER has the driver."""

import os
import re
import sys
import warnings

warnings.simplefilter("ignore")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.realpath(sys.argv[1]))

import type_slots_driver as driver

NAMES = """
    - - - - - mp_subscript nb_absolute nb_add nb_and nb_bool nb_divmod nb_float nb_floor_divide nb_index
    nb_inplace_add nb_inplace_and nb_inplace_floor_divide nb_inplace_lshift nb_inplace_multiply
    nb_inplace_or nb_inplace_power nb_inplace_remainder nb_inplace_rshift nb_inplace_subtract
    nb_inplace_true_divide nb_inplace_xor nb_int nb_invert nb_lshift nb_multiply nb_negative nb_or
    nb_positive nb_power nb_remainder nb_rshift nb_subtract nb_true_divide nb_xor sq_ass_item sq_concat
    sq_contains sq_inplace_concat sq_inplace_repeat sq_item sq_length sq_repeat tp_alloc tp_base
    tp_bases tp_call tp_clear tp_dealloc tp_del tp_descr_get tp_descr_set tp_doc tp_getattr tp_getattro
    tp_hash tp_init tp_is_gc tp_iter tp_iternext tp_methods tp_new tp_repr tp_richcompare tp_setattr
    tp_setattro tp_str tp_traverse tp_members tp_getset tp_free nb_matrix_multiply
    nb_inplace_matrix_multiply am_await am_aiter am_anext tp_finalize am_send
""".split()
IDS = {name: number for number, name in enumerate(NAMES) if name != "-"}
OLD = {"bf_getbuffer": 1, "bf_releasebuffer": 2, "mp_ass_subscript": 3, "mp_length": 4}
NEW = {"bf_getbuffer": 88, "bf_releasebuffer": 89, "mp_ass_subscript": 90, "mp_length": 91}
IDS |= NEW if driver.new_numbers() else OLD

UNARY = """nb_absolute nb_float nb_index nb_int nb_invert nb_negative nb_positive tp_repr tp_str
    """.split()
BINARY = """nb_add nb_and nb_divmod nb_floor_divide nb_lshift nb_matrix_multiply nb_multiply nb_or
    nb_remainder nb_rshift nb_subtract nb_true_divide nb_xor""".split()
IN_PLACE = [name.replace("nb_", "nb_inplace_") for name in BINARY if name != "nb_divmod"]


class Null:
    def __repr__(self):
        return "NULL"


NULL = Null()
HUGE = 1 << 70
# Some types of CPython add their length to a negative index, and others do not.
NOT_NEGATIVE = 0, 1, 2, 99
driver.set_null(NULL)


def shown(value):
    if isinstance(value, (TypeError, IndexError, ZeroDivisionError)):
        # The functions of the two interpreters have texts of their own.
        return type(value).__name__
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {without_addresses(str(value))} {len(value.args)}"
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__}({shown(sorted(value))})"
    if type(value) is list:
        return "[" + ", ".join(map(shown, value)) + "]"
    if type(value) is tuple:
        return "(" + ", ".join(map(shown, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, type):
        return value.__name__
    if type(value) in (Fails, WrongTypes):
        return f"{type(value).__name__}()"
    return without_addresses(repr(value))


def without_addresses(text):
    """Nor the module of `made.Delegating`, which the texts of the VM do not name."""
    return re.sub(r" at 0x[0-9a-fA-F]+|\bmade\.", "", text)


def row(label, function, *arguments):
    try:
        answer = function(*arguments)
    except BaseException as error:
        answer = error.with_traceback(None)
        label += " raises"
    print(label, shown(answer), sep="\t", flush=True)


def has(cls, slot):
    return driver.slot(cls, IDS[slot]) != 0


def call(cls, slot, form, *arguments, after=False):
    """A row for a call; with `after` it shows the first argument after the call too."""
    if not has(cls, slot):
        return
    label = f"{slot} of {cls.__name__} {shown(arguments)}"

    def answer():
        answer = driver.call(cls, IDS[slot], form, *arguments)
        return answer + [arguments[0]] if after else answer

    row(label, answer)


class Logs:
    """A class with every special method, which tells of each call."""

    def __init__(self, *arguments, **keywords):
        self.log = [arguments, keywords]

    def __repr__(self):
        return "Logs()"


def add_methods():
    def method(name):
        def function(self, *arguments, **keywords):
            return (name, *arguments, *keywords.items())
        return function

    names = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or".split()
    others = """neg pos abs invert getitem setitem delitem call get set delete iter next await
        aiter anext""".split()
    for name in names:
        for prefix in "", "r", "i":
            setattr(Logs, f"__{prefix}{name}__", method(prefix + name))
    for name in "lt le eq ne gt ge".split() + others:
        setattr(Logs, f"__{name}__", method(name))
    fixed = {"len": 7, "index": 5, "int": 6, "float": 1.5, "bool": False, "contains": 1, "hash": -1,
             "str": "text", "complex": 1j}
    for name, value in fixed.items():
        setattr(Logs, f"__{name}__", lambda self, *arguments, value=value: value)
    Logs.__getattr__ = lambda self, name: ("getattr", name)
    Logs.__setattr__ = lambda self, name, value: print("setattr", name, shown(value))
    Logs.__delattr__ = lambda self, name: print("delattr", name)
    Logs.__del__ = lambda self: None


add_methods()


class Reflected:
    def __radd__(self, other):
        return "radd"

    def __rpow__(self, other):
        return "rpow"


class Left:
    def __add__(self, other):
        return NotImplemented

    def __radd__(self, other):
        return "radd of Left"


class SubLeft(Left):
    def __radd__(self, other):
        return "radd of SubLeft"


class Fails:
    def __failing(self, *arguments):
        raise LookupError("refused")

    __add__ = __radd__ = __len__ = __getitem__ = __iter__ = __next__ = __eq__ = __hash__ = __failing
    __bool__ = __call__ = __contains__ = __getattr__ = __repr__ = __str__ = __index__ = __failing
    __setitem__ = __setattr__ = __get__ = __set__ = __failing


class WrongTypes:
    def __len__(self): return -1
    def __bool__(self): return 1
    def __hash__(self): return "text"
    def __repr__(self): return 1
    def __str__(self): return 1
    def __init__(self): pass


class Plain:
    """The text of Plain."""


class MyInt(int):
    def __add__(self, other):
        return "MyInt.__add__"


class MyList(list):
    def __len__(self):
        return 99

    def __getitem__(self, index):
        return ("item", index)


class MyStr(str):
    pass


class OwnNew:
    def __new__(cls, *arguments):
        return (cls.__name__, arguments)


class BadInit:
    def __init__(self):
        pass

    def __call__(self):
        return "called"

    def __set_name__(self, owner, name):
        pass


class Countdown:
    __repr__ = lambda self: "Countdown()"
    def __init__(self, count): self.count = count
    def __iter__(self): return self

    def __next__(self):
        if self.count == 0:
            raise StopIteration("end")
        self.count -= 1
        return self.count


def function(a, b=2, *, c=3):
    """Text of function."""
    return a, b, c


def generator():
    got = yield 1
    yield got
    return "returned"


module = type(sys)("made")


def presence():
    types = [
        int, str, list, tuple, dict, set, frozenset, bytes, bytearray, float, complex, bool, type,
        object, Exception, BaseException, OSError, type(sys), type(function), type(generator()), slice,
        range, memoryview, property, type(None), type(iter([])), type(len), Logs, Plain, MyInt, MyList,
        OwnNew, Reflected, Countdown,
    ]
    for cls in types:
        for slot in sorted(IDS):
            row(f"{cls.__name__} has {slot}", has, cls, slot)
    same = [
        (list, object, "tp_getattro"), (int, object, "tp_getattro"), (Plain, object, "tp_repr"),
        (bool, int, "tp_repr"), (MyList, list, "sq_concat"),
        (MyList, list, "sq_length"), (MyInt, int, "nb_add"), (MyInt, int, "nb_multiply"),
        (OSError, Exception, "tp_repr"), (type(sys), object, "tp_str"), (list, tuple, "tp_repr"),
        (Plain, object, "tp_new"), (OwnNew, object, "tp_new"), (list, object, "tp_init"),
        (Logs, Plain, "tp_hash"), (MyStr, str, "tp_hash"),
    ]
    for one, other, slot in same:
        equal = lambda: driver.slot(one, IDS[slot]) == driver.slot(other, IDS[slot])
        row(f"{slot} of {one.__name__} is that of {other.__name__}", equal)
    for cls in [object, int, bool, OSError, Plain, MyList, type]:
        row(f"tp_base of {cls.__name__}", driver.object_in, cls, IDS["tp_base"])
        row(f"tp_bases of {cls.__name__}", driver.object_in, cls, IDS["tp_bases"])
    for cls in [Plain, MyInt, Logs, type("Unicode", (), {"__doc__": "t\u00e4xt"}), type("None_", (), {})]:
        row(f"tp_doc of {cls.__name__}", driver.text_in, cls, IDS["tp_doc"])


def hashed(cls, value):
    """What the slot answers, or that it is the hash that Python code sees."""
    answer = driver.call(cls, IDS["tp_hash"], "no", value)
    return answer if answer[1] is not NULL else answer[0] == hash(value)


def operators(cls, values, others):
    for value in values:
        for slot in UNARY:
            call(cls, slot, "ro", value)
        if cls is not tuple:
            call(cls, "nb_bool", "io", value)
        if type(value) is not Fails:
            row(f"tp_hash of {cls.__name__} {shown(value)}", hashed, cls, value)
        for other in others:
            for slot in BINARY:
                call(cls, slot, "roo", value, other)
                call(cls, slot, "roo", other, value)
            if value is not HUGE:
                call(cls, "nb_power", "rooo", value, other, None)
                call(cls, "nb_power", "rooo", other, value, None)
            for operator in range(6):
                call(cls, "tp_richcompare", "rooi", value, other, operator)
    call(cls, "nb_power", "rooo", values[0], values[0], others[0])


def in_place(cls, make, others):
    for other in others:
        for slot in IN_PLACE:
            call(cls, slot, "roo", make(), other, after=True)
        call(cls, "nb_inplace_power", "rooo", make(), other, None)
        call(cls, "sq_inplace_concat", "roo", make(), other, after=True)
    for count in -1, 0, 2:
        call(cls, "sq_inplace_repeat", "ron", make(), count, after=True)


def containers(cls, make, items, keys, indexes=(0, 1, 2, 99, -1, -99)):
    call(cls, "sq_length", "no", make())
    call(cls, "mp_length", "no", make())
    for index in indexes:
        call(cls, "sq_item", "ron", make(), index)
        for value in (*items, NULL):
            call(cls, "sq_ass_item", "iono", make(), index, value, after=True)
    for count in -1, 0, 2:
        call(cls, "sq_repeat", "ron", make(), count)
    for item in items:
        call(cls, "sq_contains", "ioo", make(), item)
        call(cls, "sq_concat", "roo", make(), item)
    call(cls, "sq_concat", "roo", make(), make())
    for key in keys:
        call(cls, "mp_subscript", "roo", make(), key)
        for value in (*items, NULL):
            call(cls, "mp_ass_subscript", "iooo", make(), key, value, after=True)


def attributes(cls, make, names):
    names = [*names, "missing"]
    if cls not in (Logs, Fails):
        names.append(5)
    for name in names:
        call(cls, "tp_getattro", "roo", make(), name)
        for value in 1, NULL:
            call(cls, "tp_setattro", "iooo", make(), name, value)


def construction(cls, make, arguments):
    for positional, keywords in arguments:
        call(cls, "tp_new", "rooo", cls, positional, keywords)
        call(cls, "tp_init", "iooo", make(), positional, keywords, after=True)


def iteration(cls, iterator, steps):
    for _ in range(steps):
        call(cls, "tp_iternext", "ro", iterator)


def values():
    numbers = [True, 2, 1.5, 2j, "a", None, MyInt(3), Reflected()]
    operators(int, [5, -3, 0, HUGE, True, MyInt(4)], numbers)
    operators(bool, [True, False], [True, 2, "a"])
    operators(float, [2.5, 0.0, float("inf")], numbers)
    operators(complex, [1 + 2j], [True, 2, "a", None])
    operators(str, ["ab", "%s", "", MyStr("x")], ["b", 1, (1, 2), b"b", None])
    operators(bytes, [b"ab", b"%d", b""], [b"b", 1, (1,), None])
    operators(bytearray, [bytearray(b"ab")], [b"b", 1, (1,), None])
    operators(list, [[1, "a"], []], [[1], (1,), 2, None])
    operators(tuple, [(1, "a"), ()], [(1,), [1], 2])
    operators(dict, [{1: "a"}, {}], [{1: "b"}, {2: 3}, [(1, 2)], 5])
    operators(set, [{1}, set()], [{1}, frozenset({2}), [1], 5])
    operators(frozenset, [frozenset({1})], [{1}, frozenset({2}), [1]])
    operators(type, [int, Plain], [str, None, 5, "a"])
    operators(Exception, [ValueError("x"), Exception(1, 2), KeyError("k")], [5])
    operators(BaseException, [KeyError("k")], [5])
    operators(object, [object(), 5, "text", [1], None], [5, object()])
    operators(Logs, [Logs()], [1, "a", None, Reflected()])
    operators(Reflected, [Reflected()], [1, "a", Left()])
    operators(Left, [Left(), SubLeft()], [Left(), SubLeft(), 1])
    operators(MyInt, [MyInt(3)], [1, MyInt(2), "a"])
    operators(Plain, [BadInit()], [1])
    operators(Fails, [Fails()], [1])
    call(WrongTypes, "tp_hash", "no", WrongTypes())
    call(WrongTypes, "nb_bool", "io", WrongTypes())
    call(WrongTypes, "sq_length", "no", WrongTypes())
    call(WrongTypes, "mp_length", "no", WrongTypes())

    in_place(list, lambda: [1, 2], [[3], (4,), "ab", 5])
    in_place(bytearray, lambda: bytearray(b"ab"), [b"c", 5])
    in_place(set, lambda: {1, 2}, [{2, 3}, [2], 5])
    in_place(dict, lambda: {1: 2}, [{1: 3}, [(4, 5)], 5])
    in_place(Logs, Logs, [1])

    containers(list, lambda: [1, 2], [1, "a", [1]], [0, -1, 5, slice(0, 1), "a", None, MyInt(1)])
    containers(tuple, lambda: (1, 2), [1, "a"], [0, -1, 5, slice(0, 1), "a"])
    containers(str, lambda: "abc", ["a", 1], [0, -1, 5, slice(0, 2), "a"])
    containers(bytes, lambda: b"abc", [b"a", 97, 300, "a"], [0, -1, 5, slice(0, 2), "a"])
    containers(bytearray, lambda: bytearray(b"abc"), [b"a", 97, 300], [0, -1, 5, slice(0, 2), "a"], NOT_NEGATIVE)
    containers(dict, lambda: {"a": 1, 0: 2}, ["a", 1, []], ["a", 0, "missing", []])
    containers(set, lambda: {1, 2}, [1, 5, []], [0])
    containers(range, lambda: range(3), [1, 5], [0, -1, 5, slice(0, 2), "a"], NOT_NEGATIVE)
    containers(memoryview, lambda: memoryview(b"abc"), [97], [0, -1, 5, "a"], NOT_NEGATIVE)
    containers(MyList, lambda: MyList([1, 2]), [1], [0])
    containers(list, lambda: MyList([1, 2]), [1], [0])
    containers(Logs, Logs, [1], [0, "a"])
    containers(Fails, Fails, [1], [0])
    call(dict, "mp_subscript", "roo", type("Missing", (dict,), {"__missing__": lambda s, k: k})(), 5)

    for cls, make in [
        (object, Plain), (list, list), (int, lambda: 5), (type(sys), lambda: module), (Logs, Logs),
        (type(function), lambda: function), (Exception, Exception), (Plain, Plain), (Fails, Fails),
    ]:
        attributes(cls, make, ["__class__", "own"])
    attributes(type, lambda: Plain, ["__name__"])
    attributes(type, lambda: int, ["__name__"])
    call(type(sys), "tp_getattro", "roo", module, "missing")

    numbers = [((), NULL), ((1,), NULL), (("7",), NULL), ((1, 2), NULL), ((), {})]
    for cls, make in [
        (int, lambda: 5), (float, lambda: 1.5), (complex, lambda: 1j), (str, lambda: "a"), (list, list),
        (tuple, lambda: ()), (dict, dict), (set, set), (bytes, lambda: b""), (bytearray, bytearray),
        (Exception, Exception), (OSError, OSError), (object, Plain), (Plain, Plain), (Logs, Logs),
        (OwnNew, Plain), (BadInit, BadInit), (type(sys), lambda: type(sys)("m")), (bool, lambda: True),
        (property, property), (Countdown, lambda: Countdown(1)), (slice, lambda: slice(1)),
    ]:
        construction(cls, make, numbers)
    construction(list, list, [((5,), NULL), (([1, 2],), NULL), (("ab",), {"key": 1})])
    construction(dict, dict, [(([(1, 2)],), {"a": 1}), ((5,), NULL)])
    construction(type, lambda: type("T", (), {}), [(("T", (), {}), NULL), (("T", (5,), {}), NULL)])
    for cls, sub, arguments in [
        (int, MyInt, (5,)), (list, MyList, ()), (str, MyStr, ("x",)),
        (Exception, ValueError, (1,)), (object, Plain, ()),
        (object, Countdown, (1,)), (OSError, FileNotFoundError, (2, "x")), (OSError, OSError, (2, "x")),
        (BaseException, KeyError, (1,)), (OwnNew, type("SubNew", (OwnNew,), {}), (1,)),
    ]:
        call(cls, "tp_new", "rooo", sub, arguments, NULL)

    for callee, positional, keywords in [
        (function, (1,), NULL), (function, (1,), {"c": 5}), (function, (), NULL),
        (function, (1, 2, 3), NULL), (function, (1,), {"d": 1}), (len, ([1],), NULL), (len, (), NULL),
        ([].append, (1,), {}), (int, ("5",), NULL), (int, ("z",), {"base": 36}), (Plain, (), NULL),
        (Plain, (1,), NULL), (type, (5,), NULL), (Logs(), (1,), {"a": 2}), (Fails(), (), NULL),
        (BadInit(), (), NULL), (Plain().__init__, (), NULL),
    ]:
        call(type(callee), "tp_call", "rooo", callee, positional, keywords)

    call(list, "tp_iter", "ro", [])
    call(Logs, "tp_iter", "ro", Logs())
    call(Countdown, "tp_iter", "ro", Countdown(1))
    call(Fails, "tp_iter", "ro", Fails())
    iteration(type(iter([])), iter([1, 2]), 4)
    iteration(type(iter({})), iter({1: 2}), 2)
    iteration(type(generator()), generator(), 4)
    iteration(Countdown, Countdown(2), 4)
    iteration(Fails, Fails(), 1)
    started = generator()
    for value in None, "sent", "more", None:
        call(type(started), "am_send", "soo", started, value)
    failing = generator()
    call(type(failing), "am_send", "soo", failing, 5)
    call(Logs, "am_await", "ro", Logs())
    call(Logs, "am_aiter", "ro", Logs())
    call(Logs, "am_anext", "ro", Logs())
    closed = generator()
    next(closed)
    call(type(closed), "tp_finalize", "vo", closed)
    iteration(type(closed), closed, 1)
    call(Logs, "tp_finalize", "vo", Logs())

    for descriptor, object_, cls in [
        (function, 5, int), (function, NULL, int), (function, 5, NULL),
        (property(lambda self: "got"), 5, int), (property(lambda self: "got"), NULL, int),
        (property(), 5, int), (classmethod(function), 5, int), (staticmethod(function), NULL, NULL),
        (int.__dict__["real"], 5, int), (int.__dict__["real"], "a", str), (str.upper, "a", str),
        (str.upper, 5, int), (Logs(), 5, int), (Logs(), NULL, int), (Fails(), 5, int),
    ]:
        call(type(descriptor), "tp_descr_get", "rooo", descriptor, object_, cls)
    for descriptor, object_, value in [
        (property(None, lambda self, value: print("set", value), lambda self: print("del")), 5, 1),
        (property(None, lambda self, value: print("set", value), lambda self: print("del")), 5, NULL),
        (property(), 5, 1), (property(), 5, NULL), (int.__dict__["real"], 5, 1), (Logs(), 5, 1),
        (Logs(), 5, NULL), (Fails(), 5, 1),
    ]:
        call(type(descriptor), "tp_descr_set", "iooo", descriptor, object_, value)
    for value in b"text", b"", bytearray(b"text"), memoryview(b"text")[1:3]:
        for flags in 0, 1, 8:
            row(f"bytes of {shown(value)} {flags}", driver.bytes_of, type(value), value, flags)
    free = bytearray(b"text")
    driver.bytes_of(bytearray, free, 0)
    row("a released bytearray can grow", free.extend, b" more")


def delegation():
    """Classes in C whose functions call those of their base."""
    cases = {
        list: ([1, 2],), dict: ({"a": 1},), tuple: ([1, 2],), str: ("text",), bytes: (b"text",),
        bytearray: (b"text",), int: (5,), float: (1.5,), complex: (1, 2), set: ({1, 2},),
        Exception: ("x",), OSError: (2, "x"), KeyError: ("k",), object: (), frozenset: ({1},),
    }
    actions = {
        "repr": repr, "str": str, "len": len, "hash": lambda value: hash(value) == hash(value),
        "bool": bool, "negative": lambda value: -value, "list": list,
        "first": lambda value: value[0], "last": lambda value: value[-1], "a": lambda value: value["a"],
        "far": lambda value: value[99], "slice": lambda value: value[0:1], "add": lambda value: value + value,
        "add 1": lambda value: value + 1, "1 add": lambda value: 1 + value, "or": lambda value: value | value,
        "remainder": lambda value: value % (), "contains": lambda value: 1 in value,
        "equal": lambda value: (value == value, value == 1, value != value), "less": lambda value: value < value,
        "args": lambda value: value.args, "missing": lambda value: value.missing, "view": memoryview,
        "bytes of view": lambda value: bytes(memoryview(value)), "reversed": lambda value: list(reversed(value)),
        "set 0": lambda value: value.__setitem__(0, 65), "del 0": lambda value: value.__delitem__(0),
        "set a": lambda value: value.__setitem__("a", 5), "own": lambda value: setattr(value, "own", 1),
        "raised": lambda value: raised(value), "errno": lambda value: value.errno, "copy": lambda value: value.copy(),
        "sorted": sorted, "unpacked": lambda value: [*value], "eight": lambda value: f"{value:>8}",
        "super": lambda value: super(type(value), value).__repr__(), "again": lambda value: type(value)(*cases[type(value).__base__]),
    }
    for base, arguments in cases.items():
        cls = driver.delegating(base)
        sub = type("Sub", (cls,), {"__len__": lambda self: 7, "__repr__": lambda self: "Sub()"})
        for made in cls, sub:
            row(f"{made.__name__} over {base.__name__}", lambda: without_addresses(repr(made(*arguments))))
            for name, action in actions.items():
                if made is sub and name in ("again", "view", "super", "remainder"):
                    continue
                value = made(*arguments)
                before = driver.delegated()

                def act():
                    answer = action(value)
                    answer = answer if name != "view" else "a view"
                    return answer, without_addresses(repr(value))

                row(f"{name} of {made.__name__} over {base.__name__}", act)
                if driver.delegated() == before and name in ("repr", "len", "hash", "equal"):
                    print("no function was called")


def raised(value):
    try:
        raise value
    except Exception as error:
        return type(error).__name__


presence()
values()
delegation()
