"""Tuples and lists: made with a size and filled, read; and objects that are neither."""

from calling import *

calls("PyTuple_New", [0], [-1], [-HUGE - 1], [HUGE], [HUGE // 8])
calls("PyList_New", [0], [-1], [-HUGE - 1], [HUGE], [HUGE // 8])
row("empty tuple is a singleton", lambda: call("PyTuple_New", 0)[0] is tuple())
for kind in 0, 1:
    what = ["tuple", "list"][kind]
    a, b, c = "a", "b", "c"
    for size, items in [
        (0, []),
        (0, [(0, a)]),
        (1, [(0, a)]),
        (3, [(0, a), (1, b), (2, c)]),
        (3, [(2, a), (1, b), (0, c)]),
        (3, [(1, a), (2, b), (0, c)]),
        (2, [(0, a), (1, b), (0, c)]),
        (2, [(0, a), (1, b), (2, c), (-1, c), (HUGE, c), (-HUGE - 1, c)]),
    ]:
        row(f"{what} of {size} {items}", driver.fill, kind, size, items, False)
    for size in 0, 1, 5, 1000:
        row(f"{what} of {size} dropped unfilled", driver.dropped, kind, size)
    probe = Plain()
    fill = driver.fill
    row(f"{what} steals", counted, lambda: fill(kind, 1, [(0, probe)], False), probe)
    row(f"{what} steals, out of range", counted, lambda: fill(kind, 1, [(1, probe)], False), probe)
    row(f"{what} steals, negative", counted, lambda: fill(kind, 1, [(-1, probe)], False), probe)
    row(f"{what} replaces", counted, lambda: fill(kind, 1, [(0, probe), (0, 5)], False), probe)
    row(f"{what} steals, unfilled rest", counted, lambda: fill(kind, 3, [(2, probe)], False) and None, probe)
row("tuple that is shared", driver.fill, 0, 0, [(0, a)], True)
row("list that is shared", driver.fill, 1, 2, [(0, a), (1, b)], True)
row("a shared tuple leaks nothing", counted, lambda: call("PyTuple_SetItem", (1, 2), 0, probe), probe)
row("an int leaks nothing", counted, lambda: call("PyTuple_SetItem", 5, 0, probe), probe)
row("a list leaks nothing", counted, lambda: call("PyTuple_SetItem", [1], 0, probe), probe)
row("a tuple leaks nothing", counted, lambda: call("PyList_SetItem", (1,), 0, probe), probe)
shared = (1, 2)
row("shared tuple is unchanged", lambda: [call("PyTuple_SetItem", shared, 0, 7), shared])


class LogsDel:
    def __init__(self, into):
        self.into = into

    def __del__(self):
        self.into.append("deleted")


def deleted_at_once():
    events = []
    answers, made = driver.fill(0, 1, [(0, LogsDel(events)), (0, 5)], False)
    return events, made


row("replaced item is deleted at once", deleted_at_once)


def looks_at_its_list():
    made, seen = [0], []

    class Looks:
        def __del__(self):
            seen.append(list(made))
            made.append("more")

    made[0] = Looks()
    call("PyList_SetItem", made, 0, "new")
    return seen, made


row("replaced item looks at its list", looks_at_its_list)


def collected():
    import gc
    import weakref

    ends = Plain()
    seen = weakref.ref(ends)
    inner = [ends]
    answers, made = driver.fill(0, 2, [(1, inner), (0, 5)], False)
    inner.append(made)
    del ends, inner, made, answers
    gc.collect()
    return seen() is None


row("cycle through a tuple is collected", collected)
row("hash and use", lambda: {driver.fill(0, 2, [(0, 1), (1, 2)], False)[1]: 5}[1, 2])

NOT_TUPLES = [5], [[1, 2]], ["ab"], [None], [NULL]
calls("PyTuple_Size", [()], [(1, 2)], [Sub((1, 2, 3))], *NOT_TUPLES[:4])
for index in 0, 1, 2, -1, HUGE, -HUGE - 1:
    calls("PyTuple_GetItem", [(7, 8), index], [Sub((7,)), index])
    calls("PyTuple_SetItem", [(7, 8), index, 1])
    calls("PyList_GetItemRef", [[7, 8], index], [SubList((7,)), index])
    calls("PyList_SetItem", [[7, 8], index, 1])
    calls("PyList_Insert", [[7, 8], index, 1])
calls("PyTuple_GetItem", [5, 0], [[1], 0], [None, 0])
calls("PyTuple_SetItem", [5, 0, 1], [[1], 0, 1], [Sub((1,)), 0, 1])
for low, high in (0, 2), (1, 2), (-1, 9), (2, 1), (HUGE, HUGE), (-HUGE - 1, HUGE):
    calls("PyTuple_GetSlice", [(7, 8, 9), low, high], [Sub((7, 8)), low, high])
    calls("PyList_GetSlice", [[7, 8, 9], low, high])
calls("PyTuple_GetSlice", [[1], 0, 1], [5, 0, 1])
calls("PyList_Size", [[]], [[1]], [SubList((1, 2))], [(1,)], [5])
calls("PyList_GetItemRef", [(1,), 0], [5, 0])
calls("PyList_SetItem", [(1,), 0, 1], [5, 0, 1])
calls("PyList_Append", [[1], 2], [(1,), 2], [5, 2], [[1], NULL], [SubList(), 1])
calls("PyList_Insert", [(1,), 0, 2], [5, 0, 2], [[1], 0, NULL])
calls("PyList_Reverse", [[1, 2]], [(1,)], [5], [NULL])
calls("PyList_Sort", [[2, 1]], [(1,)], [5], [NULL], [[1, "a"]])
calls("PyList_AsTuple", [[1, 2]], [(1,)], [5], [NULL])
calls("PyList_GetSlice", [(1,), 0, 1], [5, 0, 1])
calls("PyList_SetSlice", [[1, 2, 3], 0, 2, [7]], [[1, 2, 3], 1, 2, NULL], [[1], 5, 9, (4, 5)], [[1], 0, 1, 5], [(1,), 0, 1, [2]], [5, 0, 1, [2]])
