"""Calls slots in ways that CPython does not survive, or that only this interpreter knows:
here.py FOLDER. FOLDER has the driver."""

import os
import sys

sys.path.insert(0, os.path.realpath(sys.argv[1]))

import type_slots_driver as driver


class Null:
    pass


NULL = Null()
driver.set_null(NULL)
REPR, NEW, HASH, ADD, LENGTH, ITEM, INIT, NEXT = 66, 65, 59, 7, 45, 44, 60, 63


def fails(error, cls, slot, form, *arguments):
    answer, raised = driver.call(cls, slot, form, *arguments)
    assert answer in (NULL, -1) and type(raised) is error, (answer, raised)
    return str(raised)


# NULL for an object.
for cls, slot, form in (list, REPR, "ro"), (list, LENGTH, "no"), (int, HASH, "no"), (object, REPR, "ro"):
    fails(SystemError, cls, slot, form, NULL)
fails(SystemError, int, ADD, "roo", 1, NULL)
fails(SystemError, list, NEW, "rooo", list, NULL, NULL)

# An object of another class.
assert "requires such an object" in fails(TypeError, list, REPR, "ro", 5)
fails(TypeError, list, LENGTH, "no", 5)
fails(TypeError, list, ITEM, "ron", (1, 2), 0)
fails(TypeError, type(iter([])), NEXT, "ro", 5)
fails(TypeError, list, NEW, "rooo", 5, (), NULL)

# Arguments of a call.
fails(TypeError, list, NEW, "rooo", list, [], NULL)
fails(TypeError, list, INIT, "iooo", [], (), [])
fails(TypeError, list, INIT, "iooo", [], (), {5: 1})

# The function of `object` does not make objects that need another payload.
for cls in list, type("Sub", (dict,), {}), OSError:
    text = fails(TypeError, object, NEW, "rooo", cls, (), NULL)
    assert text.startswith("object.__new__("), text
    assert text.endswith(".__new__()"), text

# The operators of a class, called with others.
assert driver.call(int, ADD, "roo", 1.5, 1) == [NotImplemented, NULL]
assert driver.call(int, ADD, "roo", "a", "b") == [NotImplemented, NULL]

# The old numbers mean the same.
for old, new in (1, 88), (2, 89), (3, 90), (4, 91):
    assert driver.slot(bytearray, old) == driver.slot(bytearray, new) != 0

# There are no such slots.
for number in -1, 0, 200, 1 << 16 | REPR:
    try:
        driver.slot(list, number)
    except SystemError:
        pass
    else:
        raise AssertionError(number)

# A function that calls itself through a Python method.
class Deep:
    def __repr__(self):
        answer, raised = driver.call(Deep, REPR, "ro", self)
        if raised is not NULL:
            raise raised
        return answer


fails(RecursionError, Deep, REPR, "ro", Deep())

# A generator's finalizer, and the report of one that fails.
reported = []
sys.unraisablehook = reported.append


class Finalized:
    def __del__(self):
        raise LookupError("refused")


driver.call(Finalized, 80, "vo", Finalized())
assert [type(report.exc_value) for report in reported] == [LookupError], reported
print("done")
