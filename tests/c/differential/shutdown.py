"""Leaves capsules in many kinds of places until the interpreter shuts down: shutdown.py FOLDER. FOLDER
has the driver, and gets a file destroyed.txt with the names of the capsules that were destroyed."""

import atexit
import builtins
import contextvars
import functools
import os
import sys
import threading
import types

folder = sys.argv[1]
sys.path.insert(0, folder)

import capsule_driver as driver


def capsule(name):
    return driver.logged(os.path.join(folder, "destroyed.txt"), name.encode())


class Holder:
    def __init__(self, name):
        self.held = capsule(name)


class WithDel(Holder):
    def __del__(self):
        self.kept = capsule("made by __del__")


class WithSlots:
    __slots__ = ("held",)


def default(held=capsule("a default")):
    pass


def keyword_default(*, held=capsule("a keyword's default")):
    pass


def closure():
    held = capsule("a closure")
    return lambda: held


def generator():
    held = capsule("a generator")
    yield held


in_main = capsule("in __main__")
in_list, in_tuple, in_set = [capsule("a list")], (capsule("a tuple"),), {capsule("a set")}
in_dict = {"value": capsule("a dict's value"), capsule("a dict's key"): None}
on_instance, with_del = Holder("an instance"), WithDel("an instance with __del__")
with_slots = WithSlots()
with_slots.held = capsule("a slot")
Holder.on_class = capsule("a class")
closed, started = closure(), generator()
next(started)
partial = functools.partial(print, capsule("a partial"))
bound = Holder("a bound method's instance").__init__
cached = functools.cache(lambda: capsule("a cache"))
cached()
local = threading.local()
local.held = capsule("a thread-local")
variable = contextvars.ContextVar("variable")
variable.set(capsule("a context variable"))
other = types.ModuleType("other")
sys.modules["other"] = other
other.held = capsule("another module")
unlisted = types.ModuleType("unlisted")
unlisted.held = capsule("a module that is not in sys.modules")
sys.held, builtins.held, driver.held = capsule("sys"), capsule("builtins"), capsule("the extension")
os.held = capsule("a module of the standard library")
cycle = [capsule("a cycle")]
cycle.append(cycle)
del cycle
through = Holder("a cycle of instances")
through.itself = through
del through
try:
    raise ValueError(capsule("an exception"))
except ValueError as error:
    exception = error
atexit.register(lambda held: None, capsule("atexit"))
# Destroyed before the shutdown, for comparison.
capsule("a temporary")
thread = threading.Thread(target=lambda: capsule("a thread"))
thread.start()
thread.join()
