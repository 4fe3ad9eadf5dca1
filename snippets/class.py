"""The class of capsules cannot be instantiated, derived from or changed."""

import sys
import types

if not hasattr(types, "CapsuleType"):
    assert sys.version_info < (3, 13)
    sys.exit()

T = types.CapsuleType


def refused(action, text):
    try:
        action()
    except TypeError as error:
        assert str(error) == text, str(error)
    else:
        raise AssertionError(text)


assert T.__name__ == T.__qualname__ == "PyCapsule"
assert T.__module__ == "builtins"
assert repr(T) == "<class 'PyCapsule'>"
assert T.__mro__ == (T, object)
assert set(T.__dict__) == {"__doc__", "__repr__"}
assert T.__doc__.startswith("Capsule objects ")
refused(T, "cannot create 'PyCapsule' instances")
refused(lambda: T(1), "cannot create 'PyCapsule' instances")
refused(lambda: type("X", (T,), {}), "type 'PyCapsule' is not an acceptable base type")
refused(lambda: setattr(T, "x", 1), "cannot set 'x' attribute of immutable type 'PyCapsule'")
