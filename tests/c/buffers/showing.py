"""Helpers of the rows: the flags, what to ask, and how an answer is shown."""

import re

import buffer_driver as driver

SIMPLE, WRITABLE, FORMAT, ND = 0, 1, 4, 8
STRIDES = 0x10 | ND
C_CONTIGUOUS, F_CONTIGUOUS, ANY_CONTIGUOUS = 0x20 | STRIDES, 0x40 | STRIDES, 0x80 | STRIDES
INDIRECT = 0x100 | STRIDES
FULL, FULL_RO = INDIRECT | WRITABLE | FORMAT, INDIRECT | FORMAT
READ, WRITE = 0x100, 0x200

LAYOUTS = SIMPLE, ND, STRIDES, C_CONTIGUOUS, F_CONTIGUOUS, ANY_CONTIGUOUS, INDIRECT
REQUESTS = [layout | more for layout in LAYOUTS for more in (0, WRITABLE, FORMAT, WRITABLE | FORMAT)]
REQUESTS += [READ, WRITE]


def shown(value):
    if isinstance(value, BaseException):
        text = re.sub(r" at 0x[0-9a-f]+", "", str(value))
        # CPython's text has a position in its source, and the name of the module.
        text = re.sub(r"^\S+:\d+: bad argument", "bad argument", text)
        text = text.replace("buffer_driver.Exporter", "Exporter")
        return f"{type(value).__name__}: {text}"
    if type(value) is memoryview:
        obj = value.obj
        obj = type(obj).__name__ if isinstance(obj, (bytearray, memoryview)) else repr(obj)
        shape, strides = value.shape, value.strides
        return f"<{value.format} {shape} {strides} {value.itemsize} {value.readonly} {value.tobytes()} of {obj}>"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(shown, value)) + "]"
    return repr(value)


def row(label, function, *arguments):
    try:
        answer = function(*arguments)
    except BaseException as error:
        answer = error.with_traceback(None)
    print(label, shown(answer), sep="\t", flush=True)
