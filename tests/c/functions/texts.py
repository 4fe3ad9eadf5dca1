"""Text borrowed from objects, and bytes made in C."""

import types

from calling import *


class SubBytes(bytes):
    pass


class SubStr(str):
    pass


OF_BYTES = "PyBytes_AsString", "PyBytes_AsStringAndSize", "PyBytes_AsStringAndSize without size"
OF_STR = "PyUnicode_AsUTF8", "PyUnicode_AsUTF8AndSize", "size of PyUnicode_AsUTF8AndSize"
MADE = "PyBytes_FromStringAndSize", "PyByteArray_FromStringAndSize"

for size in 0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 100, 1000:
    for name in OF_BYTES:
        calls(name, [b"x" * size], [(bytes(range(1, 256)) * 4)[:size]])
    calls("PyByteArray_AsString", [bytearray(b"y" * size)])
    for name in OF_STR:
        calls(name, ["z" * size], ["\xe9" * size], ["\u20ac" * size], ["\U0001f600" * size])
for name in OF_BYTES:
    calls(name, [b"\0"], [b"a\0b"], [SubBytes(b"sub")], ["text"], [bytearray(b"ba")], [memoryview(b"mv")], [5], [None], [Plain()])
calls("PyByteArray_AsString", [bytearray(b"a\0b")])
for name in OF_STR:
    calls(name, ["\0"], ["a\0b"], [SubStr("sub")], [b"bytes"], [5], [None], [Plain()])
    calls(name, ["\ud800"], ["a\udc80"], ["\u20ac\ud800\udc80b\udcff"], ["\udfff" * 9], [SubStr("\udc80")])
for value in "counted", "c\xe9", b"counted":
    name = "PyBytes_AsString" if isinstance(value, bytes) else "PyUnicode_AsUTF8"
    value = value[:3] + value[3:]
    row(f"{name} {value} references", counted, lambda: call(name, value), value)
for name in MADE:
    calls(name, [b"abc", 3], [b"abc", 2], [b"abc", 0], [b"", 0], [NULL, 0], [b"abc", -1], [NULL, -1])
# No row makes a huge bytearray: CPython frees one that it could not allocate as if it were
# exported.
calls("PyBytes_FromStringAndSize", [NULL, HUGE], [NULL, HUGE // 2])
calls("PyBytes_FromString", [b""], [b"abc"], [b"\xff"])
EMPTY = b""
row("PyBytes_FromStringAndSize empty is", lambda: call("PyBytes_FromStringAndSize", NULL, 0)[0] is EMPTY)

module = types.ModuleType("m\xfc")
nameless = types.ModuleType("m")
del nameless.__name__
odd = types.ModuleType("m")
odd.__name__ = 5
surrogate = types.ModuleType("\udc80")
calls("PyModule_GetName", [module], [nameless], [odd], [surrogate], [5], [Plain()])


def grown(name, start, more):
    """The interpreters append in place to a text that only a local variable refers to."""
    text = start * 3
    answers = [call(name, text)]
    for _ in range(60):
        text += more
        answers.append(call(name, text))
    return answers


for name in OF_STR:
    row(f"{name} grows", grown, name, "ab", "xyz")
    row(f"{name} grows beyond ASCII", grown, name, "\xe9", "\u20ac")
    row(f"{name} grows from nothing", grown, name, "", "xyz")
row("PyUnicode_AsUTF8 grows a surrogate", grown, "PyUnicode_AsUTF8", "ab", "\udc80")

# ---- A str from text ----

ODD = b"\xff", b"\xed\xa0\x80", b"ab\x80", b"\xe2\x82", b"\xf5\x80\x80\x80", b"\xc0\x80"
for text in b"", b"abc", "h\xe9\u20ac\U0001f600".encode(), b"a\0b", *ODD:
    calls("PyUnicode_FromStringAndSize", [text, len(text)])
    calls("PyUnicode_FromString", [text])
    calls("PyUnicode_InternFromString", [text])
calls("PyUnicode_FromStringAndSize", [b"abc", 2], [b"abc", 0], [NULL, 0], [b"abc", -1], [NULL, -1], [NULL, 1])
calls("PyUnicode_InternInPlace", ["interned"], [SubStr("not")], [5], [b"bytes"], [NULL])
text = "text of %d" % 5
row("PyUnicode_InternInPlace is one", lambda: call("PyUnicode_InternInPlace", text)[0] is call("PyUnicode_InternFromString", text.encode())[0])
calls("PyDict_Next", [{}], [{1: 2, "a": None}], [5], [None], [[1, 2]], [types.SimpleNamespace()])
