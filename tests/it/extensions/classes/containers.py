"""Sequences, mappings, iterators and calls."""

import collections.abc
import operator

import kit
import pyo3_classes as p
from kit import refused


def a_class_fills_both_kinds_of_slots():
    r = p.Row(1, 2, 3)
    assert len(r) == 3 and r[0] == 1 and r[-1] == 3 and list(r) == [1, 2, 3]
    refused(IndexError, operator.getitem, r, 3)
    refused(IndexError, operator.getitem, r, -4)
    refused(TypeError, operator.getitem, r, "x")
    assert repr(r[1:]) == "Row[2, 3]" and repr(r[::-2]) == "Row[3, 1]"
    r[0] = 10
    del r[1]
    assert repr(r) == "Row[10, 3]"
    refused(IndexError, operator.setitem, r, 5, 1)
    refused(TypeError, operator.setitem, r, 0, "x")
    refused(IndexError, operator.delitem, r, 5)
    refused(TypeError, operator.delitem, r, "x")
    assert 3 in r and 4 not in r
    refused(TypeError, operator.contains, r, "x")
    assert bool(r) and not p.Row()
    a, b = r
    assert (a, b) == (10, 3)
    assert [*reversed(r)] == [3, 10] and sorted(r) == [3, 10] and sum(r) == 13
    match r:
        case [_, _]:
            raise AssertionError("not a sequence by its flag")
        case p.Row():
            pass
    assert not isinstance(r, collections.abc.Sequence) and isinstance(r, collections.abc.Sized)


def concatenation_and_repetition():
    r = p.Row(1)
    assert repr(r + p.Row(2)) == "Row[1, 2]" and repr(r * 3) == repr(3 * r) == "Row[1, 1, 1]"
    same = r
    r += [5, 6]
    assert r is same and repr(r) == "Row[1, 5, 6]"
    r *= 2
    assert r is same and len(r) == 6
    refused(TypeError, operator.add, r, 1)
    refused(TypeError, operator.mul, r, "x")
    refused(TypeError, operator.mul, r, r)
    refused(TypeError, operator.iadd, r, 5)
    assert repr(operator.concat(p.Row(1), p.Row(2))) == "Row[1, 2]"


def subclasses_change_one_operation():
    class Loud(p.Row):
        def __getitem__(self, index):
            return "item", super().__getitem__(index)

        def __len__(self):
            return 100

    loud = Loud(7, 8)
    assert loud[1] == ("item", 8) and len(loud) == 100 and 7 in loud
    assert [*loud] == [("item", 7), ("item", 8)]
    assert p.Row.__getitem__(loud, 0) == 7 and p.Row.__len__(loud) == 2


def dunder_methods():
    r = p.Row(4, 5)
    assert r.__len__() == 2 and r.__getitem__(1) == 5 and r.__contains__(4)
    r.__setitem__(0, 9)
    r.__delitem__(1)
    assert repr(r.__add__(p.Row(1))) == "Row[9, 1]" and repr(r.__mul__(2)) == "Row[9, 9]"
    for call in (
        lambda: p.Row.__len__([]),
        lambda: p.Row.__getitem__([], 0),
        lambda: p.Row.__setitem__([], 0, 0),
        lambda: p.Row.__delitem__([], 0),
        lambda: p.Row.__contains__([], 0),
        lambda: r.__getitem__(),
        lambda: r.__len__(1),
    ):
        refused(TypeError, call)


def a_sequence():
    s = p.Strict(["a", "b", "c"])
    assert len(s) == 3 and s[2] == "c" and [*s] == ["a", "b", "c"] and "b" in s and "z" not in s
    s[0] = "x"
    assert s[0] == "x"
    refused(IndexError, operator.getitem, s, 3)
    refused(IndexError, operator.getitem, s, -1)
    refused(TypeError, operator.getitem, s, "x")
    refused(NotImplementedError, operator.delitem, s, 0)
    assert list(reversed(s)) == ["c", "b", "x"] and s.__len__() == 3
    alias = p.Strict[int]
    print(alias, alias.__origin__ is p.Strict, alias.__args__)
    assert len(alias(["q"])) == 1
    collections.abc.Sequence.register(p.Strict)
    assert isinstance(s, collections.abc.Sequence)
    match s:
        case [first, *rest]:
            assert (first, rest) == ("x", ["b", "c"])
        case _:
            raise AssertionError("registered as a sequence")
    refused(TypeError, lambda: p.Row[int])


def a_mapping():
    t = p.Table(a=1, b=[2])
    assert len(t) == 2 and t["a"] == 1 and t["b"] == [2]
    t["c"] = t
    del t["a"]
    assert t.keys() == ["b", "c"] and {**t}["b"] == [2] and dict(t)["c"] is t
    refused(KeyError, operator.getitem, t, "zzz")
    refused(KeyError, operator.delitem, t, "zzz")
    refused(TypeError, operator.getitem, t, 1)
    refused(TypeError, iter, t)
    refused(TypeError, lambda: "a" in t)
    match t:
        case {} | [*_]:
            raise AssertionError("not a mapping by its flag")
        case p.Table():
            pass
    collections.abc.Mapping.register(p.Table)
    assert isinstance(t, collections.abc.Mapping)
    del t["c"]


def iterators():
    n = reversed(p.Row(1, 2, 3))
    assert iter(n) is n and next(n) == 3 and operator.length_hint(n) == 2 and [*n] == [2, 1]
    refused(StopIteration, next, n)
    assert next(n, "end") == "end" and n.__next__ and n.__iter__() is n
    refused(TypeError, p.Numbers)
    refused(TypeError, p.Numbers.__next__, iter([]))

    def delegate():
        return (yield from p.Countdown(2))

    g = delegate()
    assert next(g) == 1 and next(g) == 0
    try:
        next(g)
    except StopIteration as stop:
        assert stop.value == "lift off"
    assert list(zip(p.Countdown(3), "ab")) == [(2, "a"), (1, "b")]
    assert max(p.Countdown(9)) == 8 and 3 in p.Countdown(5) and 7 not in p.Countdown(5)
    refused(TypeError, next, p.Row(1))
    refused(TypeError, iter, p.Closed())
    refused(TypeError, lambda: 1 in p.Closed())
    refused(TypeError, len, p.Closed())
    refused(TypeError, operator.getitem, p.Closed(), 0)
    assert isinstance(n, collections.abc.Iterator) and isinstance(p.Closed(), collections.abc.Iterable)
    assert not isinstance(p.Closed(), collections.abc.Container)


def calls():
    f = p.Partial(lambda *a, **k: (a, k), 1, 2)
    assert f() == ((1, 2), {}) and f(3, x=4) == ((1, 2, 3), {"x": 4})
    assert callable(f) and not callable(p.Row()) and [*map(f, "ab")][1] == ((1, 2, "b"), {})
    refused(ZeroDivisionError, p.Partial(lambda: 1 / 0))
    refused(TypeError, p.Partial(1))
    refused(TypeError, p.Row())
    assert f.__call__(5)[0] == (1, 2, 5)
    refused(TypeError, p.Partial.__call__, 5)

    class Method:
        bound = p.Partial(lambda *a: a, 9)

    assert Method().bound() == (9,)


kit.run(globals())
