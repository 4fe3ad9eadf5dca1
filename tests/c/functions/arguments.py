"""Arguments that C code converts by a format: PyArg_ParseTuple and its relatives."""

import array

from calling import *
from variadic import END, fmt, variadic, variadic_rows


class Index:
    def __index__(self):
        return 7

    def __float__(self):
        return 2.5

    def __complex__(self):
        return 1 + 2j

    def __bool__(self):
        raise LookupError("bool")

    def __repr__(self):
        return "<Index>"


class Sequence:
    def __init__(self, *items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        if self.items[index] == "fails":
            raise LookupError("item")
        return self.items[index]

    def __repr__(self):
        return f"<Sequence {self.items}>"


def parse(format, values, *variables):
    variadic_rows("PyArg_ParseTuple", [("o", values), fmt(format), *variables])


def parse_one(format, value, *variables):
    parse(format, (value,), *variables)
    variadic_rows("PyArg_Parse", [("o", value), fmt(format), *variables])


VALUES = 0, 1, -1, 127, 128, 255, 256, -128, -129, 32767, 32768, 65535, 65536, -32769, (1 << 31) - 1, 1 << 31, -(1 << 31) - 1, (1 << 32) + 3, HUGE
VALUES += HUGE + 1, -HUGE - 1, -HUGE - 2, (1 << 64) - 1, 1 << 64, (1 << 70) + 9, -(1 << 70) + 9, True, 1.5, "text", None, Index(), 2 + 3j, b"b", [], float("inf")
for unit in "bBhHiIlkLKn":
    for value in VALUES:
        parse_one(unit, value, ("n", 0))
for value in VALUES:
    parse_one("f", value, ("F", 0))
    parse_one("d", value, ("D", 0))
    parse_one("D", value, ("D", 0))
    parse_one("p", value, ("n", 0))
for value in b"x", b"", b"xy", bytearray(b"x"), bytearray(b"xyz"), "x", "", "xy", "\u20ac", "\U0001f600", "\ud800", 5, None:
    parse_one("c", value, ("n", 0))
    parse_one("C", value, ("n", 0))
TEXTS = "", "abc", "h\xe9\u20ac", "a\0b", "\udc80", b"", b"abc", b"a\0b", bytearray(b"ba"), memoryview(b"mv"), array.array("b", b"ar"), 5, None, [], Plain()
for value in TEXTS:
    for unit in "szy":
        if value != b"a\0b":
            parse_one(unit, value, ("t", 0))
        if value not in (memoryview(b"mv"),):
            parse_one(unit + "#", value, ("t", 0), ("n", -7))
        parse_one(unit + "*", value, ("B", 0))
    parse_one("w*", value, ("B", 0))
    for unit in "SYU":
        parse_one(unit, value, ("v", 0))
    for encoding in NULL, b"utf-8", b"latin-1", b"ascii", b"nosuch":
        for unit in "es", "et":
            parse_one(unit, value, ("s", encoding), ("m", NULL))
            parse_one(unit + "#", value, ("s", encoding), ("m", NULL), ("n", 0))
            for room in 64, 4, 3, 0:
                parse_one(unit + "#", value, ("s", encoding), ("m", 1), ("n", room))
for value in 5, True, "s", None, Own("x"):
    for cls in int, bool, object, str, ValueError, Own:
        parse_one("O!", value, ("o", cls), ("v", 0))
    parse_one("O", value, ("v", 0))
    for converter in 0, 1, 2:
        parse_one("O&", value, ("g", converter), ("n", 0))
        parse("O&i", (value, "no"), ("g", converter), ("n", 0), ("n", 0))
row("converters that were asked to clean up", lambda: driver.times_cleaned())
for unit in "s*", "y*", "w*":
    target = bytearray(b"pinned")
    parse(unit + "i", (target, "no"), ("B", 0), ("n", 0))
    row(f"{unit} is released", lambda: target.append(1))
for unit in "es", "es#":
    parse(unit + "i", ("text", "no"), ("s", NULL), ("m", NULL), ("n", 0), ("n", 0))

THREE = [("n", -7), ("n", -7), ("n", -7)]
for values in (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ("x",), (1, "x"), [1], 5:
    for format in (
        "", "i", "ii", "iii", "|i", "i|i", "i|ii", "||i", "i|", "|iii", "i:func", "ii:func", "i|i:func", "i;message", "ii;message", ":func", ";message", "i:", "i;",
        "(i)", "(ii)", "i(i)", "(i)i", "((i))", "()", "(|i)", "i!", "i?", "ix", "x", "i i", "i,i", "i$i", "1", "i(", "i)",
    ):
        if format in ("i(", "i)") or format.count("i") > 3:
            continue  # CPython ends the process.
        variadic_rows("PyArg_ParseTuple", [("o", values), fmt(format), *THREE])
        variadic_rows("PyArg_VaParse", [("o", values), fmt(format), *THREE])
        if type(values) is tuple and len(values) == 1:
            variadic_rows("PyArg_Parse", [("o", values[0]), fmt(format), *THREE])
for format in "", "i", "ii", "|i", ":func":
    variadic_rows("PyArg_Parse", [END, fmt(format), *THREE])
NESTED = (1, 2), [1, 2], (1,), (1, 2, 3), (1, "x"), "ab", b"ab", {1: 2, 3: 4}, {1, 2}, 5, None, Sequence(1, 2), Sequence(1, "fails"), Sequence(), range(2), (1, (2, 3))
for value in NESTED:
    for format in "(ii)", "(ii):func", "(ii);message":
        parse_one(format, value, *THREE)
    parse("i(ii)", (5, value), *THREE)
    parse("(i(ii))", (value,), *THREE)
parse("((i)(i(i)))", (((1,), (2, ("x",))),), *THREE)
probe = Plain()
row("PyArg_ParseTuple references", counted, lambda: variadic("PyArg_ParseTuple", ("o", (probe, probe)), fmt("OO!"), ("v", 0), ("o", Plain), ("v", 0)), probe)
row("PyArg_ParseTuple references of a failure", counted, lambda: variadic("PyArg_ParseTuple", ("o", (probe, "x")), fmt("Oi"), ("v", 0), ("n", 0)), probe)

# ---- Keywords ----

NAMES = (b"a", b"b", b"c"), (b"", b"b", b"c"), (b"", b"", b"c"), (b"", b"", b""), (b"a", b"", b"c"), (b"a",), (b"a", b"b"), ()
FORMATS = "iii", "i|ii", "|iii", "ii|i", "i|i$i", "|$iii", "i$ii", "|i$ii", "$iii", "iii:func", "i|ii:func", "i|i$i:func", "iii;message", "i$i|i", "|i|ii", "|$i$ii", "i", "ii", "|i", "", "iiix"
CALLS = ((), NULL), ((1,), NULL), ((1, 2), NULL), ((1, 2, 3), NULL), ((1, 2, 3, 4), NULL), ((), {}), ((), {"a": 1}), ((), {"a": 1, "b": 2, "c": 3}), ((1,), {"b": 2}), ((1,), {"c": 3})
CALLS += ((1,), {"a": 1}), ((1, 2), {"a": 1}), ((1,), {"x": 1}), ((), {"x": 1}), ((1, 2, 3), {"a": 1}), ((1, 2, 3), {"x": 1}), ((1, 2), {"c": "x"}), (("x",), {"b": 2}), ((1,), {5: 1})
CALLS += ((1,), {"b": 2, "x": 3}), ((), {"": 1}), ((1, 2), {"": 3}), ((), {"b": 2}), ((), {"b": 1, "c": 2}), ((1,), {"b": 2, "c": 3})
for names in NAMES:
    for format in FORMATS:
        for values, keywords in CALLS:
            variadic_rows("PyArg_ParseTupleAndKeywords", [("o", values), ("o", keywords), fmt(format), ("k", names), *THREE])
variadic_rows("PyArg_VaParseTupleAndKeywords", [("o", (1,)), ("o", {"b": 2}), fmt("i|ii"), ("k", (b"a", b"b", b"c")), *THREE])
# Units that are skipped skip their variables.
LAST = ("o", ()), ("o", {"last": 5})
for format, *variables in (
    ["|si", ("t", 0)], ["|s#i", ("t", 0), ("n", 1)], ["|s*i", ("B", 0)], ["|O!i", ("o", int), ("v", 0)], ["|O&i", ("g", 0), ("n", 0)], ["|Oi", ("v", 0)], ["|(iO)i", ("n", 1), ("v", 0)],
    ["|esi", ("s", NULL), ("m", NULL)], ["|es#i", ("s", NULL), ("m", NULL), ("n", 1)], ["|Di", ("D", 0)], ["|w*i", ("B", 0)], ["|pi", ("n", 1)], ["|((ii)i)i", ("n", 1), ("n", 2), ("n", 3)], ["|ui"], ["|xi"],
):
    if not any(kind == "B" for kind, _ in variables):
        variadic_rows("PyArg_ParseTupleAndKeywords", [*LAST, fmt(format), ("k", (b"first", b"last")), *variables, ("n", -7)])
variadic_rows("PyArg_ParseTupleAndKeywords", [("o", [1]), END, fmt("i"), ("k", (b"a",)), *THREE], [("o", (1,)), ("o", [1]), fmt("i"), ("k", (b"a",)), *THREE])
for keywords in {}, {"a": 1}, {5: 1}, [1], 5:
    variadic_rows("PyArg_ValidateKeywordArguments", [("o", keywords)])
