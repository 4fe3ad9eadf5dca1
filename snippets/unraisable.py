"""What a destructor raises is reported with the capsule, and a pending exception survives it."""

import sys

import _capsule

reports = []
sys.unraisablehook = lambda report: reports.append((type(report.exc_value), _capsule.get_name(report.object)))

capsule = _capsule.new(1, "failing", lambda c: 1 / 0)
del capsule
assert reports == [(ZeroDivisionError, "failing")]


def drop_a_capsule_while_raising():
    capsule = _capsule.new(1, "inside", lambda c: {}["no such key"])
    raise LookupError("the real one")


try:
    drop_a_capsule_while_raising()
except LookupError as error:
    assert str(error) == "the real one"
    error.__traceback__ = None
assert reports[1:] == [(KeyError, "inside")]
