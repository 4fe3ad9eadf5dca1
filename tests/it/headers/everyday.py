# Run by modules.rs with the folder of the module on the path.
import gc
import io
import sys

import everyday

assert everyday.constants() == (None, False, True, ..., NotImplemented)
assert everyday.constants.__doc__ == "The constants."
assert [everyday.returned(which) for which in range(4)] == [None, False, True, NotImplemented]
assert everyday.cleared() == 0
assert everyday.counted([]) == (2, 0)
try:
    everyday.waited()
    raise AssertionError
except MemoryError as error:
    assert error.args == ()
assert everyday.matched(KeyError) == 1
assert everyday.matched(FileNotFoundError) == 2
assert everyday.matched(ValueError) == 0
assert everyday.imported("io") is io
try:
    everyday.imported("no_such_module")
    raise AssertionError
except ModuleNotFoundError:
    pass
assert everyday.called(int, callable=type) is type
assert everyday.called(3, callable=type) is None
assert everyday.versions()
assert (everyday.answer, everyday.word, everyday.nothing, everyday.number) == (
    42,
    "capsule",
    None,
    7,
)
assert not hasattr(everyday, "pi")
assert everyday.__doc__ == "Everyday macros."


class Sentinel:
    def __del__(self):
        print("collected")


assert everyday.keep(1) is None
sentinel = Sentinel()
sentinel.module = everyday
assert everyday.keep(sentinel) == 1
del sentinel, everyday, sys.modules["everyday"]
gc.collect()
