"""Classes over C classes: in C, and in Python; metaclasses."""

from telling import rows

rows("in C", """
b = Base(5)
b, b.number, b.who()
b.number = 9
b
Base.__mro__
d = Derived(6)
d, d.number, d.fraction, d.who()
Base.who(d)
super(Derived, d).who()
d.number, d.fraction = 70, 0.5
d.who()
d + 1, 1 + d, b + d, d + b
isinstance(d, Base), issubclass(Derived, Base), isinstance(b, Derived)
Derived.__mro__, Derived.__base__, Derived.__bases__
Derived.who(b)
Derived.fraction.__get__(b)
Base.number.__get__(d)
Base.__subclasses__()
del b
del d
Base()
Base(number=3)
Base('x')
Base(1 << 70)
Base.__new__(Base)
Base.__new__(Derived)
Derived.__new__(Base)
Base.__new__(int)
Base.__new__(3)
Base.__new__()
object.__new__(Base)
object.__new__(Derived)
object.__init__(Base(2), 3)
j = Joined(8)
j.who(), j.mixed(), j.number, j.fraction
Joined.__mro__, Joined.__base__
del j
data_size(Base) > 0, data_size(Derived) > 0, data_size(Joined), data_size(Mixin)
data_state(Other(), Other)
sorted(vars(Base)), sorted(vars(Derived)), sorted(vars(Joined))
""")

rows("in Python", """
class Sub(Base): pass
s = Sub(3)
s, s.who(), s.number, s.__dict__
s.extra = 1
vars(s)
del s
class Init(Base):
  def __init__(self, value):
    super().__init__(value * 2)
    self.kept = value
i = Init(4)
i.number, i.kept, i.who()
del i
class New(Base):
  def __new__(cls, value):
    made = super().__new__(cls)
    made.from_new = value
    return made
n = New(5)
n.number, n.from_new
del n
class NoInit(Derived):
  def __init__(self): pass
NoInit().who()
class Deleted(Base):
  def __del__(self): print('__del__', self.number)
x = Deleted(7)
del x
class Slots(Base):
  __slots__ = ('a', 'b')
x = Slots(1)
x.a = 5
x.a, x.number
x.c = 1
x.__dict__
x.b
del x
class Weak(Base):
  __slots__ = ('__weakref__',)
x = Weak(1)
r = weakref.ref(x)
r() is x
del x
r()
class Who(Derived):
  def who(self): return 'Who', super().who()
  def __repr__(self): return 'repr ' + super().__repr__()
  def __add__(self, other): return 'mine', super().__add__(other)
w = Who(2)
w, w.who(), w + 1, 1 + w
Base(1) + w
Base.who(w)
del w
class Both(Mixin, Base): pass
Both(2).who(), Both(2).mixed()
class Both2(Base, Mixin): pass
Both2(2).who()
class Conflict(Base, Other): pass
class Conflict2(Derived, Other): pass
class Fine(Derived, Base): pass
class Order(Base, Derived): pass
class WithInt(Base, int): pass
class WithException(Base, Exception): pass
class WithPython(Base, dict): pass
class Plain: pass
class WithPlain(Plain, Base): pass
WithPlain(4).who()
class Final2(Final): pass
class NoBool(bool, Base): pass
x = Sub(1)
x.__class__ = Init
type(x), x.number
x.__class__ = Base
x.__class__ = Derived
x.__class__ = int
x.__class__ = Plain
p = Plain()
p.__class__ = Base
p.__class__ = Sub
Sub.__bases__ = (Derived,)
Sub.__bases__ = (Base, Mixin)
x = Sub(1)
x.mixed()
del x
class Registered(Base):
  def __init_subclass__(cls, **options): print('__init_subclass__', cls.__name__, options)
class Child(Registered, option=1): pass
class Generic(Value): pass
Generic[int], Value[int, str], Value[int](3)
type('Dynamic', (Base,), {'attribute': 5})(1).attribute
@dataclasses.dataclass
class Data(Base):
  field: int = 3
Data(4)
Data(4) == Data(4)
""".replace("@dataclasses.dataclass\nclass Data", "class Data").replace(
    "Data(4)\nData(4) == Data(4)", "Data = dataclasses.dataclass(Data)\nData(4).field, Data() == Data(3)\nrepr(Data(4))"),
     weakref=__import__("weakref"), dataclasses=__import__("dataclasses"))

rows("abstract", """
class Abstract(abc.ABC):
  @abc.abstractmethod
  def who(self): pass
Abstract.register(Base)
isinstance(Base(1), Abstract), issubclass(Derived, Abstract), issubclass(Other, Abstract)
class Concrete(Base, Abstract): pass
Concrete(2).who()
class Missing(Other, Abstract): pass
Missing()
class Sized(collections.abc.Sized): pass
issubclass(Row, collections.abc.Sized), issubclass(Table, collections.abc.Mapping)
collections.abc.Sequence.register(Row)
isinstance(Row(), collections.abc.Sequence)
class MyTable(Table, collections.abc.MutableMapping):
  def __iter__(self): return iter(self.keys())
m = MyTable(a=1)
m.get('a'), m.pop('a'), len(m), m.setdefault('b', 4), dict(m), m == {'b': 4}
class MyRow(Row, collections.abc.MutableSequence):
  def insert(self, index, value): print('insert', index, value)
r = MyRow(3, 1, 2)
r.append(5)
r.index(1), r.count(3), list(reversed(r)), r.pop()
class Protocol(typing.Protocol):
  def who(self): ...
isinstance(Base(1), typing.runtime_checkable(Protocol))
functools.singledispatch(lambda x: 'default')(Base(1))
dispatch = functools.singledispatch(lambda x: 'default')
dispatch.register(Base, lambda x: 'base') is not None
dispatch(Base(1)), dispatch(Derived(1)), dispatch(Other())
class Color(Mixin, enum.Enum):
  RED = 1
Color.RED, Color.RED.mixed()
class Named(Base, enum.Enum):
  ONE = 1
Named.ONE.number, Named.ONE, Named(1)
""", abc=__import__("abc"), collections=__import__("collections.abc"), typing=__import__("typing"),
     functools=__import__("functools"), enum=__import__("enum"))

rows("metaclass", """
type(WithMeta), WithMeta, Meta.__mro__
isinstance(WithMeta, Meta), isinstance(Meta, type), issubclass(Meta, type)
WithMeta.size()
WithMeta.count, WithMeta.count
3 in WithMeta
WithMeta()
class Sub(WithMeta): pass
type(Sub), Sub.size(), Sub.count, WithMeta.count
4 in Sub
Sub().size
class Own(metaclass=Meta):
  attribute = 1
Own.size(), Own.count, Own().attribute
Meta('Called', (), {'x': 1}).x
Meta(3)
Meta()
class PyMeta(Meta):
  def __call__(cls, *args): return 'called', args
  def __len__(cls): return 9
class OfPyMeta(metaclass=PyMeta): pass
OfPyMeta(1), len(OfPyMeta), OfPyMeta.size(), OfPyMeta.count
type(OfPyMeta)
class Conflict(OfPyMeta, metaclass=abc.ABCMeta): pass
make_with_metaclass(Meta, None)
type(make_with_metaclass(Meta, None))
type(make_with_metaclass(type, WithMeta))
type(make_with_metaclass(type, (Base, WithMeta)))
make_with_metaclass(Meta, Base).__mro__
make_with_metaclass(int, None)
make_with_metaclass(abc.ABCMeta, None)
class NewMeta(type):
  def __new__(*args): return type.__new__(*args)
make_with_metaclass(NewMeta, None)
make_with_metaclass(PyMeta, Base)(1)
data_state(Own, Meta)
del Own, Sub
""", abc=__import__("abc"))
