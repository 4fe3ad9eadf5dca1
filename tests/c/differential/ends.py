"""Leaves capsules in every corner when the interpreter ends: ends.py FOLDER, where FOLDER has the
driver, and gets a file ends.txt with the names of those that were destroyed."""

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


def ending(name):
    return driver.ending(os.path.join(folder, "ends.txt"), name.encode())


class Holder:
    def __init__(self, name):
        self.held = ending(name)


class WithDel(Holder):
    def __del__(self):
        self.kept = ending("made by __del__")


class WithSlots:
    __slots__ = ("held",)


def default(held=ending("a default")):
    pass


def keyword_default(*, held=ending("a keyword's default")):
    pass


def closure():
    held = ending("a closure")
    return lambda: held


def generator():
    held = ending("a generator")
    yield held



in_main = ending("in __main__")
in_list, in_tuple, in_set = [ending("a list")], (ending("a tuple"),), {ending("a set")}
in_dict = {"value": ending("a dict's value"), ending("a dict's key"): None}
on_instance, with_del = Holder("an instance"), WithDel("an instance with __del__")
with_slots = WithSlots()
with_slots.held = ending("a slot")
Holder.on_class = ending("a class")
closed, started = closure(), generator()
next(started)
partial = functools.partial(print, ending("a partial"))
bound = Holder("a bound method's instance").__init__
cached = functools.cache(lambda: ending("a cache"))
cached()
local = threading.local()
local.held = ending("a thread-local")
variable = contextvars.ContextVar("variable")
variable.set(ending("a context variable"))
other = types.ModuleType("other")
sys.modules["other"] = other
other.held = ending("another module")
unlisted = types.ModuleType("unlisted")
unlisted.held = ending("a module that is not in sys.modules")
sys.held, builtins.held, driver.held = ending("sys"), ending("builtins"), ending("the extension")
os.held = ending("a module of the standard library")
cycle = [ending("a cycle")]
cycle.append(cycle)
del cycle
through = Holder("a cycle of instances")
through.itself = through
del through
try:
    raise ValueError(ending("an exception"))
except ValueError as error:
    exception = error
atexit.register(lambda held: None, ending("atexit"))
# Ends before, for comparison.
ending("a temporary")
thread = threading.Thread(target=lambda: ending("a thread"))
thread.start()
thread.join()
