"""Comparison, hash and text."""

import operator

import kit
import pyo3_classes as p
from kit import refused

ORDER = operator.lt, operator.le, operator.gt, operator.ge
ALL = (operator.eq, operator.ne, *ORDER)


def derived_comparison_hash_and_text():
    a, b, c = p.Version(1, 2), p.Version(1, 2), p.Version(1, 10)
    assert a == b and a != c and a < c and c >= b and not a > b and a <= b
    assert hash(a) == hash(b) and {a: 1}[b] == 1 and len({a, b, c}) == 2
    assert sorted([c, a])[0] is a and max(a, c) is c
    assert a != 1 and not a == "1.2" and (a == None) is False
    for function in ORDER:
        refused(TypeError, function, a, 1)
        refused(TypeError, function, 1, a)
    assert str(a) == "1.2" and f"{c}" == "1.10" and f"{c:long}" == "version 1 point 10"
    assert format(a) == "1.2"
    refused(TypeError, format, a, "short")
    print(repr(a))
    assert a.__eq__(b) is True and a.__lt__(c) is True and a.__eq__(1) is NotImplemented


def one_function_for_all_comparisons():
    a, b, nan = p.Rich(1.0), p.Rich(2.0), p.Rich(float("nan"))
    table = [[function(x, y) for x in (a, b) for y in (a, b)] for function in ALL]
    assert table == [
        [True, False, False, True],
        [False, True, True, False],
        [False, True, False, False],
        [True, True, False, True],
        [False, False, True, False],
        [True, False, True, True],
    ]
    assert (a == nan) is False and (a != nan) == "not ordered" and (nan == nan) is True
    refused(TypeError, operator.lt, a, nan)
    assert (a == 1) is False and (a != 1) is True
    refused(TypeError, operator.gt, a, 1)
    refused(TypeError, hash, a)
    refused(TypeError, lambda: {a})
    assert p.Rich.__hash__ is None
    assert a in [b, a] and [a] == [p.Rich(1.0)] and (1, a) < (1, b)


def a_function_for_each_comparison():
    e = p.Each(5)
    assert e < 6 and e <= 5 and e == 5 and e != 6 and e > 4 and e >= 5
    assert 6 > e and 5 == e and 4 < e and 5 >= e and not 5 < e
    refused(TypeError, operator.ge, e, 13)
    refused(TypeError, operator.le, 13, e)
    assert (e == "x") is False and (e != "x") is True
    refused(TypeError, operator.lt, e, "x")
    assert hash(e) == 5 and hash(p.Each(-1)) == -2 and e.__hash__() == 5
    assert p.Each(-1).__hash__() == -2
    refused(TypeError, p.Each.__hash__, 5)
    refused(TypeError, p.Each.__lt__, 5, 6)

    class Equal(p.Each):
        def __eq__(self, other):
            return "equal"

    assert (Equal(1) == 1) == "equal" and Equal.__hash__ is None
    refused(TypeError, hash, Equal(1))

    class Hashed(p.Each):
        def __hash__(self):
            return super().__hash__() + 1

    assert hash(Hashed(1)) == 2 and Hashed(1) == 1 and Hashed(1) < 2


def refusals():
    r = p.Refusing()
    refused(TypeError, hash, r)
    refused(TypeError, repr, r)
    refused(TypeError, str, r)
    refused(TypeError, "{!r}".format, r)


def what_object_gives():
    a, b = p.Plain(), p.Plain()
    assert a == a and a != b and hash(a) == hash(a) and len({a, b, a}) == 2
    refused(TypeError, operator.lt, a, b)
    print(a, f"{a}", str(a) == repr(a))
    refused(TypeError, format, a, "x")
    assert a.__eq__(b) is NotImplemented and a.__ne__(a) is False and a.__lt__(a) is NotImplemented
    assert p.Plain.__eq__ is object.__eq__ and p.Plain.__hash__ is object.__hash__


kit.run(globals())
