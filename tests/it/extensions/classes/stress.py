"""Many instances, cycles, exceptions and classes; a collection at every allocation."""

import gc
import threading

import kit
import pyo3_classes as p
from kit import collect, drops


def many_instances():
    with drops(Animal=200_000, Dog=50_000):
        for _ in range(150_000):
            p.Animal("x").name
        for _ in range(50):
            dogs = [p.Dog("y", "sit") for _ in range(1_000)]
            assert dogs[-1].name == "y" and dogs[0].tricks == ["sit"]
        del dogs


def many_instances_of_a_class_in_python():
    class Sub(p.Animal):
        def __init__(self, name):
            self.extra = [name]

    with drops(Animal=30_000):
        for number in range(30_000):
            assert Sub("z").extra == ["z"]


def many_cycles():
    class Sub(p.Node):
        pass

    collect()
    with drops(Node=70_000):
        for _ in range(10_000):
            a = p.Node()
            a.next = a
            b = Sub()
            b.own = b
            c, d = Sub(), p.Node()
            c.next, d.next = d, [c]
            e = p.Node()
            e.children.append(e)
            f, g = Sub(), Sub()
            f.own, g.next = g, f
        del a, b, c, d, e, f, g
        collect()


def many_exceptions():
    class Sub(p.CodeError):
        pass

    with drops(CodeError=30_000):
        for number in range(10_000):
            try:
                raise p.CodeError(number)
            except p.CodeError as error:
                assert error.args == (number,)
            try:
                raise Sub(number)
            except p.CodeError as error:
                error.extra = error
            try:
                p.raise_code(number)
            except p.CodeError as error:
                assert error.extra == number
        collect()


def many_classes():
    for number in range(300):
        local = type(f"Local{number}", (p.Node,), {"number": number})
        instance = local()
        instance.next = local
        local.instance = instance
    del local, instance
    with drops():
        collect()
    assert p.Node.__subclasses__() == [p.Branch], p.Node.__subclasses__()


def a_collection_at_every_allocation():
    collect()
    before = gc.get_threshold()
    with drops(Node=500, Branch=200, CodeError=200, NativeDict=100, Recycled=100):
        gc.set_threshold(1, 1, 1)
        for number in range(100):
            a, b, c = p.Node(), p.Branch(), p.Branch()
            a.next, b.next, b.other, c.other = b, a, c, b
            a.children.append(c)
            d = p.Node(p.Node(a))
            error = p.CodeError(number)
            error.itself = error
            other = p.CodeError()
            other.extra = other
            mapping = p.NativeDict()
            mapping["self"] = mapping
            recycled = p.Recycled(number)
            recycled.set_next(recycled)
            assert p.Row(1, 2, 3)[1:][0] == 2 and [*reversed(p.Row(1, 2))] == [2, 1]
            assert b"".join([p.Block(b"ab"), p.Block(b"c")]) == b"abc"
        gc.set_threshold(*before)
        del a, b, c, d, error, other, mapping, recycled
        collect()


def threads_and_classes():
    def work():
        for number in range(100):

            class Local(p.Dog):
                pass

            assert Local("x").speak() == "x barks after: x is silent"

            class Error(p.CodeError):
                pass

            Error(number).itself = number

    threads = [threading.Thread(target=work) for _ in range(4)]
    with drops(Dog=400, Animal=400, CodeError=400):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        collect()
    assert len(p.Dog.__subclasses__()) == 1


kit.run(globals())
