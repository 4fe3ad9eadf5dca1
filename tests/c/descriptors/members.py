"""Members: every type, read, written and deleted."""

import sys
import warnings

from showing import BadIndex, Float, Index, Int, driver, row, rows

Members = driver.make_member_class()

NAMES = [name for name in vars(Members) if name.startswith(("one_", "of_", "fixed_"))]

POWERS = [sign * 2**bits + more for bits in (7, 8, 15, 16, 31, 32, 63, 64, 200) for sign in (1, -1) for more in (-1, 0)]

VALUES = [
    None, True, False, 0, 1, -1, *POWERS, -(2**31) - 1, -(2**63) - 1, 1.5, -0.0, 1e300, float("inf"), 2j,
    "", "x", "xy", "\0", "\x7f", "\x80", "é", "\ud800", b"x", [], Index(), Float(), BadIndex(), Int(5), int, ...,
]


class Derived(Members):
    pass


def new(cls=Members):
    instance = cls()
    instance.set_texts(b"text", b"inplace")
    return instance


# CPython sets these to -1 if the value cannot be converted.
SET_TO_MINUS_ONE = "one_long", "one_longlong", "one_ssize", "one_float", "one_double"


def use(name, value):
    """Sets a member twice: with warnings as errors, and with warnings ignored."""
    for action in "error", "ignore":
        instance = new()
        with warnings.catch_warnings():
            warnings.simplefilter(action)
            answer = row(f"{name} = {value!a}, {action}", setattr, instance, name, value)
        if name not in SET_TO_MINUS_ONE or answer is None:
            row(f"{name} after it", getattr, instance, name)
            row("the memory", instance.memory)


for name in NAMES:
    row(f"{name} at first", getattr, Members(), name)
    for value in VALUES:
        use(name, value)
    instance = new()
    row(f"del {name}", delattr, instance, name)
    row(f"{name} after it", getattr, instance, name)
    row(f"del {name} again", delattr, instance, name)
    row("the memory", instance.memory)

instance = new()
for value in (None, b"", b"text", "é".encode(), b"\xff", b"a\xc3"):
    row(f"texts {value}", instance.set_texts, value, value or b"")
    rows("instance.one_string", "instance.one_inplace", instance=new() if value is None else instance)

# References in object fields.
value = []
before = sys.getrefcount(value)
for name in ("one_object", "one_object_ex"):
    instance = new()
    setattr(instance, name, value)
    row(f"{name} keeps its value", lambda: sys.getrefcount(value) - before)
    setattr(instance, name, value)
    row(f"{name} keeps it once", lambda: sys.getrefcount(value) - before)
    row(f"{name} returns it", lambda: getattr(instance, name) is value)
    delattr(instance, name)
    row(f"{name} gives it up", lambda: sys.getrefcount(value) - before)

# Descriptors.
audited = []
sys.addaudithook(lambda event, arguments: event == "object.__getattr__" and audited.append(arguments[1]))
DESCRIPTORS = ("one_int", "one_object_ex", "fixed_int", "audited", "one_string", "of_no_type")
for name in DESCRIPTORS:
    rows(
        "d", "type(d).__name__", "type(d).__module__", "d.__name__", "d.__qualname__", "d.__doc__",
        "d.__objclass__ is C", "d.__reduce__()", "hasattr(d, '__get__'), hasattr(d, '__set__'), hasattr(d, '__delete__')",
        "d.__get__(None, C) is d", "d.__get__(c)", "d.__get__(c, C)", "d.__get__(c, int)", "d.__get__(s)",
        "d.__set__(c, 3)", "d.__get__(c)", "d.__delete__(c)", "d.__get__(3)", "d.__get__('x', str)",
        "d.__set__(3, 4)", "d.__delete__(3)", "d.__get__(C)", "type(d)()",
        "inspect.ismemberdescriptor(d), inspect.isdatadescriptor(d), inspect.isgetsetdescriptor(d)",
        "isinstance(d, types.MemberDescriptorType)",
        C=Members, c=new(), s=new(Derived), d=vars(Members)[name], inspect=__import__("inspect"), types=__import__("types"),
    )
row("audited reads", list, audited)

# PyMember_GetOne and PyMember_SetOne of one field, as each type.
warnings.simplefilter("ignore")
OBJECTS = 6, 16
READONLY, RELATIVE = 1 << 8, 8 << 8
for code in (*range(0, 5), *range(7, 13), 14, 17, 18, 19, 20, 21, 15, -1, 77):
    for value in (True, 5, -5, 2**70, "x", None):
        answer = row(f"set_one {code} {value}", driver.set_one, code, value)
        if answer is None or code not in (2, 3, 4, 17, 19):
            row(f"get_one {code}", driver.get_one, code)
    rows(
        "code", "driver.set_one(code)", "driver.set_one(code | flags, True)",
        "driver.set_one(code | relative, 5)", "driver.get_one(code | relative)",
        code=code, flags=READONLY, relative=RELATIVE,
    )
for code in OBJECTS:
    driver.set_one(18, 0)
    rows(
        "code", "driver.set_one(code, 'value')", "driver.get_one(code)", "driver.set_one(code)",
        "driver.set_one(code)", code=code,
    )
driver.set_one(18, 0)
rows("driver.get_one(5)", "driver.get_one(6)")

for index in range(2):
    row(f"odd member {index}", driver.odd, 1, index)
