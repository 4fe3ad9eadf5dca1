"""A capsule keeps its owner alive, and the collector sees through it."""

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
ends = []
owner.capsule = _capsule.new(1, "data", lambda c: ends.append(_capsule.describe(c).owner is alive()), owner=owner)
del owner
assert ends == []
gc.collect()
assert alive() is None
assert len(ends) == 1

assert not gc.is_tracked(_capsule.new(1, "data"))
