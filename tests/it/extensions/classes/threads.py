"""Objects that several threads use."""

import gc
import threading

import kit
import pyo3_classes as p
from kit import collect, drops, refused


def threads_of_rust_use_one_object():
    c = p.Counter()
    p.add_on_threads(c, 6, 500)
    assert c.count == 3000
    with drops(Counter=1):
        del c


def threads_of_rust_make_objects():
    with drops(Counter=400):
        made = p.make_on_threads(4, 200)
        assert len(made) == 400 and {type(c) for c in made} == {p.Counter}
    made[0].add()
    assert made[0].count == 1
    with drops(Counter=400):
        made.clear()


def objects_are_dropped_where_no_thread_is_attached():
    c = p.Counter()
    objects = [p.Counter() for _ in range(20)]
    with drops(Counter=20):
        p.drop_detached(objects)
        objects.clear()
        # The references are released when this thread attaches again, which these calls do.
        p.add_on_threads(c, 1, 1)


def python_code_runs_on_a_thread_of_rust():
    here = threading.get_ident()
    there = p.call_on_a_thread(threading.get_ident)
    assert here != there
    assert p.call_on_a_thread(lambda: p.Row(1, 2)[1]) == 2
    refused(ZeroDivisionError, p.call_on_a_thread, lambda: 1 / 0)
    refused(p.SecondError, p.call_on_a_thread, lambda: p.fail("second", "there"))


def a_value_is_made_once():
    lists = []
    threads = [threading.Thread(target=lambda: lists.append(p.only_list())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lists) == 8 and all(found is p.only_list() for found in lists)


def threads_of_python_with_the_collector():
    """Every thread makes objects of several classes, also in cycles, while another one collects."""
    done = threading.Event()
    failures = []
    shared = p.Counter()

    def work(seed):
        class Sub(p.Branch):
            pass

        try:
            for number in range(400):
                a, b = p.Node(), Sub()
                a.next, b.next, b.other = b, a, b
                a.children.append(shared)
                shared.add()
                try:
                    p.raise_code(a)
                except p.CodeError as error:
                    assert error.extra is a
                table = p.Table(a=a)
                table["self"] = table
                row = p.Row(number, seed)
                assert row[0] == number and row + row and hash(p.Version(seed, number))
        except BaseException as error:
            failures.append(error)

    def collecting():
        while not done.is_set():
            gc.collect()

    nodes = {"Node": 6 * 400 * 2, "Branch": 6 * 400, "CodeError": 6 * 400}
    with drops(**nodes):
        collector = threading.Thread(target=collecting)
        threads = [threading.Thread(target=work, args=[seed]) for seed in range(6)]
        for thread in (collector, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        done.set()
        collector.join()
        assert not failures, failures
        collect()
    assert shared.count == 2400


kit.run(globals())
