"""A SystemExit that C code prints when the program is at its end already."""

import atexit
import signal
import sys
import threading

# Where it waits for ever, this ends it.
signal.alarm(60)
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from asking import call


def exits(code):
    call("PyErr_Print", pending=SystemExit(code))
    print("returned")


def exits_late():
    threading.main_thread().join()
    exits(3)


if sys.argv[2] == "thread":
    atexit.register(print, "exit function")
    threading.Thread(target=exits_late).start()
else:
    atexit.register(exits, 4)
print("end")
