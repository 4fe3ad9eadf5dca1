"""What the collector sees, free lists, objects that belong to a thread, destruction."""

import gc
import sys
import threading
import weakref

import kit
import pyo3_classes as p
from kit import CPYTHON, collect, drops, refused


def references_in_rust_are_seen():
    o = object()
    n = p.Node(o)
    assert o in gc.get_referents(n) and p.Node in gc.get_referents(n) and gc.is_tracked(n)
    assert n in gc.get_referrers(o)
    n.next = None
    assert o not in gc.get_referents(n)
    b = p.Branch()
    b.next, b.other = o, b
    assert o in gc.get_referents(b) and b in gc.get_referents(b)
    b.other = None


def cycles_are_collected():
    collect()
    with drops(Node=40):
        for _ in range(10):
            a = p.Node()
            a.next = a
            a, b = p.Node(), p.Node()
            a.next, b.next = b, [a]
            a = p.Node()
            a.itself = a
        del a, b
        collect()


def cycles_of_classes_that_extend():
    collect()
    with drops(Node=20, Branch=20):
        for _ in range(10):
            a, b = p.Branch(), p.Branch()
            a.other, b.next = b, a
            b.children.append(a)
        del a, b
        collect()

    class Sub(p.Branch):
        pass

    with drops(Node=20, Branch=20):
        for _ in range(10):
            a, b = Sub(), Sub()
            a.mine, b.other = b, a
        del a, b
        collect()


def a_reference_that_is_not_visited_keeps_a_cycle():
    with drops(Opaque=0):
        a = p.Opaque()
        r = weakref.ref(a)
        a.next = a
        del a
        collect()
        assert r() is not None
    with drops(Opaque=1):
        r().next = None
        collect()
        assert r() is None


def weak_references_into_a_cycle():
    called = []
    a = p.Node()
    a.next = a
    r = weakref.ref(a, called.append)
    outside = weakref.WeakSet([a])
    del a
    collect()
    assert r() is None and called == [r] and len(outside) == 0


def a_long_chain_is_dropped():
    # PyO3 drops a chain in CPython by recursion.
    length = 1_000 if CPYTHON else 50_000
    with drops(Node=length):
        head = None
        for _ in range(length):
            head = p.Node(head)
        del head
        collect()


def a_free_list():
    with drops(Recycled=11):
        kept = [p.Recycled(number) for number in range(10)]
        assert [r.number for r in kept] == [*range(10)]
        del kept
        again = p.Recycled(77)
        assert again.number == 77
        del again
    # PyO3 does not tell CPython's collector of an object whose memory it uses again.
    with drops(Recycled=2 if CPYTHON else 6):
        for _ in range(3):
            a = p.Recycled(1)
            b = p.Recycled(2, a)
            a.set_next(b)
        del a, b
        collect()
    with drops(Recycled=1000):
        for number in range(1000):
            assert p.Recycled(number).number == number


def an_object_of_one_thread():
    o = p.OneThread(5)
    assert o.number() == 5
    found = []

    def use():
        try:
            o.number()
        except BaseException as error:
            found.append((type(error).__name__, str(error)))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    print(found)
    assert len(found) == 1 and "unsendable" in found[0][1]
    with drops(OneThread=1):
        del o


def an_object_of_one_thread_is_not_dropped_on_another():
    reports = []
    sys.unraisablehook = lambda report: reports.append(str(report.exc_value))
    box = [p.OneThread(6)]
    thread = threading.Thread(target=box.clear)
    with drops(OneThread=0):
        thread.start()
        thread.join()
    sys.unraisablehook = sys.__unraisablehook__
    print(reports)
    assert len(reports) == 1


def a_drop_may_call_python_code():
    seen = []
    with drops(LastWords=1):
        p.LastWords(seen.append)
        assert seen == [False]
    try:
        1 / 0
    except ZeroDivisionError as error:
        p.LastWords(seen.append)
        assert sys.exception() is error
    try:
        words = p.LastWords(seen.append)
        [].pop(words)
    except TypeError:
        pass
    del words
    assert len(seen) == 3
    reports = []
    sys.unraisablehook = lambda report: reports.append(str(report.exc_value))
    p.LastWords(lambda pending: 1 / 0)
    sys.unraisablehook = sys.__unraisablehook__
    assert reports == ["division by zero"]
    # A collection, and an instance of the same class, while an instance dies.
    p.LastWords(lambda pending: (gc.collect(), p.LastWords(seen.append)))
    assert len(seen) == 4


def the_weak_reference_is_dead_while_the_value_is_dropped():
    seen = []
    words = p.LastWords(lambda pending: seen.append(r()))
    r = weakref.ref(words)
    del words
    assert seen == [None]


def sizes():
    assert sys.getsizeof(p.Node()) > sys.getsizeof(object())
    assert p.Branch.__basicsize__ > p.Node.__basicsize__ > object.__basicsize__
    # Without the header of the object in RustPython.
    assert p.Node.__itemsize__ == 0 and p.Node().__sizeof__() + object.__basicsize__ >= p.Node.__basicsize__


kit.run(globals())
