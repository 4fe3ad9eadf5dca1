"""abi3_abi3t_universal: one function, in a module with state."""

import importlib
import sys

import abi3_abi3t_universal as module

first = module.increment_value()
assert [module.increment_value() for _ in range(1000)] == list(range(first + 1, first + 1001))

try:
    module.increment_value(1)
except TypeError:
    pass
else:
    raise AssertionError("an argument too many was accepted")

# A second import of the same library gives a module that works too.
del sys.modules["abi3_abi3t_universal"]
again = importlib.import_module("abi3_abi3t_universal")
assert again.increment_value() + 1 == again.increment_value()
assert again.__name__ == "abi3_abi3t_universal"
