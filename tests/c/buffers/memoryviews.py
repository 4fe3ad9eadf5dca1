"""memoryviews that C code makes."""

import array
import sys

from showing import *

RANGE = bytes(range(24))

for name, thing in {
    "bytes": b"abc",
    "bytearray": bytearray(b"abc"),
    "memoryview": memoryview(bytearray(RANGE))[::2],
    "array": array.array("h", [1, 2]),
    "int": 5,
    "str": "text",
    "None": None,
}.items():
    row(f"from_object {name}", driver.from_object, thing)
    row(f"is_memoryview {name}", driver.is_memoryview, thing)

for size in 0, 1, 7:
    for flags in READ, WRITE:
        row(f"from_memory {size} {flags:#x}", driver.from_memory, size, flags)
        row(f"from_memory obj {size} {flags:#x}", lambda: driver.from_memory(size, flags).obj)


def changed(flags):
    view = driver.from_memory(7, flags)
    view[0] = 77
    return view[:3].tobytes(), driver.get(view, SIMPLE)[0]


row("from_memory writable", changed, WRITE)
row("from_memory read-only", changed, READ)
row("from_memory hash", lambda: hash(driver.from_memory(7, READ)) == hash(b"memory."))
row("from_memory hash writable", lambda: hash(driver.from_memory(7, WRITE)))


def parts():
    view = driver.from_memory(7, READ)
    part = view[1:4]
    view.release()
    answer = part.tobytes(), part == b"emo", bytes(part[::-1]), part.tolist()
    part.release()
    return answer


row("from_memory parts", parts)
row("from_memory requests", lambda: [driver.get(driver.from_memory(4, READ), flags) for flags in (SIMPLE, FULL_RO)])


def of_view(thing, flags, use):
    driver.hold(0, thing, flags)
    try:
        return use(driver.from_buffer(0))
    finally:
        driver.let_go(0)


for name, thing in {
    "array": array.array("H", [1, 2, 3]),
    "backwards": memoryview(bytearray(RANGE))[::-3],
    "grid": memoryview(bytearray(RANGE)).cast("B", (2, 3, 4)),
    "no dimensions": memoryview(bytearray(4)).cast("I", ()),
}.items():
    row(f"from_buffer {name}", of_view, thing, FULL_RO, lambda view: [view, view.tolist(), view.obj])
row("from_buffer simple", of_view, bytearray(b"abc"), SIMPLE, lambda view: [view.format, view.tobytes(), view.obj])
row("from_buffer nothing", driver.from_no_buffer)

for name, thing in {
    "bytes": b"abc",
    "bytearray": bytearray(b"abc"),
    "step": memoryview(bytearray(RANGE))[::5],
    "step, read-only": memoryview(RANGE)[::5],
    "grid": memoryview(bytearray(RANGE)).cast("B", (2, 3, 4)),
    "rows": memoryview(bytearray(RANGE)).cast("H", (6, 2))[::2],
    "no dimensions": memoryview(RANGE)[:4].cast("I", ()),
    "empty": memoryview(RANGE)[4:4],
    "int": 5,
}.items():
    for kind in READ, WRITE:
        for order in b"C", b"F", b"A":
            row(f"get_contiguous {name} {kind:#x} {order}", driver.get_contiguous, thing, kind, order)


def pinned():
    block = bytearray(RANGE)
    same = driver.get_contiguous(block, WRITE, b"C")
    try:
        block.append(5)
    except BufferError as error:
        first = error.with_traceback(None)
    same.release()
    block.append(5)
    return first, len(block)


row("get_contiguous pins", pinned)
row("get_contiguous references", lambda: (lambda b: (sys.getrefcount(b), [driver.get_contiguous(b, READ, b"F") for _ in range(5)] and None, sys.getrefcount(b))[::2])(memoryview(RANGE)[::2]))
