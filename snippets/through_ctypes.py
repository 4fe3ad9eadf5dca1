"""Capsules with nothing but ctypes."""

import ctypes
import gc

api = ctypes.pythonapi
for name, result, arguments in [
    ("New", ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]),
    ("GetPointer", ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]),
    ("GetName", ctypes.c_char_p, [ctypes.py_object]),
    ("IsValid", ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]),
    ("SetName", ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]),
]:
    function = api["PyCapsule_" + name]
    function.restype, function.argtypes = result, arguments
    globals()[name] = function


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int)]


NAME, USED = b"geometry.Point", b"used_geometry.Point"
destroyed = []


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def destroy(handle):
    capsule = ctypes.cast(handle, ctypes.py_object)
    destroyed.append(IsValid(capsule, NAME))


def capsule_of(point):
    return New(ctypes.addressof(point), NAME, ctypes.cast(destroy, ctypes.c_void_p))


# The capsule borrows the bytes of its name, and its pointer leads to the structure.
point = Point(1, 2)
capsule = capsule_of(point)
assert GetName(capsule) == NAME and IsValid(capsule, b"geometry.Point")
seen = ctypes.cast(GetPointer(capsule, NAME), ctypes.POINTER(Point)).contents
seen.x = 10
assert (point.x, seen.y) == (10, 2)

# A refusal is raised by the call, and no exception stays pending.
try:
    GetPointer(capsule, b"geometry.Line")
except ValueError as error:
    assert str(error) == "PyCapsule_GetPointer called with incorrect name"
else:
    raise AssertionError("not refused")
assert sorted([2, 1]) == [1, 2]

# The destructor runs, and sees the current name of the capsule.
SetName(capsule, USED)
del capsule
gc.collect()
assert destroyed == [0]
capsule = capsule_of(point)
del capsule
gc.collect()
assert destroyed == [0, 1]
