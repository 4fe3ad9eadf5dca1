"""Functions with variable arguments: values from formats, texts from formats, calls, tuples."""

import io
import sys
import warnings

from calling import *


def variadic(name, *values, pending=NULL):
    return driver.variadic(name.encode(), pending, values)


def variadic_rows(name, *rows):
    for values in rows:
        label = name + " " + shown([value for _, value in values])
        row(label, lambda: variadic(name, *values))


def fmt(text):
    return "s", text.encode("utf-8", "surrogateescape")


def build(format, *values):
    variadic_rows("Py_BuildValue", [fmt(format), *values])


def text(format, *values):
    variadic_rows("PyUnicode_FromFormat", [fmt(format), *values])


# ---- Values from formats ----

INTEGERS = 0, 1, -1, 127, 128, 255, 256, -128, 32767, 65535, 1 << 31, (1 << 31) - 1, -(1 << 31), (1 << 32) - 1
INTEGERS += (1 << 32) + 5, HUGE, -HUGE - 1
for unit in "bBhHiIlkLKncC":
    for value in INTEGERS:
        if unit in "bBhH" and not -32768 <= value <= 65535:
            continue  # C code passes no such value.
        build(unit, ("i", value))
for value in 0.0, 1.5, -0.0, 1e308, float("inf"), float("nan"):
    build("d", ("d", value))
    build("f", ("d", value))
    build("D", ("c", value))
build("dddddddd", *[("d", i / 4) for i in range(8)])
build("didid", ("d", 0.5), ("i", 1), ("d", 1.5), ("i", 2), ("d", 2.5))
row("many doubles", variadic, "many doubles")
for value in 0x41, 0, 0x20ac, 0x10ffff, 0x110000, 0xd800, -1:
    build("C", ("i", value))
for unit in "szUy":
    for value in b"", b"abc", "h\xe9\u20ac\U0001f600".encode(), b"ab\xff", b"\xed\xa0\x80", NULL:
        build(unit, ("s", value))
        for length in 0, 1, 3, -1:
            if value is NULL or len(value) >= length:
                build(unit + "#", ("s", value), ("i", length))
    build(unit + "#", ("s", b"a\0b"), ("i", 3))
for value in b"", b"abc", b"\xe9\xff", NULL:
    build("u", ("w", value))
    for length in 0, 1, -1:
        if value is NULL or len(value) >= length:
            build("u#", ("w", value), ("i", length))
OBJECTS = 5, "text", None, (1, 2), [1], {}, ValueError("x")
for unit in "OSN":
    for value in OBJECTS:
        build(unit, ("r" if unit == "N" else "o", value))
    build(unit, ("o", NULL))
    build(unit + unit, ("r" if unit == "N" else "o", 5), ("o", NULL))
    row(f"Py_BuildValue {unit} NULL with one pending", lambda: variadic("Py_BuildValue", fmt(unit), ("o", NULL), pending=KeyError("first")))
    row(f"Py_BuildValue i{unit} NULL with one pending", lambda: variadic("Py_BuildValue", fmt("i" + unit), ("i", 5), ("o", NULL), pending=KeyError("first")))
for which in True, False:
    for unit in "O&", "S&", "N&", "(O&)", "{O&:O&}":
        build(unit, ("f", which), ("i", 21), ("f", which), ("i", 4))
    build("[O&i]", ("f", which), ("i", 21), ("i", 4))
row("Py_BuildValue i with one pending", lambda: variadic("Py_BuildValue", fmt("i"), ("i", 5), pending=KeyError("first")))

THREE = [("i", 7), ("i", 8), ("i", 9), ("i", 10)]
for format in (
    "", " ", ",", "i", "ii", "iii", "()", "(i)", "(ii)", "((i))", "i(ii)i", "[]", "[i]", "[ii]", "[(i)i]", "{}", "{ii}", "{i:i}",
    "{i:i,i:i}", "{iii}", "{i}", "(i", "[i", "{i", "i)", "ii)", "i]", "(i]", "[i)", "{ii)", "(i]i", "([i)]", ")", "]", "}", ")i", "i)i",
    "(", "((", "(()", "()()", "i,i", " i ", "i\ti", "i:i", "#", "i#", "&", "i&", "x", "ix", "xi", "(x)", "i(xi)i", "[xi]", "{xi}", "{ix}",
    "{i:x}", "{[]:i}", "{i:[]}", "(i)(i)", "[i][i]", "%", "\xff", "i i i i", "e", "w", "t", "Y", "0", "\n", "i\ni",
    "{i:{i:i}}", "{i:(ii)}", "{(i):i}", "{ii,}", "[[i],[i]]", "(((((i)))))", "(", "i(", "(i(i)", "{i(i)}", "{[i]i}",
):
    build(format, *THREE)
    variadic_rows("Py_VaBuildValue", [fmt(format), *THREE])
for format in "NN", "(NN)", "[NN]", "{NN}", "xNN", "(xN)N", "Nx", "[Nx]", "{NxN}", "{xN}", "NO", "{NN", "N":
    probe = Plain()
    values = [("r", probe), ("r", probe) if "O" not in format else ("o", NULL)][:format.count("N") + format.count("O")]
    row(f"Py_BuildValue {format} references", counted, lambda: variadic("Py_BuildValue", fmt(format), *values), probe)
for format in "OO", "(OO)", "[OO]", "{OO}", "xOO", "Ox", "{O:O}":
    row(f"Py_BuildValue {format} references", counted, lambda: variadic("Py_BuildValue", fmt(format), ("o", probe), ("o", probe)), probe)
variadic_rows("Py_BuildValue", [("s", b"{O:i}"), ("o", []), ("i", 1)], [("s", b"i{O:i}i"), ("i", 1), ("o", []), ("i", 1), ("i", 2)])
variadic_rows("Py_BuildValue", [("s", b"{O:i,O:i}"), ("o", "a"), ("i", 1), ("o", "a"), ("i", 2)])


class Random:
    """The same numbers in both interpreters."""

    def __init__(self, seed):
        self.state = seed

    def __call__(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return (self.state >> 33) % limit


def random_format(random):
    """A format of well-formed and sometimes other units, and values that fit."""
    units = "iiIlkLKnsyOOOddhbBHcC((([[[{{)]}}}) ,:x"
    values, words, doubles, format = [], 0, 0, ""
    for _ in range(random(9)):
        unit = units[random(len(units))]
        if unit == "d" and doubles == 8:
            continue
        format += unit
        if unit == "d":
            doubles += 1
            values.append(("d", random(1000) / 8))
        elif unit in "sy":
            values.append(("s", [b"", b"abc", b"\xff", b"\xc3\xa9"][random(4)]))
        elif unit == "O":
            values.append(("o", [5, "t", (), [], Plain, NULL][random(6)]))
        elif unit == "C":
            values.append(("i", random(0x120000)))
        elif unit in "iIlkLKnhbBHc":
            values.append(("i", random(256)))
    # A format that is wrong may read more.
    return format, values + [("o", None)] * 4


random = Random(7)
for _ in range(600):
    format, values = random_format(random)
    if not ("x" in format and ("O" in format or "s" in format or "y" in format)):
        build(format, *values)

# ---- Texts from formats ----

for letter in "diouxX":
    for size in "", "l", "ll", "j", "z", "t":
        for value in 0, 1, -1, 123456, -(1 << 31), (1 << 31) - 1, HUGE, -HUGE - 1:
            text(f"<%{size}{letter}>", ("i", value))
    for flags in "", "-", "0", "-0", "0-", "#", "#0":
        for width in "", "1", "5", "12", "*":
            for precision in "", ".", ".0", ".3", ".8", ".*":
                starred = [("i", 7)] * (width == "*") + [("i", 4)] * (precision == ".*")
                for value in 0, 1234, -1234:
                    text(f"<%{flags}{width}{precision}{letter}>", *starred, ("i", value))
for star in 5, 0, -5, -(1 << 31) + 1:
    if abs(star) < 100:
        text("<%*d>", ("i", star), ("i", 42))
        text("<%*s>", ("i", star), ("s", b"ab"))
        text("<%*U>", ("i", star), ("o", "ab"))
    text("<%.*d>", ("i", star), ("i", 42))
    if star >= 0:  # CPython does not survive others.
        text("<%.*s>", ("i", star), ("s", b"abcdefgh"))
        text("<%.*U>", ("i", star), ("o", "abcdefgh"))
for value in 1, 0x7fff12345678, HUGE:
    text("<%p>", ("i", value))
for value in 0x41, 0x20ac, 0x10ffff, 0x110000, -1, 0xd800, 0:
    text("<%c>", ("i", value))
STRINGS = b"", b"abc", "h\xe9\u20ac\U0001f600".encode(), b"ab\xffcd", b"\xed\xa0\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\x80", b"a\xe2\x82\xacb", b"\xf4\x90\x80\x80"
# A precision of CPython 3.14 may leave out a character that it cuts, so no row cuts one.
STRINGS += b"\xe2\x82a", b"\xf0\x9f\x98\xf0", b"\xed\xa0", b"\xf4\x90", b"\xc2", b"\xe0\x80"
for value in STRINGS:
    for spec in "", "8", "-8", "08", ".1", ".10", "8.1", "-8.10", ".0", ".", "1":
        if "1" in spec and "10" not in spec and "." in spec and value[:1] > b"\x80":
            continue
        text(f"<%{spec}s>", ("s", value))
        text(f"<%{spec}V>", ("o", NULL), ("s", value))
for value in b"", b"abc", b"\xe9\xff":
    for spec in "", "8", "-8", ".2", ".3", "8.2", "-8.3", ".0":
        text(f"<%{spec}ls>", ("w", value))
        text(f"<%{spec}lV>", ("o", NULL), ("w", value))
        text(f"<%{spec}lV>", ("o", "object"), ("w", value))


class Texts:
    def __repr__(self):
        return "repr \xe9\u20ac"

    def __str__(self):
        return "str"


class Raises:
    def __repr__(self):
        raise LookupError("repr")


for letter in "USRATV":
    for spec in "", "8", "-8", "08", ".2", "8.2", "-8.20", ".0", ".", "1", "#":
        for value in "t\xe9xt", "\udc80x", Texts(), 5:
            if letter in "UV" and type(value) is not str:
                continue
            text(f"<%{spec}{letter}>", ("o", value), ("s", b"unused"))
for letter in "SRA":
    row(f"PyUnicode_FromFormat %{letter} raises", variadic, "PyUnicode_FromFormat", fmt(f"<%{letter}>"), ("o", Raises()))


class Outer:
    class Inner:
        pass


other = type("Other", (), {"__module__": "some.module"})
odd = type("Odd", (), {"__module__": 5})
for cls in int, Outer, Outer.Inner, other, ValueError, io.StringIO, odd, type:
    for spec in "", "#", "12", "#-30", ".3":
        text(f"<%{spec}N>", ("o", cls))
        if cls not in (type, odd):
            text(f"<%{spec}T>", ("o", cls()))
text("%N", ("o", 5))
for format in (
    "", "plain", "%%", "%%%%", "100%%", "%", "a%", "%5", "%l", "%lll", "%q", "a%qb", "%5c", "%.5c", "%lc", "%5p", "%.1p", "%lp", "%zs", "%lls", "%js",
    "%lU", "%zS", "%lR", "%lA", "%lT", "%lN", "%hd", "%f", "%e", "%g", "%n", "% d", "%+d", "%5%", "%-%", "%l%", "\xe9", "a\xffb", "a%d\xff",
    "%99999999999999999999d", "%9223372036854775807d", "%9223372036854775808d", "%.99999999999999999999d", "%.9223372036854775808d",
    "%m", "%D", "%i%", "%-", "%0", "%.", "%*", "%.*", "%1.2.3d", "%d%q%d", "%I64d", "%Ld",
):
    text(format, ("i", 1), ("i", 2), ("i", 3))
    variadic_rows("PyUnicode_FromFormatV", [fmt(format), ("i", 1), ("i", 2), ("i", 3)])
text("%9223372036854775807s", ("s", b"x"))
text("%.9223372036854775807s", ("s", b"x"))
row("many in text", variadic, "many in text")
row("PyUnicode_FromFormat %R references", counted, lambda: variadic("PyUnicode_FromFormat", fmt("%R%S%A%T"), ("o", probe), ("o", probe), ("o", probe), ("o", probe)), probe)

# ---- Exceptions and warnings with such a text ----

for exception in ValueError, KeyError, Own, Refuses, MakesAnInt, OSError, 5, int, None, ValueError("x"):
    variadic_rows("PyErr_Format", [("o", exception), fmt("<%d>"), ("i", 5)], [("o", exception), fmt("%q")], [("o", exception), fmt("")])
    variadic_rows("PyErr_FormatV", [("o", exception), fmt("<%s>"), ("s", b"text")])
row("PyErr_Format with one pending", lambda: variadic("PyErr_Format", ("o", ValueError), fmt("%S"), ("o", 5), pending=KeyError("before")))
row("PyErr_Format a wrong format with one pending", lambda: variadic("PyErr_Format", ("o", ValueError), fmt("%q"), pending=KeyError("before")))


def warned(name, *values, action="always"):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter(action)
        answer = variadic(name, *values)
    return answer, [(str(w.message), w.category, shown(w.source), w.filename.rpartition("/")[2]) for w in seen]


for category in UserWarning, NULL, ResourceWarning, Warning:
    for level in 0, 1, 2:
        row(f"PyErr_WarnFormat {shown(category)} {level}", warned, "PyErr_WarnFormat", ("o", category), ("i", level), fmt("<%d>"), ("i", 5))
row("PyErr_WarnFormat as an error", lambda: warned("PyErr_WarnFormat", ("o", UserWarning), ("i", 1), fmt("%s"), ("s", b"x"), action="error"))
row("PyErr_WarnFormat of a wrong format", lambda: warned("PyErr_WarnFormat", ("o", UserWarning), ("i", 1), fmt("%q")))
for source in 5, NULL, None:
    row(f"PyErr_ResourceWarning {shown(source)}", warned, "PyErr_ResourceWarning", ("o", source), ("i", 1), fmt("<%d>"), ("i", 5))

# ---- Tuples ----

for values in [], [1], [1, "two"], [None] * 6, list(range(12)):
    variadic_rows("PyTuple_Pack", [("i", len(values)), *(("o", value) for value in values)])
row("PyTuple_Pack references", counted, lambda: variadic("PyTuple_Pack", ("i", 2), ("o", probe), ("o", probe)), probe)
for tuple_ in (), (1,), (1, 2), (1, 2, 3), Sub((1,)), [1], 5, None:
    for low, high in (0, 0), (0, 1), (1, 1), (1, 2), (2, 3), (3, 3), (0, 3):
        for name in b"func", NULL, b"", b"f\xc3\xa9":
            variadic_rows("PyArg_UnpackTuple", [("o", tuple_), ("s", name), ("i", low), ("i", high), ("v", 0), ("v", 1), ("v", 2)])
row("PyArg_UnpackTuple references", counted, lambda: variadic("PyArg_UnpackTuple", ("o", (probe,)), ("s", b"f"), ("i", 1), ("i", 1), ("v", 0)), probe)

# ---- Calls ----


class Methods:
    attribute = 5

    def method(self, *arguments):
        return arguments

    def fails(self, *arguments):
        raise KeyError("called")

    @property
    def asked(self):
        raise LookupError("asked")

    @staticmethod
    def static(*arguments):
        return arguments

    @classmethod
    def cls(cls, *arguments):
        return cls, arguments


def takes(*arguments):
    return arguments


FORMATS = [(NULL,), (b"",), (b" ",), (b"i", ("i", 5)), (b"(i)", ("i", 5)), (b"((i))", ("i", 5)), (b"()",), (b"ii", ("i", 5), ("i", 6))]
FORMATS += [(b"(ii)", ("i", 5), ("i", 6)), (b"O", ("o", (1, 2))), (b"O", ("o", Sub((1, 2)))), (b"O", ("o", [1, 2])), (b"O", ("o", NULL)), (b"x",)]
FORMATS += [(b"OO", ("o", (1, 2)), ("o", None)), (b"(i", ("i", 1)), (b"i)", ("i", 1)), (b"s", ("s", b"\xff")), (b"[i]", ("i", 1)), (b"{ii}", ("i", 1), ("i", 2))]
for format, *values in FORMATS:
    for callable_ in takes, int, 5, NULL, Plain:
        variadic_rows("PyObject_CallFunction", [("o", callable_), ("s", format), *values])
    for object_ in Methods(), Methods, 5, NULL:
        for name in b"method", b"static", b"cls", b"fails":
            if not (object_ is Methods and name in (b"method", b"fails")):
                variadic_rows("PyObject_CallMethod", [("o", object_), ("s", name), ("s", format), *values])
for name in b"attribute", b"asked", b"nosuch", b"", b"\xff", NULL, b"a\xc3\xa9":
    variadic_rows("PyObject_CallMethod", [("o", Methods()), ("s", name), ("s", NULL)])
variadic_rows("PyObject_CallMethod", [("o", "a,b"), ("s", b"split"), ("s", b"si"), ("s", b","), ("i", 1)], [("o", []), ("s", b"__sizeof"), ("s", NULL)])
END = "o", NULL
for arguments in [], [1], [1, 2], [(1, 2)], [None] * 6:
    values = [("o", argument) for argument in arguments] + [END]
    for callable_ in takes, int, 5, NULL, Plain:
        variadic_rows("PyObject_CallFunctionObjArgs", [("o", callable_), *values])
    for name in "method", "static", "cls", "fails", "attribute", "asked", "nosuch", "", 5, None, NULL, b"method":
        variadic_rows("PyObject_CallMethodObjArgs", [("o", Methods()), ("o", name), *values])
    variadic_rows("PyObject_CallMethodObjArgs", [("o", NULL), ("o", "method"), *values])
variadic_rows("PyObject_CallMethodObjArgs", [("o", ["a"]), ("o", "index"), ("o", "a"), END], [("o", 5), ("o", "bit_length"), END])
for name in "PyObject_CallFunction", "PyObject_CallFunctionObjArgs", "PyObject_CallMethodObjArgs":
    row(f"{name} NULL with one pending", lambda: variadic(name, END, END, pending=KeyError("first")))
row("PyObject_CallMethod NULL with one pending", lambda: variadic("PyObject_CallMethod", END, ("s", b"m"), END, pending=KeyError("first")))
row("PyObject_CallFunctionObjArgs references", counted, lambda: variadic("PyObject_CallFunctionObjArgs", ("o", takes), ("o", probe), ("o", probe), END), probe)
row("PyObject_CallMethodObjArgs references", counted, lambda: variadic("PyObject_CallMethodObjArgs", ("o", Methods()), ("o", "method"), ("o", probe), END), probe)
row("PyObject_CallFunction references", counted, lambda: variadic("PyObject_CallFunction", ("o", takes), fmt("ON"), ("o", probe), ("r", probe)), probe)
row("PyObject_CallFunction a failing one, references", counted, lambda: variadic("PyObject_CallFunction", ("o", 5), fmt("ON"), ("o", probe), ("r", probe)), probe)

# ---- Streams ----


def written(name, *values, stream="", pending=NULL):
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = made = io.StringIO(), io.StringIO()
    if stream:
        sys.stdout = sys.stderr = stream
    try:
        answer = variadic(name, *values, pending=pending)
    finally:
        sys.stdout, sys.stderr = kept
    return answer, made[0].getvalue(), made[1].getvalue()


for name in "PySys_WriteStdout", "PySys_WriteStderr":
    row(name, written, name, fmt("<%d %s %c>"), ("i", 5), ("s", b"text"), ("i", 0x41))
    row(f"{name} with a double", written, name, fmt("<%5.2f>"), ("d", 2.5))
    for length in 999, 1000, 1001, 5000:
        row(f"{name} {length}", written, name, fmt("%s"), ("s", b"x" * length))
    row(f"{name} with one pending", lambda: written(name, fmt("x"), pending=KeyError("kept")))
    row(f"{name} of UTF-8", written, name, fmt("%s"), ("s", "\xe9\u20ac".encode()))
for name in "PySys_FormatStdout", "PySys_FormatStderr":
    row(name, written, name, fmt("<%d %s %c %R>"), ("i", 5), ("s", b"text"), ("i", 0x41), ("o", [1]))
    row(f"{name} long", written, name, fmt("%s"), ("s", b"x" * 5000))
    row(f"{name} a wrong format", written, name, fmt("%q"))
    row(f"{name} a wrong format with one pending", lambda: written(name, fmt("%q"), pending=KeyError("kept")))
    row(f"{name} with one pending", lambda: written(name, fmt("x"), pending=KeyError("kept")))
