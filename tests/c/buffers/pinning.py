"""A view pins what it shows until it is released, once; references are balanced."""

import array
import gc
import mmap
import sys
import threading
import weakref

from showing import *


class SubArray(bytearray):
    pass


def tried(function, *arguments):
    try:
        return function(*arguments)
    except BaseException as error:
        return error.with_traceback(None)


def resized(thing, resize):
    """Resizing before, during and after a view."""
    answers = []
    driver.hold(0, thing, SIMPLE)
    driver.hold(1, thing, FULL_RO)
    before = driver.held_bytes(0)
    answers.append(tried(resize, thing))
    answers.append(driver.held_bytes(0) == before)
    answers.append(driver.let_go(0))
    answers.append(driver.let_go(0))
    answers.append(tried(resize, thing))
    answers.append(driver.let_go(1))
    answers.append(tried(resize, thing))
    return answers


row("bytearray append", resized, bytearray(b"ab"), lambda b: b.append(5))
row("bytearray clear", resized, bytearray(b"ab"), lambda b: b.clear())
row("bytearray extend", resized, bytearray(b"ab"), lambda b: b.extend(bytes(9999)))
row("bytearray del", resized, bytearray(b"ab"), lambda b: b.__delitem__(0))
row("bytearray, empty", resized, bytearray(), lambda b: b.extend(b"abc"))
row("bytearray same size", resized, bytearray(b"ab"), lambda b: b.__setitem__(slice(0, 2), b"xy"))
row("bytearray subclass", resized, SubArray(b"ab"), lambda b: b.append(5))
row("array append", resized, array.array("i", [1]), lambda a: a.append(5))
row("memoryview release", resized, memoryview(b"ab"), lambda m: m.release())
row("memoryview slice release", resized, memoryview(bytearray(4))[1:3], lambda m: m.release())


def closed_map():
    mapped = mmap.mmap(-1, 4)
    driver.hold(0, mapped, WRITABLE)
    first = type(tried(mapped.close)).__name__
    driver.set_byte(0, 1, 65)
    return first, bytes(mapped), driver.let_go(0), tried(mapped.close)


row("mmap close", closed_map)


def moved(thing, flags):
    """Of a view that was copied, the copy is released."""
    driver.hold(0, thing, flags)
    driver.move(0, 1)
    pinned = tried(thing.append, 5)
    return driver.held_bytes(1), pinned, driver.let_go(1), driver.let_go(1), tried(thing.append, 5)


row("copy of a view", moved, bytearray(b"abc"), FULL_RO)
row("copy of a view of an array", moved, array.array("h", [1, 2]), FULL_RO)


def through(thing, index, flags=WRITABLE):
    driver.hold(0, thing, flags)
    driver.set_byte(0, index, 88)
    seen = bytes(thing)
    return seen, driver.held_bytes(0), driver.let_go(0)


row("write to a bytearray", through, bytearray(b"abc"), 1)
row("write to an array", through, array.array("B", b"abc"), 2)
row("write to a memoryview", through, memoryview(bytearray(b"abc"))[1:], 1)
row("write to full", through, bytearray(b"abc"), 0, FULL_RO)


def seen_by_view(thing):
    driver.hold(0, thing, SIMPLE)
    thing[1] = 90
    seen = driver.held_bytes(0)
    driver.let_go(0)
    return seen


row("change of a bytearray is seen", seen_by_view, bytearray(b"abc"))
row("change of an array is seen", seen_by_view, array.array("b", b"abc"))


def balance(thing, flags=FULL_RO):
    before = sys.getrefcount(thing)
    for _ in range(100):
        tried(driver.get, thing, flags)
        tried(driver.get, thing, F_CONTIGUOUS)
        tried(driver.get, thing, WRITABLE | FULL_RO)
    return sys.getrefcount(thing) - before


class Plain:
    pass


class Exports:
    def __buffer__(self, flags):
        return memoryview(b"python")


for name, thing in {
    "bytes": bytes(bytearray(b"own")),
    "bytearray": bytearray(b"abc"),
    "array": array.array("i", [1]),
    "memoryview": memoryview(bytearray(9))[::2],
    "class with __buffer__": Exports(),
    "no exporter": Plain(),
}.items():
    row(f"references to {name}", balance, thing)


def dies():
    """The view keeps its exporter alive, and nothing else does."""
    thing = SubArray(b"kept")
    seen = weakref.ref(thing)
    driver.hold(0, thing, SIMPLE)
    del thing
    gc.collect()
    answers = [seen() is None, driver.held_bytes(0)]
    answers.append(driver.let_go(0))
    gc.collect()
    return answers + [seen() is None]


row("exporter dies with the view", dies)

log = []


class Logs:
    def __init__(self, inner):
        self.inner = inner

    def __buffer__(self, flags):
        log.append(flags)
        return memoryview(self.inner)

    def __release_buffer__(self, view):
        log.append(view.tobytes())


def logged(flags):
    log.clear()
    inner = bytearray(b"python")
    exporter = Logs(inner)
    driver.hold(0, exporter, flags)
    taken = list(log)
    pinned = tried(inner.append, 5)
    released = driver.let_go(0), driver.let_go(0)
    return taken, pinned, released, list(log), tried(inner.append, 5)


for flags in SIMPLE, WRITABLE, FULL_RO:
    row(f"__release_buffer__ {flags:#x}", logged, flags)


class Raises:
    def __buffer__(self, flags):
        raise LookupError("no buffer")


class Wrong:
    def __buffer__(self, flags):
        return b"no view"


class RaisesInRelease:
    def __buffer__(self, flags):
        return memoryview(b"python")

    def __release_buffer__(self, view):
        raise LookupError("release")


def unraisable():
    seen = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda args: seen.append(args.exc_value)
    try:
        driver.hold(0, RaisesInRelease(), SIMPLE)
        seen.append(driver.let_go(0))
    finally:
        sys.unraisablehook = hook
    return seen


row("__buffer__ raises", driver.get, Raises(), SIMPLE)
row("__buffer__ returns bytes", driver.get, Wrong(), SIMPLE)
row("__release_buffer__ raises", unraisable)


def on_threads(count):
    """Views taken and released on several threads."""
    shared = bytearray(b"shared memory")
    failures = []

    def work():
        for _ in range(500):
            if driver.get(shared, SIMPLE)[0] != 13 or driver.get(memoryview(shared)[::2], FULL_RO)[0] != 7:
                failures.append("length")

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared.append(5)
    return failures, len(shared)


row("threads", on_threads, 4)


def released_elsewhere():
    shared = bytearray(b"shared")
    driver.hold(0, shared, SIMPLE)
    pinned = tried(shared.append, 5)
    thread = threading.Thread(target=driver.let_go, args=(0,))
    thread.start()
    thread.join()
    return pinned, tried(shared.append, 5)


row("released on another thread", released_elsewhere)
