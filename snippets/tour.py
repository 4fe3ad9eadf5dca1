"""What a Python programmer can do with capsules. Run: cargo py snippets/tour.py"""

import gc
import sys
import types

import _capsule


def step(title):
    print(f"\n# {title}")


step("A capsule carries a native pointer under a name")
capsule = _capsule.new(0x5000, "dltensor")
print("made:       ", "capsule object" in repr(capsule), type(capsule) is types.CapsuleType)
print("name:       ", _capsule.get_name(capsule))
print("pointer:    ", hex(_capsule.get_pointer(capsule, "dltensor")))
print("is_valid:   ", _capsule.is_valid(capsule, "dltensor"), _capsule.is_valid(capsule, "arrow_array"))

step("A wrong name is refused, and a note has both names")
try:
    _capsule.get_pointer(capsule, "arrow_array")
except _capsule.PyCapsuleError as error:
    print(f"{type(error).__name__}: {error}")
    print("note:       ", *error.__notes__)

step("A claim checks the name, replaces it and takes the pointer, in one step; a second claim fails")
print("claimed:    ", hex(_capsule.claim(capsule, "dltensor", "used_dltensor")))
try:
    _capsule.claim(capsule, "dltensor", "used_dltensor")
except _capsule.PyCapsuleError as error:
    print(f"{type(error).__name__}: {error}")
    print("note:       ", *error.__notes__)

step("A destructor runs once, with the capsule as its argument")
capsule = _capsule.new(1, "arrow_schema", lambda c: print("destroyed:  ", _capsule.get_name(c)))
del capsule

step("An exception that a destructor raises goes to sys.unraisablehook")
sys.unraisablehook = lambda report: print("unraisable: ", repr(report.exc_value))
capsule = _capsule.new(1, "arrow_schema", lambda c: 1 / 0)
del capsule
sys.unraisablehook = sys.__unraisablehook__

step("An owner lives as long as its capsule, and a cycle through it is collected")


class Array:
    def __del__(self):
        print("array freed")


array = Array()
array.exported = _capsule.new(2, "arrow_array", lambda c: print("exported data released"), owner=array)
del array
gc.collect()

step("An import follows a dotted name to the capsule, and an error keeps its cause")
sys.modules["mathlib"] = mathlib = types.ModuleType("mathlib")
mathlib._C_API = _capsule.new(0x7000, "mathlib._C_API")
print("imported:   ", _capsule.import_capsule("mathlib._C_API") is mathlib._C_API)
print("import_:    ", hex(_capsule.import_("mathlib._C_API")))
try:
    _capsule.import_("not_installed._C_API")
except ImportError as error:
    print(f"{type(error).__name__}: {error}")
    print("cause:      ", repr(error.__cause__))

step("describe() returns what is known of a capsule")
for field, value in zip(_capsule.CapsuleInfo.__match_args__, _capsule.describe(mathlib._C_API)):
    print(f"{field + ':':12}", hex(value) if isinstance(value, int) else value)
