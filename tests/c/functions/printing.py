"""Printing an exception, and the end of the process for a SystemExit."""

import io
import os
import sys

from calling import *


def printed(name, *arguments, pending=NULL, hook=None, stderr=...):
    """The exception, the output, the calls of hooks, and what `sys` has afterwards."""
    kept = sys.stderr, sys.excepthook, sys.unraisablehook
    for last in "last_exc", "last_type", "last_value", "last_traceback":
        vars(sys).pop(last, None)
    events = []

    def unraisable(args):
        events.append([args.exc_type, args.exc_value, args.err_msg, args.object])

    sys.stderr = written = io.StringIO() if stderr is ... else stderr
    sys.unraisablehook = unraisable
    if hook is not None:
        sys.excepthook = lambda *args: hook(events, *args)
    try:
        answer = call(name, *arguments, pending=pending)
    finally:
        sys.stderr, sys.excepthook, sys.unraisablehook = kept
    last = [vars(sys).get("last_exc", NULL), vars(sys).get("last_type", NULL), vars(sys).get("last_value", NULL)]
    last.append(type(vars(sys).get("last_traceback", NULL)).__name__)
    text = written.getvalue() if isinstance(written, io.StringIO) else None
    return [answer[1], text, events, last]


def noting(events, kind, value, traceback):
    events.append([kind, value, traceback is None])


def raising(events, kind, value, traceback):
    raise KeyError("in the hook")


for make in lambda: ValueError("x"), lambda: Own(1, 2), lambda: KeyError("k"), lambda: OSError(2, "no"), Exception, lambda: KeyboardInterrupt("i"), lambda: ValueError("two\nlines"), lambda: ValueError("\ud800"):
    name = ascii(shown(make()))
    row(f"PyErr_Print {name}", lambda: ascii(printed("PyErr_Print", pending=make())))
    row(f"PyErr_PrintEx 1 {name}", lambda: ascii(printed("PyErr_PrintEx", 1, pending=make())))
    row(f"PyErr_PrintEx 0 {name}", lambda: ascii(printed("PyErr_PrintEx", 0, pending=make())))
    row(f"PyErr_DisplayException {name}", lambda: ascii(printed("PyErr_DisplayException", make())))
    row(f"PyErr_WriteUnraisable {name}", lambda: ascii(printed("PyErr_WriteUnraisable", Plain, pending=make())))
    row(f"PyErr_PrintEx with a hook {name}", lambda: ascii(printed("PyErr_PrintEx", 1, pending=make(), hook=noting)))
chained = ValueError("outer")
chained.__cause__ = KeyError("inner")
row("PyErr_Print of a chain", lambda: printed("PyErr_Print", pending=chained))
row("PyErr_DisplayException of a chain", lambda: printed("PyErr_DisplayException", chained))
row("PyErr_DisplayException does not call the hook", lambda: printed("PyErr_DisplayException", ValueError("x"), hook=noting))
raised, text, *rest = printed("PyErr_PrintEx", 1, pending=ValueError("x"), hook=raising)
row("PyErr_PrintEx with a hook that raises", lambda: [raised, *(line for line in text.splitlines() if line[:1] != " "), *rest])
row("PyErr_DisplayException without stderr", lambda: printed("PyErr_DisplayException", ValueError("x"), stderr=None))
for arguments in ["PyErr_Print"], ["PyErr_PrintEx", 0], ["PyErr_PrintEx", 1], ["PyErr_WriteUnraisable", NULL], ["PyErr_WriteUnraisable", 5]:
    row(f"{shown(arguments)} with nothing pending", lambda: printed(*arguments))
row("PyErr_WriteUnraisable without an object", lambda: printed("PyErr_WriteUnraisable", NULL, pending=ValueError("x")))
row("PyErr_DisplayException of an int", printed, "PyErr_DisplayException", 5)
row("PyErr_DisplayException of a class", printed, "PyErr_DisplayException", ValueError)


def without_hook():
    kept = sys.excepthook
    del sys.excepthook
    sys.stderr, stderr = io.StringIO(), sys.stderr
    try:
        return call("PyErr_Print", pending=ValueError("x")), sys.stderr.getvalue()
    finally:
        sys.excepthook, sys.stderr = kept, stderr


row("PyErr_Print without a hook", without_hook)


def exit_code(value, name="PyErr_Print", *arguments):
    """The exit code and output of a process that prints a SystemExit; it has an exit function."""
    import atexit

    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write, 2)
        os.dup2(write, 1)
        atexit.register(lambda: os.write(2, b" atexit"))
        call(name, *arguments, pending=value)
        os.write(2, b" returned")
        os._exit(99)
    os.close(write)
    text = b""
    while more := os.read(read, 1000):
        text += more
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


class OwnExit(SystemExit):
    pass


for value in SystemExit(), SystemExit(None), SystemExit(3), SystemExit("bye"), SystemExit(1, 2), OwnExit(4), SystemExit(True), SystemExit(256 + 7), SystemExit(-1):
    row(f"PyErr_Print exits {shown(value)}", exit_code, value)
row("PyErr_PrintEx exits", exit_code, SystemExit(3), "PyErr_PrintEx", 0)


def exits(kind, value, traceback):
    raise SystemExit(9)


sys.excepthook = exits
row("PyErr_Print with a hook that exits", exit_code, ValueError("x"))
sys.excepthook = sys.__excepthook__
