"""Copies between views and contiguous memory."""

import array

from showing import *

RANGE = bytes(range(24))


def things():
    block = bytearray(RANGE)
    yield "bytearray", block
    yield "step", memoryview(block)[::3]
    yield "backwards", memoryview(block)[::-2]
    yield "shorts backwards", memoryview(block).cast("H")[::-1]
    yield "grid", memoryview(block).cast("B", (2, 3, 4))
    yield "rows backwards", memoryview(block).cast("B", (6, 4))[::-1]
    yield "every second row", memoryview(block).cast("I", (3, 2))[::2]
    yield "no dimensions", memoryview(block)[:4].cast("I", ())
    yield "empty", memoryview(block)[5:5]
    yield "array", array.array("H", [1, 2, 3])


for name, thing in things():
    for flags in FULL_RO, STRIDES, ND, SIMPLE:
        for order in b"C", b"F", b"A":
            row(f"to_contiguous {name} {flags:#x} {order}", driver.to_contiguous, thing, flags, order, 0)
    row(f"to_contiguous {name} too long", driver.to_contiguous, thing, FULL_RO, b"C", 1)
    row(f"to_contiguous {name} too short", driver.to_contiguous, thing, FULL_RO, b"C", -1)


def written(name, order, data, flags=FULL):
    thing = dict(things())[name]
    status = driver.from_contiguous(thing, flags, order, data)
    base = thing.obj if isinstance(thing, memoryview) else thing
    return status, bytes(base)


for name, _ in things():
    for order in b"C", b"F", b"A":
        row(f"from_contiguous {name} {order}", written, name, order, bytes(range(100, 124)))
    row(f"from_contiguous {name} half", written, name, b"C", bytes(range(100, 104)))
    row(f"from_contiguous {name} nothing", written, name, b"C", b"")


def copied(target, source):
    status = driver.copy_data(target, source)
    base = target.obj if isinstance(target, memoryview) else target
    return status, bytes(base)


def block():
    return bytearray(RANGE)


row("copy same", copied, block(), bytes(24))
row("copy shorter", copied, block(), b"abc")
row("copy longer", copied, bytearray(2), b"abc")
row("copy empty", copied, block(), b"")
row("copy to read-only", copied, bytes(24), b"abc")
row("copy of an int", copied, block(), 5)
row("copy to an int", copied, 5, b"abc")
row("copy to every second", copied, memoryview(block())[::2], bytes(range(100, 112)))
row("copy backwards", copied, memoryview(block())[::-1], RANGE)
row("copy every second to every second", copied, memoryview(block())[1::2], memoryview(block())[::2])
row("copy grids", copied, memoryview(block()).cast("B", (6, 4))[::-1], memoryview(bytes(24)).cast("B", (6, 4)))
row("copy to itself", lambda: (lambda b: copied(b, b))(block()))

FORMATS = b"", b"B", b"i", b"<i", b"3h", b"hq", b"=hq", b"10s", b"?", b"x", b"e", b"n", b"P", b"i i", b"Z", b"3", b"<n", b"\xc3\xa9"
for format in FORMATS:
    row(f"size_from_format {format}", lambda: driver.size_from_format(format) if driver else None)
for shape in (), (3,), (2, 3), (2, 3, 4), (0, 5), (1,), (-1, 2):
    for order in b"C", b"F", b"A":
        row(f"fill_strides {shape} {order}", driver.fill_strides, shape, 4, order)
