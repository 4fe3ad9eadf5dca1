"""What a destructor raises is reported with the capsule, and a pending exception survives it."""

import sys

import _capsule

reports = []
sys.unraisablehook = lambda left: reports.append((type(left.exc_value), _capsule.get_name(left.object)))

capsule = _capsule.new(1, "clumsy", lambda c: 1 / 0)
del capsule
assert reports == [(ZeroDivisionError, "clumsy")]


def dies_while_raising():
    capsule = _capsule.new(1, "inside", lambda c: {}["no such key"])
    raise LookupError("the real one")


try:
    dies_while_raising()
except LookupError as error:
    assert str(error) == "the real one"
    error.__traceback__ = None
assert reports[1:] == [(KeyError, "inside")]
