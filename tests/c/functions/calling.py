"""Helpers of the rows: call a function, show an answer."""

import re
import sys

import function_driver as driver


class Null:
    def __repr__(self):
        return "NULL"


NULL = Null()
driver.set_null(NULL)


class Plain:
    pass


class Own(ValueError):
    pass


class OwnOfTwo(KeyError, OSError):
    pass


class Refuses(Exception):
    def __init__(self, *arguments):
        raise LookupError("refused")


class MakesAnInt(Exception):
    def __new__(cls, *arguments):
        return 5


class Meta(type):
    def __subclasscheck__(cls, other):
        raise RuntimeError("asked")

    def __instancecheck__(cls, other):
        raise RuntimeError("asked")


class WithMeta(Exception, metaclass=Meta):
    pass


class Sub(tuple):
    pass


class SubList(list):
    pass


def shown(value):
    if isinstance(value, BaseException):
        text = str(value)
        # CPython's text has a position in its source.
        text = re.sub(r"^\S+:\d+: bad argument", "bad argument", text)
        text = re.sub(r" at 0x[0-9a-f]+", "", text)
        more = "" if len(value.args) == 1 else f" {len(value.args)} args"
        for label, other in ("cause", value.__cause__), ("context", value.__context__):
            if other is not None:
                more += f" {{{label} {shown(other)}}}"
        return f"{type(value).__name__}: {text}{more}"
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if type(value) is tuple:
        return "(" + ", ".join(map(shown, value)) + ("," if len(value) == 1 else "") + ")"
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def call(name, *arguments, pending=NULL):
    return driver.call(name.encode(), pending, *arguments)


def row(label, function, *arguments):
    try:
        answer = function(*arguments)
    except BaseException as error:
        answer = error.with_traceback(None)
        label += " raises"
    print(label, shown(answer), sep="\t", flush=True)


def calls(name, *rows):
    for arguments in rows:
        label = name + " " + shown(tuple(arguments))
        row(label, lambda: call(name, *arguments))


def counted(function, value):
    """The number of references to `value` that a call leaks."""
    before = driver.count_of(value)
    answer = function()
    del answer
    return driver.count_of(value) - before


HUGE = sys.maxsize
