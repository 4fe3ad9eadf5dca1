"""Operators, conversions, comparison and hash."""

from telling import rows

BINARY = ["+", "-", "*", "@", "/", "//", "%", "<<", ">>", "&", "|", "^", "**"]

rows("binary", "\n".join(
    ["n = Number()", "class Sub(Number): pass",
     "class Reflecting(Number):\n  def __radd__(self, other): return 'radd'\n  def __rpow__(self, other): return 'rpow'\n"
     "  def __iadd__(self, other): return 'iadd'",
     "class Plain:\n  def __radd__(self, other): return 'plain radd'\n  def __add__(self, other): return 'plain add'",
     "s, r, p = Sub(), Reflecting(), Plain()"]
    + [f"{left} {operator} {right}" for operator in BINARY
       for left, right in [("n", "1"), ("1", "n"), ("n", "n"), ("n", "s"), ("s", "n"), ("'a'", "n"), ("n", "None"),
                           ("[]", "n"), ("1.5", "n")]]
    + [f"{left} {operator} {right}" for operator in ["+", "**"]
       for left, right in [("n", "r"), ("r", "n"), ("r", "1"), ("1", "r"), ("p", "n"), ("n", "p"), ("s", "r")]]
    + ["divmod(n, 3)", "divmod(3, n)", "pow(n, 2)", "pow(2, n)", "pow(n, 2, 3)", "pow(2, n, 3)", "pow(2, 3, n)",
       "pow(n, n, n)", "-n", "+n", "abs(n)", "~n", "-s", "n.__neg__()"]))

rows("inplace", "\n".join(
    f"x = Number()\nx {operator}= {right}\nx" for operator in BINARY for right in ["2", "Number()"])
    + "\nx = 1\nx += Number()\nx\nx = [1]\nx += Number()\nx = 'a'\nx *= Number()\nx\n"
      "class Own(Number):\n  def __iadd__(self, other): return self\nx = Own()\nx += 1\ntype(x)\nx -= 1\nx")

rows("conversions", """
n = Number()
int(n)
float(n)
complex(n)
n.__index__()
operator.index(n)
[10, 20, 30, 40][n]
'abcdef'[n:]
range(n)
bin(n)
chr(n)
bool(n)
not n
bool([n])
list(filter(None, [n, 1]))
round(n)
math.trunc(n)
math.sqrt(n)
int('11', n)
'%d' % n
'%f' % n
format(n)
[0] * n
n * [0]
bytes(n)
hash(n) == hash(n)
p = Picky()
int(p)
float(p)
complex(p)
operator.index(p)
[1, 2][p]
bool(p)
not p
[1 for _ in [0] if p]
all([p])
p and 1
""", operator=__import__("operator"), math=__import__("math"))

rows("refusing", """
p, q = Picky(), Picky()
p + q
p + 1
1 + p
p - q
p - None
p * 2
2 * p
[1] * p
p / 1
1 / p
p ** 2
2 ** p
pow(p, 2, 3)
x = Picky()
x += q
x
x = Picky()
x += 1
x -= q
x
x *= 4
x @= 1
p @ q
p << 1
-p
~p
abs(p)
class Sub(Picky):
  def __add__(self, other): return 'sub add'
  def __rsub__(self, other): return 'sub rsub'
s = Sub()
s + 1
p + s
p - s
s - p
1 - s
""")

rows("comparing", """
p, q = Picky(), Picky()
p == q
p != q
p == 1
p != 1
1 == p
p < q
p >= 1
1 > p
p in [1, q]
[p] == [q]
p.__eq__(q)
p.__eq__(1)
p.__lt__(q)
hash(p)
{p: 1}
isinstance(p, collections.abc.Hashable)
class Sub(Picky): pass
hash(Sub())
class Again(Picky):
  __hash__ = object.__hash__
hash(Again()) is not None
class Equal(Picky):
  def __eq__(self, other): return 'mine'
p == Equal()
Equal() == p
v, w = Value(2), Value(2.5)
v < w, v <= w, v == w, v != w, v > w, v >= w
v == Value(2), v < 3, v == 2
v < 'a'
v is v, v == v
sorted([w, v, Value(-1)])
max(v, w)
hash(v), hash(w)
hash(Value(-3))
{v: 1, w: 2}[Value(2)]
len({v, Value(2), w})
v in {w: 0}
hash(Unhashable())
Unhashable.__hash__
isinstance(Unhashable(), collections.abc.Hashable)
{Unhashable()}
hash(Fails())
class Sorted(Value):
  def __lt__(self, other): return 'lt'
Sorted(1) < v
v > Sorted(1)
v < Sorted(3)
functools.total_ordering(Value) is Value
""", collections=__import__("collections.abc"), functools=__import__("functools"))

rows("wrapping", """
Number.__add__
Number.__radd__
Number().__add__
Number.__add__(Number(), 3)
Number.__radd__(Number(), 3)
Number().__radd__('a')
Number.__add__(3, 4)
Number.__add__()
Number.__add__(Number())
Number.__add__(Number(), 1, 2)
Number().__add__(other=1)
Number.__pow__(Number(), 2)
Number.__pow__(Number(), 2, 3)
Number.__rpow__(Number(), 2)
Number.__rpow__(Number(), 2, 3)
Number.__ipow__(Number(), 2)
Number.__neg__(Number())
Number().__neg__(1)
Number.__bool__(Number())
Number.__int__(Number())
Number.__index__(Number(), 1)
Number.__add__.__name__, Number.__add__.__qualname__, Number.__add__.__doc__
Number.__radd__.__doc__, Number.__iadd__.__doc__, Number.__bool__.__doc__, Number.__index__.__doc__
Number.__add__.__objclass__
Number.__add__.__text_signature__
Picky.__eq__
Picky.__eq__(Picky(), Picky())
Picky.__lt__(Picky(), 1)
Picky.__eq__(1, Picky())
Value.__hash__(Value(3))
Value.__hash__(3)
Value.__repr__(Value(3)), Value.__str__(Value(3))
Value.__repr__(3)
Value.__init__(Value(3), 4)
Value.__init__(3, 4)
v = Value(3)
v.__init__(7), v
v.__init__(), v
v.__init__(number=1)
v.__ne__(v), v.__ge__(v)
Number.__dict__['__add__'] is Number.__add__
type(Number.__add__), type(Number().__add__)
sorted(name for name in vars(Number) if name.startswith('__') and name not in ('__firstlineno__', '__static_attributes__'))
sorted(vars(Picky))
sorted(vars(Value))
""")
