"""Every request to every kind of object."""

import array
import ctypes
import io
import mmap
import pickle

from showing import *


class SubBytes(bytes):
    pass


class SubArray(bytearray):
    pass


class Exports:
    """A class that exports a buffer in Python (PEP 688)."""

    def __init__(self, inner):
        self.inner = inner

    def __buffer__(self, flags):
        return memoryview(self.inner)


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int)]


def writable_map():
    mapped = mmap.mmap(-1, 16)
    mapped[:] = bytes(range(16))
    return mapped


def read_only_map():
    file = open(__file__, "rb")
    return mmap.mmap(file.fileno(), 16, access=mmap.ACCESS_READ)


RANGE = bytes(range(24))
grid = memoryview(bytearray(RANGE)).cast("B", (2, 3, 4))
released = memoryview(b"abc")
released.release()
buffer_of_io = io.BytesIO(b"in memory").getbuffer()

OBJECTS = {
    "bytes": b"abc",
    "bytes, empty": b"",
    "bytes, subclass": SubBytes(b"sub"),
    "bytearray": bytearray(b"abcd"),
    "bytearray, empty": bytearray(),
    "bytearray, subclass": SubArray(b"sub"),
    "memoryview of bytes": memoryview(b"abcdef"),
    "memoryview of bytearray": memoryview(bytearray(b"abcdef")),
    "memoryview, slice": memoryview(b"abcdef")[1:5],
    "memoryview, step": memoryview(bytearray(RANGE))[1:20:3],
    "memoryview, backwards": memoryview(b"abcdef")[::-1],
    "memoryview, backwards with step": memoryview(bytearray(RANGE))[20:3:-5],
    "memoryview, one item with step": memoryview(b"abcdef")[2:4:5],
    "memoryview, empty slice": memoryview(b"abcdef")[3:3],
    "memoryview, empty slice at the end": memoryview(b"abcdef")[6:],
    "memoryview, read-only": memoryview(bytearray(b"abc")).toreadonly(),
    "memoryview, cast to I": memoryview(RANGE).cast("I"),
    "memoryview, cast to d, step": memoryview(bytearray(RANGE)).cast("d")[::2],
    "memoryview, cast to @h": memoryview(RANGE).cast("@h"),
    "memoryview, three dimensions": grid,
    "memoryview, one row of H": memoryview(RANGE).cast("H", (1, 12)),
    "memoryview, one column of H": memoryview(RANGE).cast("H", (12, 1)),
    "memoryview, no dimensions": memoryview(bytearray(b"12345678")).cast("q", ()),
    "memoryview, two dimensions, sliced": memoryview(bytearray(RANGE)).cast("B", (6, 4))[::2],
    "memoryview, two dimensions, backwards": memoryview(RANGE).cast("B", (6, 4))[::-1],
    "memoryview, released": released,
    "memoryview of BytesIO": buffer_of_io,
    "array b": array.array("b", [1, -2, 3]),
    "array B, empty": array.array("B"),
    "array i": array.array("i", [1, 2, 3]),
    "array d": array.array("d", [0.5, 1.5]),
    "array of w": array.array("w", "text"),
    "mmap": writable_map(),
    "mmap, read-only": read_only_map(),
    "PickleBuffer": pickle.PickleBuffer(bytearray(b"pickle")),
    "PickleBuffer, strided": pickle.PickleBuffer(memoryview(b"pickle")[::2]),
    "class with __buffer__": Exports(bytearray(b"python")),
    "class with __buffer__, strided": Exports(memoryview(b"python")[::2]),
    "class with __buffer__, read-only": Exports(b"python"),
    "str": "text",
    "int": 5,
    "None": None,
    "list": [1, 2],
    "class": bytes,
}
FROM_CTYPES = {
    "ctypes c_int": ctypes.c_int(7),
    "ctypes c_double": ctypes.c_double(0.5),
    "ctypes array": (ctypes.c_short * 3)(1, 2, 3),
    "ctypes array of arrays": ((ctypes.c_int * 2) * 3)(),
    "ctypes structure": Point(1, 2),
    "ctypes string": ctypes.create_string_buffer(b"text"),
}

for name, thing in OBJECTS.items():
    row(f"check {name}", driver.check_buffer, thing)
    for flags in REQUESTS:
        row(f"get {name} {flags:#x}", driver.get, thing, flags)


def bytes_of(thing, flags):
    """What the interpreters agree about for ctypes: CPython's ignores the flags."""
    length, itemsize, readonly, *_, items, released = driver.get(thing, flags)
    return length, itemsize, readonly, b"".join(items) if type(items) is list else items, released


for name, thing in FROM_CTYPES.items():
    row(f"check {name}", driver.check_buffer, thing)
    for flags in REQUESTS:
        row(f"get bytes of {name} {flags:#x}", bytes_of, thing, flags)
for name in "ctypes c_int", "ctypes array":
    for flags in SIMPLE, STRIDES, FULL_RO:
        row(f"get {name} {flags:#x}", driver.get, FROM_CTYPES[name], flags)

base = bytearray(RANGE)
whole = memoryview(base)
for name, part in {
    "itself": base,
    "view": whole,
    "slice": whole[3:],
    "backwards": whole[::-1],
    "cast": whole.cast("I")[2:],
    "backwards twice": whole[::-1][3::-2],
    "array": array.array("I", [1]),
}.items():
    if name == "array":
        row("distance of an array to itself", driver.distance, part, memoryview(part))
    else:
        row(f"distance {name}", driver.distance, part, base)
row("distance of bytes", lambda: driver.distance(RANGE, memoryview(RANGE)))
row("distance of a subclass", lambda: (lambda b: driver.distance(memoryview(b)[1:], b))(SubBytes(b"abc")))

for exporter in None, "any object", [1]:
    for flags in REQUESTS:
        for readonly in 0, 1:
            row(f"fill_info {exporter} {readonly} {flags:#x}", driver.fill_info, exporter, 5, readonly, flags)
row("fill_info empty", driver.fill_info, None, 0, 1, FULL_RO)
# CPython reports a BytesIO that dies while its memory is exported.
buffer_of_io.release()
