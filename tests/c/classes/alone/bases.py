"""A C class with data over each class of the VM: its instances are deallocated exactly once, and so are those
of its subclasses, in cycles too: bases.py FOLDER."""

import array
import collections
import datetime
import gc
import io
import sys
import types

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

from class_driver import Node, counts, make_counted


class Plain:
    pass


class Finalized:
    def __del__(self):
        pass


class WithSlots:
    __slots__ = ("slot",)


BASES = [
    (object, ()), (int, (5,)), (int, (1 << 70,)), (float, (1.5,)), (complex, (1j,)), (str, ("abc",)), (str, ("",)),
    (bytes, (b"ab",)), (bytearray, (b"x",)), (list, ([1, 2],)), (tuple, ((1, 2),)), (tuple, ()), (dict, ({1: 2},)),
    (set, ({1},)), (frozenset, ({1},)), (frozenset, ()), (property, ()), (classmethod, (len,)), (staticmethod, (len,)),
    (super, (int, 1)), (type, ("X", (), {})), (enumerate, ([1],)), (zip, ([1],)), (map, (str, [1])),
    (filter, (None, [1])), (types.ModuleType, ("m",)), (types.SimpleNamespace, ()),
    (BaseException, (1,)), (Exception, (1,)), (OSError, (2, "m")), (KeyError, (1,)), (StopIteration, (1,)),
    (SyntaxError, ("x",)), (ImportError, ("x",)), (SystemExit, (2,)), (UnicodeDecodeError, ("a", b"b", 0, 1, "c")),
    (ExceptionGroup, ("g", [ValueError(1)])), (collections.OrderedDict, ()), (collections.deque, ([1],)),
    (collections.defaultdict, (list,)), (collections.Counter, ("aab",)), (datetime.date, (2020, 1, 1)),
    (datetime.datetime, (2020, 1, 1)), (datetime.timedelta, (3,)), (array.array, ("b", b"xy")), (io.BytesIO, (b"z",)),
    (io.StringIO, ("z",)), (Plain, ()), (Finalized, ()), (WithSlots, ()),
]


def check(base, arguments):
    Counted = make_counted(base)

    class Sub(Counted):
        def __init__(self, *args):
            self.extra_attribute = args

    class Deleted(Sub):
        def __del__(self):
            seen.append(self.bump())

    seen = []
    before = counts()[1]

    def deallocated():
        if base is type:
            # A class is always in a cycle with its own attributes.
            gc.collect()
        return counts()[1] - before

    made = Counted(*arguments)
    assert (made.bump(), made.bump(), made.extra) == (1, 2, 2)
    assert isinstance(made, base) and type(made).__base__ is base
    del made
    assert deallocated() == 1, deallocated()

    sub = Sub(*arguments)
    assert (sub.bump(), sub.extra, sub.extra_attribute) == (1, 1, arguments)
    del sub
    assert deallocated() == 2, deallocated()

    sub = Sub(*arguments)
    sub.me = sub
    del sub
    gc.collect()
    assert deallocated() == 3, deallocated()

    deleted = Deleted(*arguments)
    deleted.extra = 41
    del deleted
    assert (seen, deallocated()) == ([42], 4), (seen, deallocated())

    class Local(Counted):
        pass

    # The collector clears the class before its instance, or after it.
    Local.instance = Local(*arguments)
    del Local
    gc.collect()
    assert deallocated() == 5, deallocated()

    many = [Counted(*arguments) for _ in range(100)]
    for number, each in enumerate(many):
        each.extra = number
    assert [each.extra for each in many] == list(range(100))
    each = None
    many.clear()
    assert deallocated() == 105, deallocated()


def check_assigned_class(base):
    """A collection of an instance with another `__class__` leaves that class alone."""

    class Before(base):
        pass

    class After(base):
        mark = "kept"

    instance = Before()
    instance.__class__ = After
    instance.me = instance
    del instance
    gc.collect()
    assert (After.__mro__[1], After().mark) == (base, "kept")


def refused(assign):
    try:
        assign()
    except TypeError as error:
        assert "object layout differs" in str(error), error
    else:
        raise AssertionError("the assignment changed the data of an instance")


def check_data_of_another_class():
    """The data of two classes has one size, but belongs to different functions."""
    One, Other = make_counted(object), make_counted(object)
    Sub, Foreign = type("Sub", (One,), {}), type("Foreign", (Other,), {})
    instance = Sub()
    refused(lambda: setattr(instance, "__class__", Foreign))
    refused(lambda: setattr(One(), "__class__", Other))
    refused(lambda: setattr(Sub, "__bases__", (Other,)))
    instance.__class__ = type("Sibling", (One,), {})


failed = 0
check_assigned_class(Node)
check_assigned_class(make_counted(object))
check_data_of_another_class()
for base, arguments in BASES:
    try:
        check(base, arguments)
    except BaseException as error:
        failed += 1
        print(base.__name__, type(error).__name__, error)
print(len(BASES), "checked,", failed, "failed")
