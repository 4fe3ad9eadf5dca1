"""What a Python programmer can do with capsules. Run: cargo py snippets/tour.py"""

import gc
import sys
import types

import _capsule


def step(title):
    print(f"\n# {title}")


step("A capsule carries a native pointer under a name")
capsule = _capsule.new(0xC0FFEE, "coffee.beans")
print("made:       ", "capsule object" in repr(capsule), type(capsule) is types.CapsuleType)
print("name:       ", _capsule.get_name(capsule))
print("pointer:    ", hex(_capsule.get_pointer(capsule, "coffee.beans")))
print("is_valid:   ", _capsule.is_valid(capsule, "coffee.beans"), _capsule.is_valid(capsule, "tea"))

step("The wrong name is refused, and a note tells both names")
try:
    _capsule.get_pointer(capsule, "tea.leaves")
except _capsule.PyCapsuleError as error:
    print(f"{type(error).__name__}: {error}")
    print("note:       ", *error.__notes__)

step("A claim checks, renames and takes in one step; the second one loses")
print("claimed:    ", hex(_capsule.claim(capsule, "coffee.beans", "used_coffee.beans")))
try:
    _capsule.claim(capsule, "coffee.beans", "used_coffee.beans")
except _capsule.PyCapsuleError as error:
    print(f"{type(error).__name__}: {error}")
    print("note:       ", *error.__notes__)

step("A destructor runs once, with the capsule")
capsule = _capsule.new(1, "short.lived", lambda c: print("destroyed:  ", _capsule.get_name(c)))
del capsule

step("What a destructor raises goes to sys.unraisablehook and harms nobody")
sys.unraisablehook = lambda left: print("unraisable: ", repr(left.exc_value))
capsule = _capsule.new(1, "clumsy", lambda c: 1 / 0)
del capsule
sys.unraisablehook = sys.__unraisablehook__

step("An owner lives as long as the capsule, and a cycle through it is collected")


class Array:
    def __del__(self):
        print("array freed")


array = Array()
array.exported = _capsule.new(2, "array.data", lambda c: print("exported data released"), owner=array)
del array
gc.collect()

step("Import follows a dotted name to the capsule, and keeps the real cause of an error")
sys.modules["bakery"] = bakery = types.ModuleType("bakery")
bakery.oven = _capsule.new(0xB4EAD, "bakery.oven")
print("load:       ", _capsule.load("bakery.oven") is bakery.oven)
print("import_:    ", hex(_capsule.import_("bakery.oven")))
try:
    _capsule.import_("closed_bakery.oven")
except ImportError as error:
    print(f"{type(error).__name__}: {error}")
    print("cause:      ", repr(error.__cause__))

step("describe() tells what is known")
for field, value in zip(_capsule.CapsuleInfo.__match_args__, _capsule.describe(bakery.oven)):
    print(f"{field + ':':12}", hex(value) if isinstance(value, int) else value)
