"""Values that cross between Python and Rust."""

import datetime
import pathlib
import types

import kit
import pyo3_classes as p
from kit import refused


def derived_conversions():
    assert p.config({"host": "h", "port": 1}) == {"host": "h", "port": 2}
    assert p.config({"host": "h"}) == {"host": "h", "port": 81}
    refused(KeyError, p.config, {})
    refused(TypeError, p.config, {"host": 1})
    refused(TypeError, p.config, 5)
    someone = types.SimpleNamespace(name="n", years=3)
    assert p.person(someone) == ("n", 3)
    del someone.years
    assert p.person(someone) == ("n", None)
    refused(AttributeError, p.person, 5)
    someone.years = 1000
    refused(TypeError, p.person, someone)
    assert p.pair((1, "a")) == (2, "a!")
    refused(ValueError, p.pair, (1,))
    refused(TypeError, p.pair, (1, 2))
    refused(TypeError, p.pair, [1, "a"])


def one_of_several_types():
    assert p.any(5) == ("number", 5) and p.any("t") == ("text", "t")
    assert p.any(types.SimpleNamespace(x=1, y=2.5)) == ("point", {"x": 1.0, "y": 2.5})
    assert p.any([1, 2]) == ("items", b"\x01\x02")
    refused(TypeError, p.any, None)
    refused(TypeError, p.any, [1, "x"])


def collections_and_numbers():
    arguments = (
        (-128, 255, -32768, 65535, -(2**31), 2**32 - 1, -(2**63), 2**64 - 1),
        [1.5, float("inf")],
        ["a", "ß", ""],
        {"k": 1},
        {1, 2},
        ({3: True}, {"z"}),
        None,
        pathlib.Path("/tmp/x"),
        datetime.timedelta(days=1, microseconds=5),
        (-(2**127), 2**128 - 1),
    )
    assert p.through(*arguments) == arguments
    assert p.through(*arguments[:6], True, "file", *arguments[8:])[6:8] == (True, pathlib.Path("file"))
    refused(ValueError, p.through, arguments[0], [1.0], *arguments[2:])
    refused(ValueError, p.through, arguments[0][1:], *arguments[1:])
    refused(TypeError, p.through, *arguments[:2], "text", *arguments[3:])
    refused(ValueError, p.through, *arguments[:8], datetime.timedelta(-1), arguments[9])


def integers_and_text():
    assert p.byte(255) == 255 and p.byte(True) == 1

    class Index:
        def __index__(self):
            return 7

    assert p.byte(Index()) == 7 and p.byte(p.Number(8)) == 8
    refused(OverflowError, p.byte, 256)
    refused(OverflowError, p.byte, -1)
    refused(OverflowError, p.byte, 1 << 100)
    refused(TypeError, p.byte, 1.5)
    refused(TypeError, p.byte, "1")
    refused(TypeError, p.byte, None)
    assert p.text("aß\U0001f600") == (7, "\U0001f600ßa") and p.text("") == (0, "")
    refused(UnicodeEncodeError, p.text, "\ud800")
    refused(TypeError, p.text, b"x")

    class Text(str):
        pass

    assert p.text(Text("ab")) == (2, "ba")


def attributes_of_an_object():
    o = p.Noted()
    o.b, o.a = 1, 2
    assert p.sorted_attributes(o) == [("b", 1), ("a", 2)]
    o.c = "x"
    refused(TypeError, p.sorted_attributes, o)
    refused(AttributeError, p.sorted_attributes, p.Empty())


kit.run(globals())
