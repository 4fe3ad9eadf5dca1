"""Methods of each calling convention: bound, unbound, of a subclass, with good and bad arguments."""

import functools
import inspect
import types

from showing import driver, row, rows

Methods = driver.make_class()


class Derived(Methods):
    def no_args(self):
        return super().no_args()


class Other:
    pass


c, derived = Methods(), Derived()

CONVENTIONS = "no_args", "one", "tuple", "tuple_and_dict", "array", "array_and_names", "with_class"

CALLS = (
    "", "1", "1, 2", "[], {}, ()", "k=1", "1, k=2", "1, 2, k=3, é=4, **{'\\ud800': 5}", "*range(20)",
    "*range(20), **{str(i): i for i in range(20)}",
)

WHOLE = "c", "derived", "Methods", "Derived"


def call(function, arguments):
    rows(f"{function}({arguments})", c=c, derived=derived, Methods=Methods, Derived=Derived)


for name in (kind + convention for kind in ("", "class_", "static_") for convention in CONVENTIONS):
    if name == "static_with_class":
        continue
    takes_keywords = name.endswith(("names", "dict", "with_class"))
    for arguments in CALLS:
        # For an instance, calls with a star have other names in CPython's messages.
        if "**" in arguments and not takes_keywords:
            continue
        for owner in WHOLE:
            if owner == "derived" and "*" in arguments:
                continue
            call(f"{owner}.{name}", arguments)
        if "k=" not in arguments and "**" not in arguments:
            call(f"(lambda *args: c.{name}(*args))", arguments)
        for receiver in ("c", "derived", "3", "*[]"):
            call(f"Methods.{name}", f"{receiver}, {arguments}")

# Calls that the interpreter specializes after some time.
for _ in range(40):
    last = (
        c.no_args(), c.one(1), c.array(1), c.array_and_names(1), c.array_and_names(k=1), c.tuple(1),
        c.tuple_and_dict(1), c.with_class(1), Methods.class_one(1), Methods.static_one(1),
    )
row("in a loop", lambda: last)

for _ in range(40):
    try:
        c.no_args(1)
    except TypeError as error:
        last = error
row("a wrong call in a loop", lambda: last)

for name in (kind + wrong for kind in ("", "class_", "static_") for wrong in ("fails_silently", "raises_unreported")):
    try:
        answer = eval(f"c.{name}()")
    except SystemError as error:
        answer = str(error), error.__cause__, error.__context__
    row(name, lambda: answer)

# Attributes of descriptors. The last ones are not asked of a static method: the interpreter's `staticmethod`
# and its `__self__` have their own.
for name in ("no_args", "class_one", "static_tuple", "with_class", "class_with_class", "documented", "static_documented", "class_documented", "plain_doc", "empty_doc", "__repr__", "__reduce__"):
    rows(
        "d", "type(d)", "d.__name__", "d.__qualname__", "d.__text_signature__", "inspect.signature(getattr(C, name))",
        "inspect.signature(getattr(c, name))", "getattr(c, name).__doc__", "getattr(C, name).__doc__",
        "getattr(c, name).__qualname__", "getattr(c, name).__name__", "getattr(c, name).__module__", "getattr(c, name)",
        "getattr(c, name) == getattr(c, name)", "getattr(c, name) == getattr(s, name)", "hasattr(d, '__set__')",
        "inspect.ismethoddescriptor(d), inspect.isroutine(getattr(c, name)), inspect.isbuiltin(getattr(c, name))",
        "isinstance(d, (types.MethodDescriptorType, types.ClassMethodDescriptorType, staticmethod))", "type(d)()",
        C=Methods, c=c, s=derived, d=vars(Methods)[name], inspect=inspect, types=types, name=name,
    )
    if not name.startswith("static_"):
        rows(
            "d.__doc__", "d.__objclass__ is C", "d.__self__", "getattr(c, name).__self__ in (c, C)", "d.__get__(3, int)",
            "d.__get__(None, int)", "d.__get__(c, C)", "d()",
            C=Methods, c=c, d=vars(Methods)[name], name=name,
        )

rows(
    "len(c)", "c.__len__()", "vars(C)['__len__']", "repr(c)", "c.__repr__()", "C.__repr__", "str(c)",
    "vars(C)['no_args']", "derived.no_args()", "functools.partial(C.one, c)(5)", "list(map(C.one, [c, derived], [1, 2]))",
    "sorted(name for name in vars(C) if not name.startswith('__'))",
    C=Methods, c=c, derived=derived, functools=functools,
)

# A method in an `except` block does not see the exception that is being handled.
def handled():
    try:
        raise LookupError("handled")
    except LookupError:
        return c.no_args(), c.both

row("in an except block", handled)

# Too deep.
down = int
for _ in range(200000):
    down = functools.partial(c.calls, down)
row("too deep", lambda: type(limited(down)))


def limited(function):
    try:
        return function()
    except RecursionError as error:
        return error


# Definitions that are wrong.
for index in 0, 1, 3:
    row(f"odd method {index}", driver.odd, 0, index)

# Single descriptors and function objects.
WITH_CLASS = 24
STATIC_ONE = 17
rows(
    "driver.new_method(C, 0)", "driver.new_method(C, 0)(c)", "driver.new_method(C, 0)(3)", "driver.new_method(C, 1)(c, 5)",
    "driver.new_method(C, with_class)(c, 5)", "driver.new_method(C, 9)(c, 5)", "driver.new_method(C, 17)(c, 5)",
    "type(driver.new_method(C, 17))", "driver.new_method(int, 0)(5)", "driver.new_method(int, 0)('x')", "driver.new_method(int, 1)",
    "driver.new_class_method(C, 1)", "driver.new_class_method(C, 1)(C, 5)", "driver.new_class_method(C, 1).__get__(c)(5)",
    "driver.new_class_method(int, 1)(bool, 5)", "driver.new_class_method(int, 1)(str, 5)", "driver.new_class_method(C, 1)(int, 5)",
    "driver.new_class_method(C, with_class)(C, 5)",
    "driver.new_function('self', 0, None)()", "driver.new_function('self', 0, None)(1)", "driver.new_function(None, 1, None)(1)",
    "driver.new_function('self', with_class, C)(1, k=2)", "driver.new_function(None, with_class, int)(1)",
    "driver.new_function('self', with_class, None)", "driver.new_function('self', 0, C)",
    "driver.about(driver.new_function('self', 0, None))", "driver.about(driver.new_function('self', with_class, C))",
    "driver.about(driver.new_function(None, 0, None))", "driver.about(driver.new_function('self', 17, None))",
    "driver.about(c.no_args)", "driver.about(C.class_one)", "driver.about(C.static_one)", "driver.about(3)",
    "driver.about(C.no_args)", "driver.about(driver.about)[2]",
    C=Methods, c=c, with_class=WITH_CLASS,
)
