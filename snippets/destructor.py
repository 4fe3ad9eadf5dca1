"""A destructor runs once, can use the capsule, and can be replaced."""

import _capsule

calls = []


def remember(capsule):
    calls.append((_capsule.get_name(capsule), _capsule.get_pointer(capsule, "a")))
    _capsule.set_destructor(capsule, remember)
    _capsule.set_pointer(capsule, 6)


capsule = _capsule.new(5, "a", remember)
assert _capsule.get_destructor(capsule) is remember
assert calls == []
del capsule
assert calls == [("a", 5)]

capsule = _capsule.new(5, "a", lambda c: calls.append("never"))
_capsule.set_destructor(capsule, None)
assert _capsule.get_destructor(capsule) is None
del capsule
assert calls == [("a", 5)]

# A destructor may keep its capsule; its destructor does not run again.
kept = []
capsule = _capsule.new(7, "kept", kept.append)
del capsule
assert _capsule.get_pointer(kept[0], "kept") == 7
kept.clear()
assert kept == []
