"""What CPython does not survive or does differently, with asserts: without_cpython.py FOLDER. FOLDER has the
driver."""

import gc
import os
import random
import sys
import threading
import warnings

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.realpath(sys.argv[1]), os.path.dirname(os.path.realpath(__file__))]

from showing import driver, shown

warnings.simplefilter("ignore")
Methods = driver.make_class()
Members = driver.make_member_class()


def refused(function, *arguments):
    try:
        answer = function(*arguments)
    except Exception as error:
        return shown(error)
    raise AssertionError(f"{answer!r} was returned")


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


# Results of getters and setters that contradict their exceptions.
c = Methods()
text = "SystemError: <attribute '{}' of 'descriptor_driver.Methods' objects> returned {}"
equal(refused(getattr, c, "silent"), text.format("silent", "NULL without setting an exception"))
equal(refused(setattr, c, "silent", 1), text.format("silent", "-1 without setting an exception"))
equal(refused(getattr, c, "unreported"), text.format("unreported", "a result with an exception set"))
equal(refused(delattr, c, "unreported"), text.format("unreported", "0 with an exception set"))

# A member keeps its value if a new one cannot be converted; CPython sets these to -1.
m = Members()
for name in ("one_long", "one_longlong", "one_ssize", "one_float", "one_double"):
    setattr(m, name, 5)
    for value in ("x", None, 2**70, object()):
        if not (name in ("one_float", "one_double") and value == 2**70):
            refused(setattr, m, name, value)
            equal(getattr(m, name), 5)

# Definitions that CPython accepts.
equal(refused(driver.odd, 0, 2), "SystemError: odd() method: bad call flags")
equal(
    refused(driver.odd, 1, 2),
    "SystemError: member 'odd' of 'descriptor_driver.Odd' needs Py_RELATIVE_OFFSET: the layout of objects is not"
    " public",
)


# A bound method does not keep the class that defines it. It finds out that the object has another base.
def outlived():
    base, other = driver.make_class(), driver.make_class()

    class Derived(base):
        pass

    instance, bound = Derived(), Derived().with_class
    class_bound = Derived.class_with_class
    equal(bound(1)[4], base)
    equal(class_bound(1)[4], base)
    Derived.__bases__ = (other,)
    equal(instance.with_class(1)[4], other)
    return bound, class_bound


bound, class_bound = outlived()
gc.collect()
text = "TypeError: descriptor '{}' for 'descriptor_driver.Methods' objects doesn't apply to a '{}' object"
equal(refused(bound, 1), text.format("with_class", "Derived"))
equal(refused(class_bound, 1), text.format("class_with_class", "type"))

# Threads that use the members of one instance.
shared = Members()
values = [[] for _ in range(16)]
before = [sys.getrefcount(value) for value in values]
problems = []


def use(seed):
    choose = random.Random(seed).choice
    try:
        for _ in range(4000):
            for name in ("one_object", "one_object_ex"):
                try:
                    action = choose("ssgggd")
                    if action == "s":
                        setattr(shared, name, choose(values))
                    elif action == "d":
                        delattr(shared, name)
                    else:
                        value = getattr(shared, name)
                        assert value is None or type(value) is list and value == []
                except AttributeError:
                    assert name == "one_object_ex"
            shared.one_longlong = choose((0, -1))
            assert shared.one_longlong in (0, -1)
            shared.one_double = choose((0.0, 1e300))
            assert shared.one_double in (0.0, 1e300)
    except BaseException as error:
        problems.append(error)


threads = [threading.Thread(target=use, args=(seed,)) for seed in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
equal(problems, [])
shared.one_object = shared.one_object_ex = None
equal([sys.getrefcount(value) for value in values], before)

print("done")
