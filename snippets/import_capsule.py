"""A dotted name leads through modules and attributes to a capsule of the same name."""

import sys
import types

import _capsule

module = sys.modules["made_up"] = types.ModuleType("made_up")
module.api = _capsule.new(11, "made_up.api")
module.Namespace = type("Namespace", (), {"api": _capsule.new(12, "made_up.Namespace.api")})
module.misnamed = _capsule.new(13, "other")

assert _capsule.import_("made_up.api") == 11
assert _capsule.import_(b"made_up.Namespace.api") == 12
assert _capsule.import_capsule("made_up.api") is module.api

module.api = _capsule.new(14, "made_up.api")
assert _capsule.import_("made_up.api") == 14


def refused(name, kind, text):
    try:
        _capsule.import_(name)
    except kind as error:
        assert type(error) is kind
        assert str(error) == text, str(error)
        return error
    raise AssertionError(name)


error = refused("no_such.api", ImportError, 'PyCapsule_Import could not import module "no_such"')
assert isinstance(error.__cause__, ModuleNotFoundError)
error = refused("made_up.misnamed", AttributeError, 'PyCapsule_Import "made_up.misnamed" is not valid')
assert error.__notes__ == ['expected the name "made_up.misnamed", found "other"']
refused("made_up.nope", AttributeError, "module 'made_up' has no attribute 'nope'")
