"""C code prints a SystemExit while the interpreter is already shutting down: exit_at_shutdown.py FOLDER
WHERE."""

import atexit
import signal
import sys
import threading

# Ends the process if it hangs.
signal.alarm(60)
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from calling import call


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
