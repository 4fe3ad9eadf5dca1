"""Classes in C that export buffers, and everything in Python that reads them."""

import array
import base64
import binascii
import gc
import hashlib
import io
import os
import re
import struct
import sys
import tempfile
import threading
import weakref
import zlib

from showing import *

EVERYTHING, PLAIN, RAISES, FAILS_SILENTLY, RAISES_AND_SUCCEEDS, WITHOUT_OBJECT, OF_BYTES, TELLS, RAISES_AT_RELEASE = range(9)


def configured(what=EVERYTHING, len=8, itemsize=1, readonly=0, ndim=1, offset=0, format=b"B", shape=(8,), strides=(1,), suboffsets=None, cls=driver.Exporter):
    driver.configure((what, len, itemsize, readonly, ndim, offset), format, shape, strides, suboffsets)
    return cls()


def plain(len=8, readonly=0, cls=driver.Exporter):
    return configured(PLAIN, len=len, readonly=readonly, cls=cls)


def tried(function, *arguments):
    try:
        return function(*arguments)
    except BaseException as error:
        return error.with_traceback(None)


def described(view):
    return [view.format, view.itemsize, view.ndim, view.shape, view.strides, view.suboffsets, view.readonly, view.nbytes, view.contiguous, view.c_contiguous, view.f_contiguous]


def counted():
    return driver.counts()[:2] + driver.counts()[3:]


# ---- Layouts ----

LAYOUTS = {
    "bytes": {},
    "bytes without arrays": dict(shape=None, strides=None, format=None),
    "no strides": dict(strides=None),
    "read-only": dict(readonly=1),
    "empty": dict(len=0, shape=(0,)),
    "empty without address": dict(len=0, shape=(0,), offset=-1),
    "shorts": dict(itemsize=2, shape=(4,), strides=(2,), format=b"H"),
    "shorts without shape": dict(itemsize=2, shape=None, strides=None, format=b"H"),
    "step": dict(strides=(3,)),
    "backwards": dict(strides=(-1,), offset=20),
    "backwards with step": dict(strides=(-3,), offset=40, itemsize=2, shape=(4,), format=b"h"),
    "one item repeated": dict(strides=(0,), offset=5),
    "no dimensions": dict(ndim=0, shape=None, strides=None, itemsize=8, format=b"q"),
    "two dimensions": dict(ndim=2, len=12, shape=(3, 4), strides=(4, 1)),
    "two dimensions without strides": dict(ndim=2, len=12, shape=(3, 4), strides=None),
    "Fortran order": dict(ndim=2, len=12, shape=(3, 4), strides=(1, 3)),
    "rows backwards": dict(ndim=2, len=12, shape=(3, 4), strides=(-4, 1), offset=8),
    "both backwards": dict(ndim=2, len=12, shape=(3, 4), strides=(-8, -2), offset=40),
    "rows of shorts with gaps": dict(ndim=2, len=12, itemsize=2, shape=(3, 2), strides=(10, 4), format=b"H"),
    "three dimensions": dict(ndim=3, len=24, shape=(2, 3, 4), strides=(12, 4, 1)),
    "three dimensions, one empty": dict(ndim=3, len=0, shape=(2, 0, 4), strides=(12, 4, 1)),
    "64 dimensions": dict(ndim=64, len=1, shape=(1,) * 64, strides=(1,) * 64),
    "65 dimensions": dict(ndim=65, len=1, shape=(1,) * 65, strides=(1,) * 65),
}

for name, layout in LAYOUTS.items():
    def use(use):
        exporter = configured(**layout)
        answer = tried(use, exporter)
        del exporter
        return answer, counted()

    row(f"layout {name}", use, lambda x: described(memoryview(x)))
    row(f"layout {name} obj", use, lambda x: memoryview(x).obj is x)
    row(f"layout {name} tobytes", use, lambda x: memoryview(x).tobytes())
    row(f"layout {name} tobytes F", use, lambda x: memoryview(x).tobytes("F"))
    row(f"layout {name} tolist", use, lambda x: memoryview(x).tolist())
    if layout.get("ndim", 1) <= 64:
        row(f"layout {name} bytes", use, bytes)
        row(f"layout {name} bytearray", use, bytearray)
        row(f"layout {name} full", use, lambda x: driver.get(x, FULL_RO))
    row(f"layout {name} first", use, lambda x: memoryview(x)[0])
    row(f"layout {name} last", use, lambda x: memoryview(x)[-1])
    row(f"layout {name} outside", use, lambda x: memoryview(x)[8])
    row(f"layout {name} slice", use, lambda x: memoryview(x)[1::2].tobytes())
    row(f"layout {name} slice backwards", use, lambda x: memoryview(x)[::-2].tobytes())
    row(f"layout {name} item", use, lambda x: memoryview(x)[(1,) * memoryview(x).ndim])
    if layout.get("shape", 1) and layout.get("strides", 1):
        # CPython's comparison needs the arrays.
        row(f"layout {name} equal", use, lambda x: [memoryview(x) == x, memoryview(x) == bytes(x)])
    if layout.get("len", 8) > 0:
        row(f"layout {name} cast", use, lambda x: memoryview(x).cast("B").tobytes())
    row(f"layout {name} hash", use, lambda x: hash(memoryview(x)) == hash(bytes(x)))
    row(f"layout {name} of the view", use, lambda x: driver.get(memoryview(x), FULL_RO)[:8])


# ---- What the flags are ----

def flags_of(use, **options):
    exporter = plain(**options)
    tried(use, exporter)
    return driver.counts()


for flags in REQUESTS:
    for readonly in 0, 1:
        row(f"request {flags:#x} {readonly}", lambda: [tried(driver.get, plain(readonly=readonly), flags), driver.counts()])
    row(f"request without release {flags:#x}", lambda: [tried(driver.get, plain(cls=driver.WithoutRelease), flags), driver.counts()])
    row(f"request of bytes {flags:#x}", lambda: [tried(driver.get, configured(OF_BYTES), flags), driver.counts()])
row("flags of memoryview", flags_of, memoryview)

# ---- Consumers ----

file = tempfile.TemporaryFile(buffering=0)


def written(x):
    file.seek(0)
    file.truncate()
    length = file.write(x)
    file.seek(0)
    return length, file.read()


def os_written(x):
    file.seek(0)
    file.truncate()
    return os.write(file.fileno(), x), os.pread(file.fileno(), 100, 0)


def frombytes(x):
    made = array.array("H")
    made.frombytes(x)
    return made


def assigned(x):
    target = bytearray(8)
    memoryview(target)[:] = x
    return target


CONSUMERS = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": lambda x: memoryview(x).tobytes(),
    "concat": lambda x: b"a" + x,
    "bytearray +=": lambda x: bytearray(b"a").__iadd__(x),
    "extend": lambda x: (lambda b: (b.extend(x), b)[1])(bytearray(b"a")),
    "slice": lambda x: (lambda b: (b.__setitem__(slice(1, 1), x), b)[1])(bytearray(b"ab")),
    "join": lambda x: b"-".join([x, x]),
    "find": lambda x: bytes(range(20)).find(x),
    "in": lambda x: x in bytes(range(20)),
    "startswith": lambda x: bytes(range(20)).startswith(x),
    "assigned to a memoryview": assigned,
    "struct.unpack": lambda x: struct.unpack("<HHI", x),
    "struct.unpack_from": lambda x: struct.unpack_from("<H", x, 2),
    "struct.iter_unpack": lambda x: list(struct.iter_unpack("<I", x)),
    "array": lambda x: array.array("B", x),
    "array.frombytes": frombytes,
    "int.from_bytes": lambda x: int.from_bytes(x, "little"),
    "hashlib": lambda x: hashlib.sha256(x).hexdigest()[:8],
    "crc32": lambda x: zlib.crc32(x),
    "compress": lambda x: zlib.decompress(zlib.compress(x)),
    "hexlify": binascii.hexlify,
    "base64": base64.b64encode,
    "re": lambda x: re.search(rb"\x03.", x).span(),
    "BytesIO": lambda x: io.BytesIO(x).getvalue(),
    "BytesIO.write": lambda x: io.BytesIO().write(x),
    "file.write": written,
    "os.write": os_written,
    "str": lambda x: str(x, "latin-1"),
    "float": lambda x: tried(float, x),
    "bytes.translate": lambda x: b"abc".translate(None, x),
    "memoryview.cast": lambda x: memoryview(x).cast("I").tolist(),
    "codecs": lambda x: __import__("codecs").decode(x, "latin-1"),
}
# What these make of the exporter's exception is the VM's.
OWN_ERRORS = "concat", "bytearray +=", "re"
for name, consumer in CONSUMERS.items():
    row(f"consumer {name}", lambda: [tried(consumer, plain()), counted()])
    row(f"consumer {name} read-only", lambda: [tried(consumer, plain(readonly=1)), counted()])
    row(f"consumer {name} empty", lambda: [tried(consumer, plain(len=0)), counted()])
    if name not in OWN_ERRORS:
        row(f"consumer {name} raises", lambda: [tried(consumer, configured(RAISES)), counted()])


def first_of_file(x):
    file.seek(0)
    file.write(b"content of a file")
    file.seek(0)
    return file.readinto(x)


def packed(x):
    struct.pack_into("<H", x, 2, 0x4142)


def set_item(x):
    memoryview(x)[3] = 200


def set_slice(x):
    memoryview(x)[2:5] = b"xyz"


def set_itself(x):
    memoryview(x)[0:4] = memoryview(x)[2:6]


WRITERS = {
    "BytesIO.readinto": lambda x: io.BytesIO(b"into").readinto(x),
    "file.readinto": first_of_file,
    "struct.pack_into": packed,
    "item": set_item,
    "slice": set_slice,
    "slice of itself": set_itself,
}


def wrote(writer, exporter):
    """The text of a refusal is the VM's."""
    answer = tried(writer, exporter)
    answer = type(answer).__name__ if isinstance(answer, BaseException) else answer
    return answer, bytes(exporter)


for name, writer in WRITERS.items():
    row(f"writer {name}", lambda: [wrote(writer, plain()), counted()])
    row(f"writer {name} read-only", lambda: [wrote(writer, plain(readonly=1)), counted()])


# ---- Failures ----

row("raises", lambda: [tried(memoryview, configured(RAISES)), counted()])
row("raises, get", lambda: [tried(driver.get, configured(RAISES), SIMPLE), counted()])
row("without object", lambda: [(lambda v: [v.obj, v.tobytes()])(memoryview(configured(WITHOUT_OBJECT))), counted()])
row("of bytes", lambda: [(lambda v: [v.obj, v.tobytes()])(memoryview(configured(OF_BYTES))), counted()])
row("of bytes, bytes", lambda: [bytes(configured(OF_BYTES)), counted()])


def unraisable(use):
    seen = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda args: seen.append(args.exc_value)
    try:
        use()
    finally:
        sys.unraisablehook = hook
    return seen


# ---- Life ----

class Sub(driver.Exporter):
    pass


class Slots(driver.Exporter):
    __slots__ = ()


def lives(cls):
    exporter = plain(cls=cls)
    exporter_seen = weakref.ref(exporter)
    view = memoryview(exporter)
    part = view[2:5]
    other = memoryview(exporter)
    del exporter
    answers = [counted(), exporter_seen() is None]
    view.release()
    answers += [counted(), part.tobytes(), tried(lambda: view.obj), tried(lambda: view[0])]
    view.release()
    del view
    answers.append(counted())
    with part:
        pass
    answers += [counted(), exporter_seen() is None]
    del other
    gc.collect()
    return answers + [counted(), exporter_seen() is None]


row("life", lives, Sub)


def cycle():
    exporter = plain(cls=Sub)
    exporter.view = memoryview(exporter)
    exporter.part = exporter.view[1:]
    seen = weakref.ref(exporter)
    del exporter
    before = counted(), seen() is None
    gc.collect()
    return before, counted(), seen() is None


row("cycle", cycle)


def exported_view():
    view = memoryview(plain())
    driver.hold(0, view, SIMPLE)
    answers = [tried(view.release), driver.held_bytes(0), counted()]
    answers += [driver.let_go(0), counted(), tried(view.release), counted()]
    return answers


row("view that is exported", exported_view)


def held_by_c():
    exporter = plain(cls=Sub)
    seen = weakref.ref(exporter)
    driver.hold(0, exporter, FULL_RO)
    del exporter
    gc.collect()
    answers = [seen() is None, driver.held_bytes(0), counted()]
    answers += [driver.let_go(0), driver.let_go(0), counted()]
    return answers + [seen() is None]


row("held by C", held_by_c)


def changed_later():
    exporter = plain()
    view = memoryview(exporter)
    set_item(exporter)
    return view[3], counted()


row("two views see the same", changed_later)


class Overrides(driver.Exporter):
    def __buffer__(self, flags):
        self.flags = flags
        return super().__buffer__(flags)


class OverridesBoth(driver.Exporter):
    def __buffer__(self, flags):
        return super().__buffer__(flags)

    def __release_buffer__(self, view):
        self.seen = view.tobytes()
        super().__release_buffer__(view)


class OverridesRelease(driver.Exporter):
    def __release_buffer__(self, view):
        self.seen = [view.tobytes(), view.obj, counted()]
        self.kept = view


class CallsSuper(driver.Exporter):
    def __release_buffer__(self, view):
        self.seen = view.tobytes(), super().__release_buffer__(view)


def released_in_python(use):
    exporter = plain(cls=OverridesRelease)
    answer = use(exporter)
    return answer, exporter.seen, tried(exporter.kept.tobytes), counted()


class Other(driver.Exporter):
    def __buffer__(self, flags):
        return memoryview(b"other")


row("subclass", lambda: [bytes(plain(cls=Sub)), memoryview(plain(cls=Sub)).tolist(), counted()])
row("subclass with slots", lambda: [bytes(plain(cls=Slots)), counted()])
row("__buffer__", lambda: [(lambda x: [bytes(x), x.flags])(plain(cls=Overrides)), counted()])
row("__buffer__, get", lambda: [driver.get(plain(cls=Overrides), SIMPLE)[:3], counted()])
row("other __buffer__", lambda: [bytes(plain(cls=Other)), driver.get(plain(cls=Other), SIMPLE), counted()])
row("called __buffer__", lambda: [plain().__buffer__(FULL_RO).tobytes(), counted()])
row("called __release_buffer__", lambda: (lambda x: (lambda v: [x.__release_buffer__(v), counted(), tried(lambda: v[0]), tried(x.__release_buffer__, v)])(x.__buffer__(0)))(plain()))
row("has", lambda: [hasattr(driver.Exporter, name) for name in ("__buffer__", "__release_buffer__")])
row("has without release", lambda: [hasattr(driver.WithoutRelease, name) for name in ("__buffer__", "__release_buffer__")])
row("without release", lambda: [bytes(plain(cls=driver.WithoutRelease)), counted()])
row("__release_buffer__ and __buffer__", lambda: [(lambda x: [bytes(x), x.seen])(plain(cls=OverridesBoth)), counted()])
row("__release_buffer__", released_in_python, bytes)
row("__release_buffer__ of memoryview", released_in_python, lambda x: memoryview(x)[2:5].tobytes())
row("__release_buffer__, get", released_in_python, lambda x: driver.get(x, SIMPLE)[:8])
row("__release_buffer__ calls that of the class", lambda: [(lambda x: [bytes(x), x.seen])(plain(cls=CallsSuper)), counted()])
row("check", lambda: [driver.check_buffer(plain()), driver.check_buffer(driver.Exporter)])
row("raises at the release", unraisable, lambda: bytes(configured(RAISES_AT_RELEASE)))
row("isinstance Buffer", lambda: isinstance(plain(), __import__("collections.abc").abc.Buffer))


def on_threads(count):
    exporter = plain()
    failures = []

    def work():
        for _ in range(300):
            view = memoryview(exporter)
            if bytes(view[1:4]) != b"\1\2\3" or bytes(exporter) != bytes(range(8)):
                failures.append("bytes")
            view.release()

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked, released, changed = counted()
    return failures, asked == released or (asked, released), changed


row("threads", on_threads, 4)


def released_elsewhere():
    view = memoryview(plain())
    thread = threading.Thread(target=view.release)
    thread.start()
    thread.join()
    return counted()


row("released on another thread", released_elsewhere)

# The last view is released when the interpreter ends.
at_the_end = memoryview(configured(TELLS))
