"""Sequences and mappings."""

from telling import rows

rows("sequence", """
r = Row(10, 20, 30)
len(r), r.__len__()
r[0]
r[-1]
r[3]
r[-4]
r[True]
r[1.0]
r['a']
r[0:2]
r[2**70]
r[Number()]
r[0] = 11
r[-1] = 33
r[5] = 0
r[0:1] = [1]
r['a'] = 1
del r[1]
del r[9]
del r[0:1]
list(r)
tuple(r), [*r]
a, b = r
a, b
33 in r
99 in r
33 not in r
r + [1]
[1] + r
r + r
r * 3
3 * r
r * 'a'
r * 2**70
x = Row(1)
x += [2]
x
x = Row(1)
x *= 4
x
reversed(r)
list(reversed(r))
r.__getitem__(0)
r.__getitem__(-1)
r.__getitem__('a')
r.__setitem__(0, 5)
r.__setitem__(0)
r.__delitem__(0)
r.__contains__(33)
r.__add__([1]), r.__mul__(2), r.__rmul__(2), r.__iadd__([1]), r.__imul__(3)
r.__mul__('a')
Row.__getitem__, Row.__len__, Row.__mul__, Row.__rmul__
Row.__getitem__(1, 2)
list(iter(Row(1, 2)))
list(enumerate(Row('a', 'b')))
list(zip(Row(1, 2), Row(3)))
map(str, Row(1))
bool(Row()), bool(Row(1))
max(Row(3, 9, 4))
sum(Row(3, 9, 4))
'-'.join(Row('a', 'b'))
match Row(1, 2):
  case [a, b]: print('matched', a, b)
  case _: print('not matched')
match Row(1, 2, 3):
  case [first, *others]: print('matched', first, others)
isinstance(r, collections.abc.Sequence), isinstance(r, collections.abc.Sized), isinstance(r, collections.abc.Iterable)
isinstance(r, collections.abc.Collection), isinstance(r, collections.abc.Container)
operator.length_hint(r), operator.indexOf(r, 33), operator.countOf(r, 33), operator.concat(r, [1])
class Sub(Row):
  def __getitem__(self, index): return ('sub', index)
s = Sub(1, 2)
s[0], s['a'], len(s)
list(itertools.islice(s, 2))
class Length(Row):
  def __len__(self): return 7
len(Length()), Length()[-1]
class Strange(Row):
  def __len__(self): return -1
len(Strange())
class Deep(Row):
  def __getitem__(self, index): return super().__getitem__(index + 1)
d = Deep(5, 6, 7)
d[0], list(d)
sorted(name for name in vars(Row))
""", collections=__import__("collections.abc"), operator=__import__("operator"), itertools=__import__("itertools"))

rows("mapping", """
t = Table(a=1, b=2)
len(t)
t['a']
t['z']
t[1, 2] = 3
t[1, 2]
t['a'] = None
del t['b']
del t['b']
t[0:1] = 5
len(t)
'a' in t
list(t)
list(t.keys())
dict(t)
dict(**Table(x=1))
sorted({**Table(y=2)})
f(**Table(z=3))
Table(1)
Table.__getitem__(t, 'a')
t.__setitem__('q', 1), t.__delitem__('q')
t.__len__()
Table.__getitem__(1, 1)
bool(Table()), bool(t)
match Table(a=1, b=2):
  case {'a': value}: print('matched', value)
  case _: print('not matched')
isinstance(t, collections.abc.Mapping)
iter(t)
reversed(t)
class Sub(Table):
  def __missing__(self, key): return 'missing'
Sub()['a']
'%(a)s' % Table(a=5)
sorted(name for name in vars(Table))
""", collections=__import__("collections.abc"), f=lambda **names: sorted(names.items()))

rows("both", """
b = Both()
len(b)
b[0], b[-1], b['a'], b[1:2], b[7]
b[0] = 1
b['a'] = 1
del b[0]
del b['a']
list(b)
'item(Both, 1)' in b
'x' in b
b + 1
1 + b
b + [1]
[1] + b
b * 2
2 * b
b * 'a'
x = Both()
x += 1
x
x *= 2
x
operator.concat(b, [1])
operator.iconcat(b, [1])
b.__getitem__(0), b.__getitem__('a')
b.__add__(1)
b.__mul__(2)
b.__len__()
reversed(b)
match Both():
  case [*_]: print('sequence')
  case {}: print('mapping')
  case _: print('neither')
Both.__getitem__, Both.__setitem__, Both.__add__, Both.__mul__
sorted(name for name in vars(Both))
""", operator=__import__("operator"))

rows("failing", """
f = Fails()
len(f)
bool(f)
f[0]
f[0] = 1
del f[0]
1 in f
list(f)
f + 1
f * 2
repr(f)
str(f)
f'{f}'
print(f)
[f]
hash(f)
f.__len__()
f.__contains__(1)
e = Empty()
len(e)
e[0]
e[0] = 1
del e[0]
1 in e
iter(e)
next(e)
e()
e + e
e += 1
e < e
e == e, e != Empty(), hash(e) == hash(e)
-e
int(e)
float(e)
operator.index(e)
bool(e)
repr(e).startswith('<class_driver.Empty object at 0x')
str(e) == repr(e)
with e: pass
async_with = e.__aenter__
e.attribute
e.attribute = 1
del e.attribute
e.__dict__
vars(e)
e.__weakref__
weakref.ref(e)
e.__class__ = Number
e.__class__ = int
await_ = e.__await__
memoryview(e)
bytes(e)
list(e)
[*e]
max(*e)
dict(**e)
isinstance(e, Empty), isinstance(e, object), isinstance(1, Empty)
isinstance(1, e)
e.__doc__
sorted(name for name in vars(Empty))
""", operator=__import__("operator"), weakref=__import__("weakref"))
