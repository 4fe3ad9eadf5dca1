"""get_pointer and is_valid agree on which name is the right one."""

import _capsule

NAMES = [None, "", "a", "a.b", "A.b", "a.b ", "a", "\xe9", "e\u0301", b"\xff\xfe", "\udcff\udcfe"]

for stored in NAMES:
    capsule = _capsule.new(1, stored)
    for asked in NAMES:
        same = (
            asked is None
            if stored is None
            else asked is not None
            and (asked if isinstance(asked, bytes) else asked.encode("utf-8", "surrogateescape"))
            == (stored if isinstance(stored, bytes) else stored.encode("utf-8", "surrogateescape"))
        )
        assert _capsule.is_valid(capsule, asked) is same, (stored, asked)
        try:
            assert _capsule.get_pointer(capsule, asked) == 1
            assert same, (stored, asked)
        except _capsule.PyCapsuleError:
            assert not same, (stored, asked)

for other in [None, 1, "a", int, type(capsule)]:
    assert not _capsule.is_valid(other, "a")
