"""How instances are made, collected and destroyed."""

from telling import rows

rows("collection", """
n = Node()
n.loud = True
is_tracked(n), gc.is_tracked(n)
n.held = [1]
del n
n = Node()
n.loud = True
n.held = n
del n
gc.collect() > 0
a, b = Node(), Node()
a.held, b.held = b, a
a.loud = True
del a, b
gc.collect() > 1
n = Node()
n.held = [n]
r = gc.get_referents(n)
sorted({type(x).__name__ for x in r})
del r
class Sub(Node): pass
s = Sub()
s.loud = True
s.me = s
del s
gc.collect() > 0
s = Sub()
s.loud = True
s.held = s
r = weakref.ref(s, lambda r: print('callback'))
del s
gc.collect() > 0
r()
class Deleted(Node):
  def __del__(self): print('__del__', self.held is self)
d = Deleted()
d.held = d
d.loud = True
del d
gc.collect() > 0
class Phoenixed(Node):
  def __del__(self): kept.append(self)
kept = []
p = Phoenixed()
p.loud = True
p.held = p
del p
gc.collect() > 0
len(kept), kept[0].held is kept[0]
kept.clear()
gc.collect() > 0
is_tracked(Row()), is_tracked(Value(1)), is_tracked(Empty())
gc.is_tracked(Value(1)), gc.is_finalized(Value(1))
is_tracked(Sub())
def make():
  class Local(Node): pass
  l = Local()
  l.held = Local
  return weakref.ref(Local)
r = make()
gc.collect() > 0, gc.collect()
r()
before = counts()
for i in range(1000): Node(Node(i))
after = counts()
after[0] - before[0], after[1] - before[1]
chain = None
for i in range(20000): chain = Node(chain)
before = counts()
del chain
counts()[1] - before[1]
counts()[0] - counts()[1]
""", gc=__import__("gc"), weakref=__import__("weakref"))

rows("finalizers", """
p = Phoenix()
del p
k = take_kept()
k
del k
take_kept()
p = Phoenix()
try:
  raise ValueError(p)
except ValueError as error: pass
del p, error
k = take_kept()
del k
p = Phoenix()
p.__del__
p.__del__()
take_kept() is p
del p
take_kept()
class Sub(Phoenix): pass
s = Sub()
del s
k = take_kept()
type(k), k.__dict__
del k
class Del(Phoenix):
  def __del__(self):
    print('del')
    super().__del__()
d = Del()
del d
k = take_kept()
del k
r = Reporting()
del r
class ReportingSub(Reporting): pass
r = ReportingSub()
del r
class ReportingDel(Reporting):
  def __del__(self): raise KeyError('in __del__')
r = ReportingDel()
del r
sorted(vars(Phoenix))
""")

rows("making", """
Failing()
Failing(3)
Failing(1, 2)
Failing(1, a=2)
Failing.__new__(Failing, 1, 2)
class Sub(Failing):
  def __init__(self, *args): print('init', args)
Sub(1, 2)
Sub(5)
Failing(Sub(1, 2))
NotInstantiable()
NotInstantiable.__new__
NotInstantiable.__new__(NotInstantiable)
object.__new__(NotInstantiable)
class Child(NotInstantiable): pass
Child()
type(allocate(NotInstantiable))
Final()
class Child(Final): pass
Empty()
Empty(1)
Empty(a=1)
Empty.__new__(Empty, 1)
Value()
Value('x')
Value(1, 2)
Value.__new__(Value)
Value(1).__init__(5)
type(allocate(Value)), allocate(Value)
type(generic_new(Base))
allocate(Base)
generic_new(int)
generic_new(list)
type(allocate(Exception))
Immutable.attribute = 1
del Immutable.__doc__
Immutable.__name__ = 'Other'
Immutable.__doc__ = 'x'
Immutable().x
Immutable.__class__ = type
class Child(Immutable): pass
Child.attribute = 1
Child().attribute
Empty.attribute = 1
Empty().attribute
Empty.__name__ = 'Renamed'
Empty
Empty.__name__ = 'Empty'
Empty.__module__ = 'elsewhere'
Empty
Empty.__module__ = 'class_driver'
Empty.__qualname__ = 'Outer.Empty'
Empty, Empty.__name__
Empty.__qualname__ = 'Empty'
Empty.__len__ = lambda self: 4
len(Empty())
del Empty.__len__
len(Empty())
class Patched(Number): pass
Patched.__add__ = lambda self, other: 'patched'
Patched() + 1
del Patched.__add__
Patched() + 1
""")

rows("copying", """
v = Value(3)
copy.copy(v), copy.deepcopy([v, v])
pickle.loads(pickle.dumps(v))
for protocol in range(6): print('protocol', protocol, pickle.loads(pickle.dumps(v, protocol)))
v.__reduce__()
v.__reduce_ex__(4)
copy.copy(Base(1))
pickle.dumps(Base(1))
pickle.dumps(Base(1), 0)
copy.copy(Empty())
type(copy.copy(Empty()))
pickle.dumps(Empty(), 0)
type(pickle.loads(pickle.dumps(Empty())))
copy.copy(Managed()).__dict__
m = Managed()
m.x = 1
copy.copy(m).x
copy.copy(Members())
class Sub(Base):
  def __getstate__(self): return self.number, self.__dict__
  def __setstate__(self, state):
    self.number, more = state
    self.__dict__.update(more)
s = Sub(6)
s.x = 2
c = copy.copy(s)
c.number, c.x
del s, c
class Reduced(Base):
  def __reduce__(self): return Base, (self.number,)
copy.copy(Reduced(4))
pickle.loads(pickle.dumps(Row)) is Row
copy.copy(Row) is Row
copy.copy(Error(1, 2)), copy.copy(Error(1, 2)).code
pickle.loads(pickle.dumps(Error('x')))
Base(1).__getstate__()
Managed().__getstate__()
Base(1).__sizeof__() > 0
sys.getsizeof(Base(1)) > 0
""", copy=__import__("copy"), pickle=__import__("pickle"), sys=__import__("sys"))
