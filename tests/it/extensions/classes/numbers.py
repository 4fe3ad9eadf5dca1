"""Operators of numbers."""

import math
import operator

import kit
import pyo3_classes as p
from kit import refused

BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "@": operator.matmul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "divmod": divmod,
    "**": pow,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
NAMES = "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and or xor".split()


def binary_operators():
    left, right = p.Left(), p.Right()
    for text, function in BINARY.items():
        assert function(left, 1) == f"L {text} 1", text
        assert function(1, right) == f"1 {text} R", text
        assert function(left, right) == f"L {text} R", text
        refused(TypeError, function, 1, left)
        refused(TypeError, function, right, 1)
        refused(TypeError, function, right, left)
    assert pow(left, 2, 3) == "L ** 2 mod 3"
    refused(TypeError, pow, 2, left, 3)
    print(p.Left.__add__, p.Left().__add__, sep="\n")


def dunder_methods():
    left, right = p.Left(), p.Right()
    for text, name in zip(BINARY, NAMES):
        assert getattr(left, f"__{name}__")(1) == f"L {text} 1"
        assert getattr(right, f"__r{name}__")(1) == f"1 {text} R"
        assert getattr(left, f"__r{name}__")(1) is NotImplemented
        assert getattr(right, f"__{name}__")(1) is NotImplemented
        refused(TypeError, getattr(p.Left, f"__{name}__"), 3, 1)
    assert left.__pow__(2, 3) == "L ** 2 mod 3"
    refused(TypeError, left.__add__)
    refused(TypeError, left.__add__, 1, 2)
    refused(TypeError, left.__pow__, 1, 2, 3)


def operators_of_subclasses():
    class Sub(p.Left):
        def __add__(self, other):
            return "S" + super().__add__(other)

        def __radd__(self, other):
            return f"{other} radd S"

    assert Sub() + 1 == "SL + 1"
    assert 1 + Sub() == "1 radd S"
    assert p.Left() + Sub() == "L radd S"
    assert Sub() - 1 == "L - 1"

    class Right(p.Right):
        pass

    assert 1 + Right() == "1 + R" and p.Left() * Right() == "L * R"


def unary_operators():
    left = p.Left()
    assert (-left, +left, ~left, abs(left), str(left)) == ("-L", "+L", "~L", "|L|", "L")
    refused(TypeError, operator.neg, p.Right())
    refused(TypeError, abs, p.Right())
    refused(TypeError, operator.invert, p.InPlace(1))


def operators_in_place():
    n = same = p.InPlace(10)
    n += 5
    assert n is same and n.value == 15
    n -= 1
    n *= 3
    assert n.value == 42
    n @= 7
    assert n.value == 42007
    n /= 2
    n //= 10
    n %= 1000
    assert n.value == 100
    n **= 2
    n <<= 3
    n >>= 1
    assert n is same and n.value == 40000
    n &= 0xFF0
    n |= 1
    n ^= 3
    assert n is same and n.value == (40000 & 0xFF0 | 1) ^ 3
    refused(TypeError, operator.iadd, n, "x")
    refused(TypeError, operator.iadd, n, 1.5)
    refused(TypeError, operator.add, n, 1)
    refused(ZeroDivisionError, operator.itruediv, n, 0)
    assert n.__iadd__(1) is n
    left = p.Left()
    left += 1
    assert left == "L + 1"


def an_operand_of_another_class_is_not_an_error():
    a = p.Number(3)
    assert repr(a + p.Number(4)) == "Number(7)"
    assert repr(5 + a) == "Number(8)"
    refused(TypeError, operator.add, a, 5)
    refused(TypeError, operator.add, a, "x")
    refused(TypeError, operator.add, "x", a)
    assert a.__add__("x") is NotImplemented


def conversions():
    a = p.Number(6)
    assert int(a) == 6 and operator.index(a) == 6 and float(a) == 6.5 and complex(a) == 6 + 1j
    assert type(int(a)) is int and hex(a) == "0x6" and [1, 2, 3, 4, 5, 6, 7][a] == 7
    assert list(range(a))[-1] == 5 and "ab" * a == "abababababab" and math.sqrt(a) == 6.5**0.5
    assert round(a) == (6, None) and round(a, 2) == (6, 2)
    assert bool(a) and not p.Number(0) and (p.Number(0) or 1) == 1
    refused(ValueError, bool, p.Number(13))
    refused(ValueError, lambda: not p.Number(13))
    refused(ValueError, lambda: 1 if p.Number(13) else 2)
    refused(TypeError, int, p.Left())
    refused(TypeError, float, p.Left())
    assert bool(p.Left())


kit.run(globals())
