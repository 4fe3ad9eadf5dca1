"""Attributes: functions of the class, members, getters and setters, and `__dict__`."""

from telling import rows

rows("functions", """
a = Attributes()
a.c_one
a.other
a.c_two = 1
a.other = 1
del a.c_three
del a.other
a.__class__
getattr(a, 'c_x'), getattr(a, 'x', 'default'), hasattr(a, 'c_x'), hasattr(a, 'x')
setattr(a, 'c_y', None), delattr(a, 'c_y')
a.__getattribute__('c_z')
a.__setattr__('c_z', 5), a.__delattr__('c_z')
a.__getattribute__()
a.__getattribute__(1)
a.__setattr__('c_z')
getattr(a, 'h\\xe9')
class Sub(Attributes):
  def __getattr__(self, name): return 'fallback ' + name
s = Sub()
s.c_one, s.other
s.field = 1
s.field
class Sub2(Attributes):
  def __getattribute__(self, name): return 'mine', super().__getattribute__('c_' + name)
Sub2().x
class Sub3(Attributes):
  def __setattr__(self, name, value): super().__setattr__('c_' + name, value)
Sub3().x = 4
del Sub3().x
o = OldAttributes()
o.anything
o.missing
hasattr(o, 'missing'), getattr(o, 'missing', 'default')
o.set_it = 1
del o.set_it
o.__class__
repr(o).startswith('<class_driver.OldAttributes')
class OldSub(OldAttributes): pass
OldSub().x
OldSub().__dict__
sorted(vars(Attributes)), sorted(vars(OldAttributes))
Attributes.__getattribute__
OldAttributes.__getattribute__
OldAttributes.__setattr__
""")

NUMBERS = {
    "a_short": 16, "an_int": 32, "a_long": 64, "a_byte": 8, "an_unsigned_byte": -8, "an_unsigned_short": -16,
    "an_unsigned_int": -32, "an_unsigned_long": -64, "a_long_long": 64, "an_unsigned_long_long": -64, "a_size": 64,
}


def limits(bits):
    """The numbers at the ends of the range, and those beyond."""
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if bits > 0 else (0, (1 << -bits) - 1)
    return [low, high, low - 1, high + 1, 1 << 70, -(1 << 70)]


def assign(owner, name, value):
    """Sets a member, and returns what it is then."""
    setattr(owner, name, value)
    return getattr(owner, name)


rows("members", "\n".join(
    ["m = Members()",
     "m.a_short, m.an_int, m.a_long, m.a_float, m.a_double, m.a_string, m.an_object, m.a_char, m.a_byte",
     "m.an_unsigned_byte, m.an_unsigned_short, m.an_unsigned_int, m.an_unsigned_long, m.an_array, m.a_bool",
     "m.a_long_long, m.an_unsigned_long_long, m.a_size, m.always_none, m.audited", "m.an_object_or_error"]
    + [f"assign(m, '{name}', {value})" for name, bits in NUMBERS.items() for value in limits(bits)]
    + [f"assign(m, '{name}', {value})" for name in [*NUMBERS, "a_float", "a_double", "a_char", "a_bool", "a_string",
                                                    "an_object", "an_object_or_error", "an_array"]
       for value in ["1.5", "'x'", "'xy'", "''", "'\\xe9'", "b'x'", "None", "True", "Number()", "2**70", "[]"]]
    + [f"del m.{name}" for name in [*NUMBERS, "a_float", "a_double", "a_char", "a_bool", "a_string", "an_object",
                                    "an_object_or_error", "an_array", "read_int", "always_none"]]
    + ["m.a_float = 1e300\nm.a_float", "m.a_double = float('nan')\nm.a_double", "m.a_float = 0.1\nm.a_float",
       "m.an_object = m.an_object_or_error = [1]", "m.an_object, m.read_object, m.read_object_or_error",
       "del m.an_object", "m.an_object", "del m.an_object", "del m.an_object_or_error", "m.an_object_or_error",
       "del m.an_object_or_error", "m.read_object_or_error", "m.read_string", "m.unset_string()", "m.a_string",
       "m.read_int = 1", "m.read_object = 1", "m.read_string = 'a'", "m.always_none = 1", "m.read_int",
       "m.audited = 8", "m.audited, m.read_int", "m.a_bool = 1", "m.a_bool = False", "m.a_bool",
       "Members.a_short", "type(Members.a_short)", "Members.read_int.__doc__, Members.a_short.__doc__, Members.audited.__doc__",
       "Members.a_short.__name__, Members.a_short.__qualname__, Members.a_short.__objclass__",
       "Members.a_short.__get__(m)", "Members.a_short.__get__(m, Members)", "Members.a_short.__get__(None, Members)",
       "Members.a_short.__get__(3)", "Members.a_short.__set__(3, 1)", "Members.a_short.__delete__(m)",
       "Members.a_short.__set__(m, 7)", "m.a_short", "Members.a_short.__set__(m)", "Members.a_short.__get__()",
       "class Sub(Members):\n  a_short = 'hidden'", "s = Sub()", "s.a_short, s.an_int", "s.an_int = 5", "s.an_int",
       "super(Sub, s).a_short", "Members.a_short.__get__(s)", "s.a_short = 9", "s.a_short, Members.a_short.__get__(s)",
       "inspect.ismemberdescriptor(Members.a_short), inspect.isdatadescriptor(Members.a_short)",
       "copy.copy(Members.a_short)", "pickle.loads(pickle.dumps(Members.a_short)) is Members.a_short",
       "data_state(Members(), Members)", "sorted(vars(Members))"]),
    assign=assign, inspect=__import__("inspect"), copy=__import__("copy"), pickle=__import__("pickle"))

rows("getters", """
g = Getters()
g.both
g.with_closure
g.both = 5
g.both, g.with_closure, g.read_only
g.both = 'text'
g.with_closure = 6
g.both
del g.both
g.both
g.read_only = 1
del g.read_only
g.write_only
g.write_only = 7
g.both
del g.write_only
g.neither
g.neither = 1
del g.neither
g.raises
g.raises = 1
hasattr(g, 'both'), getattr(g, 'both', 'default'), hasattr(g, 'raises')
Getters.both
type(Getters.both)
Getters.both.__doc__, Getters.with_closure.__doc__, Getters.neither.__doc__
Getters.both.__name__, Getters.both.__qualname__, Getters.both.__objclass__
Getters.both.__get__(g, Getters)
Getters.both.__get__(3)
Getters.both.__get__(3, int)
Getters.both.__get__(None, Getters)
Getters.both.__set__(3, 1)
Getters.both.__set__(g, 1)
Getters.both.__delete__(g)
Getters.both.__delete__(3)
Getters.read_only.__set__(g, 1)
Getters.read_only.__set__(3, 1)
Getters.write_only.__get__(3)
class Sub(Getters):
  @property
  def both(self): return 'mine', super().with_closure
s = Sub()
s.with_closure = 4
s.both, s.read_only
Getters.both.__get__(s)
s.both = 1
class Sub2(Getters): pass
Sub2.both is Getters.both
inspect.isgetsetdescriptor(Getters.both), inspect.isdatadescriptor(Getters.both)
copy.copy(Getters.both) is Getters.both
sorted(vars(Getters))
""", inspect=__import__("inspect"), copy=__import__("copy"))

rows("replaced dict", """
p = Places()
p.old = 1
p.__dict__ = {'new': 3}
p.new
p.old
class Sub(Places): pass
s = Sub()
s.__dict__ = {'new': 4}
s.new, vars(s)
s.__dict__ = None
""")

for name in ["Places", "Managed"]:
    rows(name, f"""
class_ = {name}
p = class_()
p.__dict__
p.field = 1
p.field, p.__dict__, vars(p)
p.__dict__['other'] = 2
p.other
del p.field
p.field
p.__dict__ = 5
del p.__dict__
p.__dict__
dir(p)[-3:]
class Sub(class_): pass
s = Sub()
s.x = 1
s.__dict__
s.__dict__ |= dict(y=2)
s.y
class Slots(class_):
  __slots__ = ('slot',)
t = Slots()
t.slot = 1
t.free = 2
t.__dict__
class Slots2(class_):
  __slots__ = ('__dict__',)
class Slots3(class_):
  __slots__ = ('__weakref__',)
r = weakref.ref(p, lambda r: print('callback', r()))
r() is p
weakref.getweakrefcount(p)
weakref.proxy(p).other
del p
r()
r = weakref.ref(s)
del s
r()
c = class_()
c.me = c
r = weakref.ref(c)
del c
gc.collect() > 0
r()
sorted(name for name in vars(class_) if name != '__weakref__')
""", weakref=__import__("weakref"), gc=__import__("gc"))
