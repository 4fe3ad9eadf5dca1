"""Constructors, methods, signatures, getters, setters and deleters."""

import inspect
import sys
import types
import warnings

import kit
import pyo3_classes as p
from kit import refused


def constructors():
    t = p.Thermometer()
    assert (t.degrees, t.label, t.initialized) == (20.0, None, 1)
    t = p.Thermometer(5, name="roof")
    assert (t.degrees, t.label, t.initialized) == (5.0, "roof", 1)
    t.__init__(1, 2, three=3)
    assert t.initialized == 2
    refused(ValueError, p.Thermometer, float("nan"))
    refused(TypeError, p.Thermometer, "warm")
    refused(TypeError, p.Thermometer, 1, 2)
    refused(TypeError, p.Thermometer, 1, name=2)
    refused(TypeError, p.Thermometer, 1, degrees=1)
    refused(TypeError, p.Thermometer, what=1)
    refused(TypeError, p.Thermometer.__new__)
    refused(TypeError, p.Thermometer.__new__, int)
    refused(TypeError, object.__new__, p.Thermometer)
    assert p.Thermometer.__new__(p.Thermometer).initialized == 0


def methods():
    t = p.Thermometer(100)
    assert t.fahrenheit() == 212.0
    assert t.warm() == 101.0 and t.warm(2) == 103.0 and t.warm(0.5, times=2) == 104.0
    refused(TypeError, t.warm, by=1)
    refused(OverflowError, t.warm, 1, -1)
    refused(TypeError, t.fahrenheit, 1)
    refused(TypeError, p.Thermometer.fahrenheit)
    refused(TypeError, p.Thermometer.fahrenheit, 3)
    assert p.Thermometer.fahrenheit(t) == t.fahrenheit()
    assert t.itself() is t
    assert getattr(t, "class")() == "renamed"
    bound = t.fahrenheit
    assert bound.__self__ is t and bound.__name__ == "fahrenheit"
    assert bound() == p.Thermometer.__dict__["fahrenheit"].__get__(t)()
    refused(AttributeError, lambda: t.nothing)
    refused(AttributeError, setattr, t, "nothing", 1)


def parameters():
    t = p.Thermometer()
    assert t.parameters(1, 2, d=4) == (1, 2, (), 3, 4, None)
    assert t.parameters(1, b=2, d=4, e=5) == (1, 2, (), 3, 4, {"e": 5})
    assert t.parameters(1, 2, 8, 9, d=4, c=0) == (1, 2, (8, 9), 0, 4, None)
    refused(TypeError, t.parameters)
    refused(TypeError, t.parameters, 1)
    refused(TypeError, t.parameters, 1, 2)
    refused(TypeError, t.parameters, a=1, b=2, d=4)
    refused(TypeError, t.parameters, 1, 2, d="x")
    refused(TypeError, t.parameters, *(1, 2), **{"d": 4, "b": 3})
    refused(OverflowError, t.parameters, 1 << 70, 2, d=4)
    assert t.described([1]) == "[1]"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert t.read() == 20.0
    print([(w.category.__name__, str(w.message)) for w in caught])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refused(UserWarning, t.read)


def static_methods_class_methods_and_class_attributes():
    t = p.Thermometer.freezing()
    assert (type(t), t.degrees, t.label) == (p.Thermometer, 0.0, "freezing")
    assert t.freezing().degrees == 0.0
    made, name = p.Thermometer.at(3)
    assert (type(made), made.degrees, name) == (p.Thermometer, 3.0, "Thermometer")
    made, name = t.at(4)
    assert (type(made), made.degrees, name) == (p.Thermometer, 4.0, "Thermometer")

    class Garden(p.Thermometer):
        pass

    made, name = Garden.at(5)
    assert (type(made), made.degrees, name) == (Garden, 5.0, "Garden")
    assert p.Thermometer.UNIT == Garden.UNIT == t.UNIT == "degrees"
    assert p.Thermometer.scale == [-10, 0, 10] and p.Thermometer.scale is Garden.scale
    refused(AttributeError, setattr, t, "UNIT", "kelvin")
    p.Thermometer.UNIT = "kelvin"
    assert t.UNIT == "kelvin"
    p.Thermometer.UNIT = "degrees"
    p.Thermometer.added = lambda self: self.degrees
    assert t.added() == 0.0
    del p.Thermometer.added
    refused(AttributeError, lambda: t.added)


def getters_and_setters():
    t = p.Thermometer(10)
    t.degrees = 12
    assert t.degrees == 12.0 and t.half == 6.0
    t.label = "x"
    t.label = None
    refused(TypeError, setattr, t, "degrees", "x")
    refused(TypeError, setattr, t, "label", 1)
    refused(AttributeError, delattr, t, "degrees")
    refused(AttributeError, setattr, t, "half", 1)
    refused(AttributeError, delattr, t, "half")
    refused(ValueError, lambda: t.limit)
    refused(ValueError, setattr, t, "limit", 1)
    t.limit = 50
    assert t.limit == 50.0
    del t.limit
    refused(ValueError, lambda: t.limit)
    t.hidden = 33
    assert t.degrees == 33.0
    refused(AttributeError, lambda: t.hidden)
    getter = p.Thermometer.degrees
    assert type(getter) is types.GetSetDescriptorType and inspect.isdatadescriptor(getter)
    assert getter.__get__(t) == 33.0 and getter.__get__(None, p.Thermometer) is getter
    refused(TypeError, getter.__get__, 3)
    refused(TypeError, getter.__set__, 3, 1.0)
    refused(TypeError, getter.__delete__, 3)
    print(getter.__name__, getter.__objclass__.__name__, repr(getter.__doc__), getter)


def fields():
    f = p.Fields(1, "two", b"\x03")
    assert (f.firstOne, f.secondOne, f.theRest) == (1, "two", b"\x03")
    f.firstOne, f.theRest = 5, [1, 2]
    assert f.firstOne == 5 and f.theRest == b"\x01\x02"
    refused(TypeError, p.Fields, 1, 2)
    refused(TypeError, p.Fields)
    assert p.Fields.__module__ == "builtins"
    e = p.Entry(amount=3, what="eggs")
    assert str(e) == '3 x "eggs"'
    assert p.Entry.__module__ == "pyo3_classes.lists"


def a_frozen_class_has_members():
    o = ["kept"]
    before = sys.getrefcount(o)
    x = p.Fixed(o, 8)
    assert x.object is o and x.number == 8
    refused(AttributeError, setattr, x, "object", 1)
    refused(AttributeError, setattr, x, "number", 1)
    refused(AttributeError, delattr, x, "object")
    member = p.Fixed.object
    assert isinstance(member, types.MemberDescriptorType) and inspect.ismemberdescriptor(member)
    refused(TypeError, member.__get__, 3)
    del x
    assert sys.getrefcount(o) == before


def classes_without_a_constructor():
    m = p.make(9)
    assert m.number == 9
    refused(TypeError, type(m))
    refused(TypeError, object.__new__, p.Made)
    refused(TypeError, setattr, p.Made, "number", 1)
    refused(TypeError, setattr, p.Made, "new", 1)
    refused(TypeError, type, "Sub", (p.Made,), {})
    refused(TypeError, type, "Sub", (p.Empty,), {})
    assert p.Empty() != p.Empty()
    refused(AttributeError, setattr, p.Empty(), "x", 1)
    refused(TypeError, p.Empty, 1)


def names_and_docs():
    for c in p.Thermometer, p.Fixed, p.Made, p.Entry, p.inner.Deep:
        print(c.__name__, c.__qualname__, c.__module__, repr(c.__doc__), c)
    print(repr(p.Thermometer.fahrenheit.__doc__), p.Thermometer.fahrenheit.__name__)
    print(p.Thermometer.fahrenheit.__qualname__, p.Thermometer.freezing.__qualname__)
    for name in "warm", "parameters", "described", "at", "freezing", "itself":
        function = getattr(p.Thermometer, name)
        print(name, function.__text_signature__, inspect.signature(function))
    print("class", p.Thermometer.__text_signature__, inspect.signature(p.Thermometer))
    assert inspect.isclass(p.Thermometer) and p.Thermometer.__mro__ == (p.Thermometer, object)
    assert p.Thermometer.__base__ is object and type(p.Thermometer) is type
    assert p.inner.Deep().level == 2 and p.inner.LEVEL == 2 and p.inner.__name__ == "pyo3_classes.inner"
    assert p.__doc__ == "Classes of each kind." and p.started is True
    print(p.inner, p.inner.Deep.__module__)
    print(sorted(name for name in p.Thermometer.__dict__))


kit.run(globals())
