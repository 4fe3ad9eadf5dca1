"""Helpers of the rows: run one, show its answer."""

import re

import descriptor_driver as driver


def shown(value):
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {without_addresses(str(value))}"
    return without_addresses(repr(value))


def without_addresses(text):
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def row(label, function, *arguments):
    """Prints and returns what a function returns or raises."""
    try:
        answer = function(*arguments)
    except Exception as error:
        answer = error
        label += " raises"
    print(label, shown(answer), sep="\t", flush=True)
    return answer


def rows(*expressions, **names):
    """A row for each expression."""
    for expression in expressions:
        row(expression, eval, expression, {"driver": driver, **names})


class Index:
    def __index__(self):
        return 7

    def __repr__(self):
        return "Index()"


class Float:
    def __float__(self):
        return 7.5

    def __repr__(self):
        return "Float()"


class BadIndex:
    def __index__(self):
        raise LookupError("no index")

    def __repr__(self):
        return "BadIndex()"


class Int(int):
    pass
