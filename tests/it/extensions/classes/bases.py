"""Classes that extend others, in Rust and in Python."""

import datetime
import weakref

import kit
import pyo3_classes as p
from kit import CPYTHON, collect, drops, refused


def a_class_extends_another():
    d = p.Dog("Rex", "sit")
    assert d.name == "Rex" and d.tricks == ["sit"] and d.greeting == "I am Rex" and len(d) == 3
    assert d.speak() == "Rex barks after: Rex is silent" and d.legs() == 0
    assert p.Animal.speak(d) == super(p.Dog, d).speak() == "Rex is silent"
    d.rename("Max")
    d.name += "!"
    d.tricks = ["a", "b"]
    assert d.name == "Max!" and d.tricks == ["a", "b"]
    y = p.Puppy("Tiny", 6)
    assert y.weeks == 6 and y.legs() == 4 and y.tricks == [] and y.speak().startswith("Tiny barks")
    assert p.Puppy.__mro__ == (p.Puppy, p.Dog, p.Animal, object)
    assert p.names([d, y, p.Animal("z")]) == ["Max!", "Tiny", "z"]
    assert isinstance(y, p.Animal) and p.Animal.__subclasses__() == [p.Dog]
    refused(TypeError, p.names, [1])
    refused(TypeError, p.Dog.speak, p.Animal("x"))
    refused(TypeError, p.Dog.tricks.__get__, p.Animal("x"))
    refused(TypeError, p.Dog.__new__, p.Animal, "x")
    refused(TypeError, p.Animal.__new__, p.Dog, "x")
    refused(TypeError, type, "Sub", (p.Puppy,), {})


def each_part_is_dropped_once():
    with drops(Animal=3, Dog=2, Puppy=1):
        p.Animal("a"), p.Dog("b"), p.Puppy("c", 1)


def a_class_in_python_extends_one():
    class Cat(p.Animal):
        lives = 9

        def __new__(cls, name, lives=9):
            self = super().__new__(cls, name.title())
            self.lives = lives
            return self

        def __init__(self, name, lives=9):
            self.given = name

        def speak(self):
            return "meow, " + super().speak()

        @property
        def greeting(self):
            return super().greeting + "!"

        def __len__(self):
            return super().__len__() + 100

    c = Cat("tom", lives=8)
    assert (c.name, c.given, c.lives) == ("Tom", "tom", 8) and c.__dict__ == {"lives": 8, "given": "tom"}
    assert c.speak() == "meow, Tom is silent" and c.greeting == "I am Tom!" and len(c) == 103
    r = weakref.ref(c)
    assert r() is c and p.names([c]) == ["Tom"]
    with drops(Animal=1):
        del c
        assert r() is None
    assert Cat.__mro__ == (Cat, p.Animal, object)

    class Slotted(p.Dog):
        __slots__ = ("a", "b")

    s = Slotted("x")
    s.a = 1
    assert s.a == 1 and not hasattr(s, "__dict__") and s.tricks == []
    refused(AttributeError, setattr, s, "c", 1)
    refused(AttributeError, lambda: s.b)


def several_bases():
    class Mixin:
        def speak(self):
            return "mixed " + super().speak()

    class Both(Mixin, p.Dog):
        pass

    assert Both("x").speak() == "mixed x barks after: x is silent"

    class Diamond(Both, p.Animal):
        pass

    assert Diamond.__mro__ == (Diamond, Both, Mixin, p.Dog, p.Animal, object)
    assert Diamond("d").speak() == "mixed d barks after: d is silent"
    for bases in (
        (p.Dog, p.Row),
        (p.Animal, int),
        (p.Animal, p.Dog),
        (p.Dog, dict),
        (p.CodeError, p.Dog),
        (p.CodeError, OSError),
        (p.CodeError, p.CodeKeyError),
        (p.NativeDict, p.NativeSet),
    ):
        refused(TypeError, type, "Bad", bases, {})

    class Error(p.CodeError, ValueError):
        pass

    assert isinstance(Error(), ValueError) and isinstance(Error(), p.CodeError) and Error().native()


def each_class_of_a_deep_row_has_its_own_operations():
    levels = p.Level1, p.Level2, p.Level3, p.Level4, p.Level5, p.Level6

    class InPython(p.Level6):
        def __len__(self):
            return 100 + super().__len__()

    for kind in (*levels, InPython):
        instance = kind()
        for number, level in enumerate(levels, 1):
            if isinstance(instance, level):
                assert level.__len__(instance) == number and level.__repr__(instance) == f"level {number}"
                assert level.__add__(instance, 7) == (number, 7) and level.__call__(instance) == number
                assert level.__getitem__(instance, 8) == (number, 8) and level.__hash__(instance) == number
                assert super(level, instance).__hash__() == (number - 1 or object.__hash__(instance))
        own = levels.index(kind) + 1 if kind in levels else 6
        assert repr(instance) == f"level {own}" and instance + 1 == (own, 1) and instance() == own
        assert instance[2] == (own, 2) and hash(instance) == own and instance.number == 1
        assert len(instance) == (own if kind in levels else 106)


def destructors_and_resurrection():
    seen = []

    class Last(p.Animal):
        def __del__(self):
            seen.append(self.name)

    with drops(Animal=1):
        Last("end")
        assert seen == ["end"]

    class Again(p.Animal):
        saved = []

        def __del__(self):
            self.saved.append(self)

    with drops(Animal=0):
        Again("back")
        assert Again.saved[0].name == "back" and Again.saved[0].speak() == "back is silent"
    with drops(Animal=1):
        Again.saved.clear()


def an_exception_with_a_field():
    e = p.CodeError("text", 5)
    assert e.args == ("text", 5) and str(e) == "('text', 5)" and e.extra is None and e.native() == "CodeError"
    print(repr(e), p.CodeError.__mro__, repr(p.CodeError.__doc__))
    e.extra = 7
    e.note = "in its __dict__"
    assert e.extra == 7 and e.__dict__ == {"note": "in its __dict__"}
    e.args = (1,)
    assert e.args == (1,) and str(e) == "1"
    with drops(CodeError=1):
        del e
    with drops(CodeError=1):
        try:
            try:
                1 / 0
            except ZeroDivisionError:
                raise p.CodeError("again")
        except p.CodeError as e:
            assert type(e.__context__) is ZeroDivisionError and e.__traceback__.tb_lineno
            e.add_note("noted")
            assert e.__notes__ == ["noted"] and e.with_traceback(None) is e and e.__traceback__ is None
    try:
        raise p.CodeError
    except Exception as e:
        assert type(e) is p.CodeError and e.args == ()


def exceptions_cross_between_rust_and_python():
    try:
        p.raise_code([1])
    except p.CodeError as e:
        assert e.extra == [1] and e.args == ("a code", 1)

    def fail():
        error = Sub("x")
        error.extra = "found"
        raise error

    class Sub(p.CodeError):
        def __init__(self, *args, **named):
            super().__init__(*args)
            self.named = named

    assert p.catch_code(fail) == "found" and p.catch_code(lambda: p.raise_code(3)) == 3
    refused(ValueError, p.catch_code, lambda: None)
    refused(ZeroDivisionError, p.catch_code, lambda: 1 / 0)
    s = Sub(1, two=2)
    assert s.args == (1,) and s.named == {"two": 2} and s.native() == "CodeError"
    caught = 0
    try:
        raise ExceptionGroup("g", [Sub(1), ValueError()])
    except* p.CodeError as group:
        caught = len(group.exceptions)
    except* ValueError:
        pass
    assert caught == 1
    k = p.CodeKeyError("key")
    assert isinstance(k, LookupError) and str(k) == "'key'"
    with drops(CodeKeyError=1, CodeError=1):
        del k, s


def other_exceptions():
    if CPYTHON:
        # `tp_dealloc` of these exceptions crashes when PyO3 calls it.
        return
    s = p.CodeStop("last")
    assert s.args == ("last",) and s.value == "last" and isinstance(s, StopIteration)

    def stops():
        raise s
        yield

    try:
        next(stops())
    except RuntimeError as error:
        assert error.__cause__ is s
    i = p.CodeImportError("no", name="n", path="/p")
    assert (i.msg, i.name, i.path) == ("no", "n", "/p") and isinstance(i, ImportError)
    e = p.CodeExit(3)
    assert e.code == 3 and not isinstance(e, Exception)
    s.extra, i.extra, e.extra = s, [i], e
    with drops(CodeStop=1, CodeImportError=1, CodeExit=1):
        del s, i, e
        collect()
    for kind in p.CodeStop, p.CodeImportError, p.CodeExit, p.CodeKeyError:
        try:
            raise kind("x")
        except BaseException as error:
            assert type(error) is kind and error.native() == kind.__name__ and error.__traceback__


def an_exception_with_fields_of_its_own():
    if CPYTHON:
        # As above.
        return
    o = p.CodeOsError(2, "gone", "file")
    # `OSError.__new__` gets no arguments from PyO3, and `OSError.__init__` ignores its own.
    assert isinstance(o, OSError) and o.args == () and o.errno is None and weakref.ref(o)() is o
    o.anything = 1
    with drops(CodeOsError=1):
        del o


def an_exception_in_a_cycle():
    collect()
    with drops(CodeError=30):
        for _ in range(10):
            e = p.CodeError()
            e.me = e
            e = p.CodeError()
            e.extra = e
            e = p.CodeError()
            try:
                raise e
            except p.CodeError as same:
                kept = [same]
                kept.append(kept)
                e.kept = kept
            del e, kept
        collect()


def a_dict():
    d = p.NativeDict(a=1)
    d.update({"a": 1, "b": 2})
    d["c"] = 3
    assert isinstance(d, dict) and d["c"] == 3 and d.native() == "NativeDict" and {**d}["c"] == 3
    d.extra = "x"
    assert d.extra == "x" and len(d) >= 2 and "c" in d and d.pop("c") == 3
    print(d, p.NativeDict.__mro__, type(d.copy()))
    r = weakref.ref(d)
    with drops(NativeDict=1):
        del d
        assert r() is None

    class Default(p.NativeDict):
        def __missing__(self, key):
            return key * 2

    assert Default()["ab"] == "abab"
    with drops(NativeDict=2):
        d = p.NativeDict()
        d["self"] = d
        e = p.NativeDict()
        e.extra = e
        del d, e
        collect()


def other_classes_of_the_interpreter():
    s = p.NativeSet([1, 2])
    s.add(3)
    assert isinstance(s, set) and 3 in s and s | {9} and s.native() == "NativeSet"
    s.extra = 1
    # `__new__` of the base gets no arguments from PyO3.
    f = p.NativeFrozenSet([1, 2])
    assert f == frozenset() and hash(f) == hash(frozenset()) and f.extra is None and f | {1} == {1}
    x = p.NativeFloat(2.5)
    assert x == 0.0 and x + 1 == 1.0 and isinstance(x, float) and x.native() == "NativeFloat"
    x.extra = [x]
    refused(TypeError, p.NativeDate, 2026, 11, 25)
    assert p.NativeDate.__base__ is datetime.date and p.NativeDate.max == datetime.date.max
    c = p.NativeComplex(1, 2)
    assert c == 0 and c + 1j == 1j and isinstance(c, complex) and c.native() == "NativeComplex"
    t = p.NativeDelta(5)
    assert t == datetime.timedelta(0) and t + datetime.timedelta(1) == datetime.timedelta(1)
    t.extra = t

    class Zone(p.NativeZone):
        def utcoffset(self, moment):
            return datetime.timedelta(hours=1)

    z = Zone()
    z.extra = z
    assert datetime.datetime(2026, 11, 25, tzinfo=z).isoformat().endswith("+01:00") and z.extra is z
    with drops(NativeComplex=1, NativeDelta=1, NativeZone=1):
        del c, t, z
        collect()
    o = p.NativeObject(1, two=2)
    assert o.extra is None and type(o).__base__ is object
    with drops(NativeSet=1, NativeFrozenSet=1, NativeFloat=1, NativeObject=1):
        del s, f, x, o
        collect()
    for base in p.NativeFloat, p.NativeSet, p.NativeDict:
        sub = type("Sub", (base,), {"more": 1})
        made = sub()
        made.y = 3
        assert made.more == 1 and made.y == 3 and made.native() == base.__name__
        refused(TypeError, setattr, made, "__class__", base)


def classes_are_collected():
    def make():
        class Local(p.Node):
            pass

        local = Local()
        local.next = local
        return weakref.ref(Local)

    gone = make()
    collect()
    assert gone() is None
    before = len(p.CodeError.__subclasses__())
    for number in range(50):
        kind = type(f"E{number}", (p.CodeError,), {})
        kind(number)
    del kind
    collect()
    assert len(p.CodeError.__subclasses__()) == before


kit.run(globals())
