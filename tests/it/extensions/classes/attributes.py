"""Access to attributes, descriptors, and hooks that are not slots."""

import copy
import gc
import pickle
import weakref

import kit
import pyo3_classes as p
from kit import refused


def attributes_kept_in_rust():
    o = p.Open()
    o.a = 1
    o.b = 2
    assert o.a == 1 and o.fixed == 1 and o.b == 2 and o.fixed == 2
    refused(AttributeError, lambda: o.zzz)
    assert getattr(o, "zzz", 7) == 7 and not hasattr(o, "zzz") and hasattr(o, "a")
    del o.a
    refused(AttributeError, lambda: o.a)
    refused(AttributeError, delattr, o, "a")
    refused(TypeError, setattr, o, "c", "x")
    o.fixed = 3
    assert type(o.fixed) is int and o.fixed != 3 or o.fixed > 3
    assert dir(o) == ["b", "fixed"]
    assert o.__getattribute__("b") == 2
    refused(AttributeError, lambda: o.__getattr__)
    o.__setattr__("c", 5)
    o.__delattr__("c")
    refused(TypeError, p.Open.__getattribute__, 3, "x")
    refused(TypeError, p.Open.__setattr__, 3, "x", 1)

    class Sub(p.Open):
        def __getattr__(self, name):
            return "sub", name

    assert Sub().anything == ("sub", "anything") and Sub().fixed == 0


def all_access_goes_through_one_method():
    loud = p.Loud()
    assert loud.loud_name == "NAME" and loud.quiet() == "quiet"
    refused(AttributeError, lambda: loud.other)
    assert getattr(loud, "loud_x") == "X" and loud.__getattribute__("loud_y") == "Y"
    refused(TypeError, p.Loud.__getattribute__, 3, "loud_z")
    print(p.Loud.__getattribute__)


def a_data_descriptor():
    class Owner:
        shared = p.Shared()

    a, b = Owner(), Owner()
    refused(AttributeError, lambda: a.shared)
    a.shared = [1]
    assert b.shared == [1] and a.shared is b.shared and "shared" not in a.__dict__
    descriptor, owner = Owner.shared
    assert type(descriptor) is p.Shared and owner is Owner and descriptor.name == "Owner.shared"
    a.__dict__["shared"] = 5
    assert a.shared == [1]
    del b.shared
    refused(AttributeError, lambda: a.shared)
    refused(TypeError, delattr, a, "shared")
    d = p.Shared()
    d.__set__(None, 3)
    assert d.__get__(1) == 3 and d.__get__(None, int) == (d, int)
    d.__delete__(None)
    refused(TypeError, d.__get__)
    refused(TypeError, p.Shared.__get__, 3, None)
    refused(TypeError, p.Shared.__set__, 3, None, 4)
    refused(TypeError, p.Shared.__delete__, 3, None)


def a_descriptor_that_an_instance_overrides():
    class Owner:
        fallback = p.Fallback()

    a = Owner()
    assert a.fallback is True and Owner.fallback is False
    a.fallback = "own"
    assert a.fallback == "own"
    del a.fallback
    assert a.fallback is True
    assert not hasattr(p.Fallback(), "__set__")


def a_dict_and_weak_references():
    n = p.Noted()
    assert n.__dict__ == {}
    n.a = 1
    n.__dict__["b"] = 2
    assert n.b == 2 and vars(n) == {"a": 1, "b": 2} and sorted(dir(n))[-1] == "b"
    del n.a
    refused(AttributeError, lambda: n.a)
    refused(AttributeError, delattr, n, "a")
    n.__dict__ = {"c": 3}
    assert n.c == 3
    refused(TypeError, setattr, n, "__dict__", 3)
    called = []
    r = weakref.ref(n, lambda r: called.append(r() is None))
    assert r() is n and weakref.getweakrefcount(n) == 1 and weakref.ref(n) is weakref.ref(n)
    proxy = weakref.proxy(n)
    assert proxy.c == 3
    del n
    assert r() is None and called == [True]
    refused(ReferenceError, lambda: proxy.c)
    refused(TypeError, weakref.ref, p.Empty())
    refused(AttributeError, lambda: p.Empty().__dict__)
    d = weakref.WeakValueDictionary()
    n = d["n"] = p.Noted()
    assert d["n"] is n
    del n
    assert len(d) == 0


def hooks():
    class Sub(p.Noted, colour="red"):
        pass

    assert Sub.noted == {"colour": "red"}

    class Plain(p.Noted):
        pass

    assert Plain.noted is None
    with p.Noted() as n:
        assert type(n) is p.Noted
    with p.Noted():
        raise KeyError("swallowed")
    refused(ValueError, lambda: exec("with p.Noted(): raise ValueError('not swallowed')", {"p": p}))


def copies_and_pickles():
    n = p.Noted()
    n.items = [1, 2]
    same = copy.copy(n)
    assert type(same) is p.Noted and same is not n and same.items is n.items
    deep = copy.deepcopy(n)
    assert deep.items == [1, 2] and deep.items is not n.items
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        loaded = pickle.loads(pickle.dumps(n, protocol))
        assert type(loaded) is p.Noted and loaded.items == [1, 2]
    refused(TypeError, pickle.dumps, p.Row(1))
    refused(TypeError, copy.copy, p.Row(1))
    refused(TypeError, copy.deepcopy, p.Row(1))
    assert pickle.loads(pickle.dumps(p.Row)) is p.Row


def classes_are_replaced_only_by_like_ones():
    class A(p.Noted):
        pass

    class B(p.Noted):
        pass

    a = A()
    a.x = 1
    a.__class__ = B
    assert type(a) is B and a.x == 1
    refused(TypeError, setattr, a, "__class__", int)
    refused(TypeError, setattr, p.Noted(), "__class__", p.Empty)
    refused(TypeError, setattr, p.Empty(), "__class__", p.Noted)
    refused(TypeError, setattr, a, "__class__", 3)


kit.run(globals())
