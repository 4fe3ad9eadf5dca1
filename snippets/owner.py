"""A capsule keeps its owner alive, and the collector follows that reference."""

import gc
import weakref

import _capsule


class Owner:
    pass


owner = Owner()
alive = weakref.ref(owner)
capsule = _capsule.new(1, "data", owner=owner)
del owner
assert alive() is _capsule.describe(capsule).owner
assert gc.is_tracked(capsule)
assert gc.get_referents(capsule) == [alive()]
del capsule
assert alive() is None

owner = Owner()
alive = weakref.ref(owner)
checks = []
owner.capsule = _capsule.new(1, "data", lambda c: checks.append(_capsule.describe(c).owner is alive()), owner=owner)
del owner
assert checks == []
gc.collect()
assert alive() is None
assert len(checks) == 1

assert not gc.is_tracked(_capsule.new(1, "data"))
