"""Getters and setters, and their descriptors."""

import inspect
import types

from showing import driver, row, rows

Methods = driver.make_class()


class Derived(Methods):
    pass


c, derived = Methods(), Derived()

for name in ("both", "read_only", "write_only", "neither", "raising"):
    for instance in (c, derived):
        row(f"get {name}", getattr, instance, name)
        for value in (3, None, "text"):
            row(f"set {name} {value!r}", setattr, instance, name, value)
            row("was set", driver.get_last)
        row(f"del {name}", delattr, instance, name)
        row("was set", driver.get_last)
    rows(
        "d", "type(d)", "d.__name__", "d.__qualname__", "d.__doc__", "d.__objclass__ is C",
        "d.__get__(None, C) is d", "d.__get__(c)", "d.__get__(c, C)", "d.__get__(c, int)", "d.__get__(3)",
        "d.__get__('x', str)", "d.__get__(C)", "d.__set__(c, 3)", "d.__set__(3, 4)", "d.__delete__(c)",
        "d.__delete__(3)", "type(d)()", "inspect.isgetsetdescriptor(d), inspect.isdatadescriptor(d)",
        "isinstance(d, types.GetSetDescriptorType)",
        C=Methods, c=c, d=vars(Methods)[name], inspect=inspect, types=types,
    )

rows(
    "driver.new_getset(C, 0)", "driver.new_getset(C, 0).__get__(c)", "driver.new_getset(C, 0).__get__(3)",
    "driver.new_getset(int, 1).__get__(3)", "driver.new_getset(int, 1).__get__('x')",
    "driver.new_getset(int, 1).__set__(3, 4)", "driver.new_getset(int, 1).__objclass__",
    C=Methods, c=c,
)

for _ in range(40):
    last = c.both, c.read_only
    c.both = 5
row("in a loop", lambda: last)
