"""C classes with data over the classes of the interpreter."""

import array
import collections
import datetime
import io
import types

from telling import rows


class Plain:
    pass


class WithSlots:
    __slots__ = ("slot",)


BASES = [
    (object, ""), (int, "5"), (int, "2**70"), (bool, "1"), (float, "1.5"), (complex, "1j"), (str, "'abc'"),
    (bytes, "b'ab'"), (bytearray, "b'x'"), (list, "[1, 2]"), (tuple, "(1, 2)"), (dict, "{1: 2}"), (set, "{1}"),
    (frozenset, "{1}"), (type(None), ""), (type(...), ""), (range, "3"), (slice, "3"), (memoryview, "b'a'"),
    (property, ""), (classmethod, "len"), (staticmethod, "len"), (super, "int, 1"), (type, "'X', (), {}"),
    (enumerate, "[1]"), (zip, "[1]"), (map, "str, [1]"), (filter, "None, [1]"),
    (types.ModuleType, "'m'"), (types.SimpleNamespace, ""), (types.FunctionType, ""), (types.MethodType, "len, 1"),
    (types.MappingProxyType, "{}"), (types.GenericAlias, "list, int"), (types.CodeType, ""),
    (BaseException, "1"), (Exception, "1"), (OSError, "2, 'm'"), (KeyError, "1"), (StopIteration, "1"),
    (UnicodeDecodeError, "'a', b'b', 0, 1, 'c'"), (SyntaxError, "'x'"), (ImportError, "'x'"), (SystemExit, "2"),
    (ExceptionGroup, "'g', [ValueError(1)]"), (collections.OrderedDict, ""), (collections.deque, "[1]"),
    (collections.defaultdict, "list"), (collections.Counter, "'aab'"), (datetime.date, "2020, 1, 1"),
    (datetime.timedelta, "3"), (array.array, "'b', b'xy'"), (io.BytesIO, "b'z'"),
    (io.StringIO, "'z'"), (Plain, ""), (WithSlots, ""),
]

# CPython refuses these: most cannot be bases at all, the instances of three have no fixed size.
REFUSED = {
    int, bool, bytes, tuple, type(None), type(...), range, slice, memoryview, types.FunctionType, types.MethodType,
    types.MappingProxyType, types.CodeType,
}

ROWS = """
made = Over(%s)
made == base(%s), type(made).__mro__[1] is base
made.bump(), made.bump(), made.extra
made.extra = 40
made.bump(), made.property_of_c
repr(made)[:60]
base_of(made)
Sub = type('Sub', (Over,), {'method': lambda self: (self.extra, self.bump())})
sub = Sub(%s)
sub.method()
sub.attribute = 1
sub.attribute
Over.extra.__get__(base(%s))
Over.bump(base(%s))
object.__new__(Over)
class Two(Over, Other): pass
copy.copy(made).extra
hash(made) == hash(base(%s))
data_state(Over(%s), Over)
del made
del sub
"""

for base, arguments in BASES:
    more = "" if base in REFUSED else ROWS.replace("%s", arguments)
    rows(f"over {base.__name__}", "Over = make_over(base)\n" + more,
         base=base, base_of=lambda value: isinstance(value, type(value).__mro__[-2]), copy=__import__("copy"))

COUNTED = """
Counted = make_counted(base)
before = counts()[1]
made = Counted(%s)
made.bump(), made.extra
del made
counts()[1] - before
Sub = type('Sub', (Counted,), {'__init__': lambda self, *args: None})
sub = Sub(%s)
sub.bump(), sub.extra
sub.me = sub
del sub
gc.collect() > 0
counts()[1] - before
many = [Counted(%s) for i in range(50)]
many.clear()
counts()[1] - before
"""
# CPython's classes on the heap give up the reference to the class themselves, or cannot be called from a
# `tp_dealloc` at all.
ON_THE_HEAP = {
    ExceptionGroup, collections.deque, collections.defaultdict, collections.Counter, array.array, io.BytesIO,
    io.StringIO, Plain, WithSlots,
}
for base, arguments in BASES:
    if base not in REFUSED | ON_THE_HEAP | {type, super}:
        rows(f"counted over {base.__name__}", COUNTED.replace("%s", arguments), base=base, gc=__import__("gc"))

rows("over several", """
object.__new__(make_over(object))
float.__new__(make_over(float), 2.5)
Exception.__new__(make_over(Exception), 5)
make_over((Base, Mixin)).__mro__
make_over((Mixin, Base))(4).who()
make_over((Base, Other))
make_over((Exception, Base))
make_over((Exception, OSError))
make_over((OSError, Exception)).__mro__
make_over(())
make_over(3)
make_over((3,))
make_over(Final)
make_over((Base, Final))
make_over(NotInstantiable)()
make_over(WithMeta).size()
make_over((Base, Base))
make_over([Base])
O = make_over(Derived)
o = O(6)
o.number, o.fraction, o.bump(), o.extra
del o
P = make_over(O)
p = P(7)
p.number, p.fraction, p.bump(), p.extra, O.extra.__get__(p), O.bump(p), O.extra.__get__(p)
data_size(P) > 0
del p
class Sub(P): pass
s = Sub(8)
s.bump(), P.bump(s), O.bump(s), s.number
del s
""")

rows("exceptions", """
e = Error(1, 2)
e, e.args, e.code, str(e)
e.code = 7
try:
  raise e
except Error as caught:
  print('caught', caught is e, caught.code)
del e
raise_error('text')
raise_error(('a', 'b'))
raise_error(None)
raise_error(5)
try: raise_error('in try')
except Exception as caught: print('caught', repr(caught), caught.code, caught.__traceback__ is not None)
raise Error
raise Error(1) from KeyError(2)
class Sub(Error):
  def __init__(self, *args, **options):
    super().__init__(*args)
    self.options = options
s = Sub(1, 2, 3, key=4)
s, s.code, s.options, s.args
try: raise s
except Error as caught: print('caught', caught.code)
del s
class AndOS(Error, OSError): pass
class AndKey(Error, KeyError): pass
class AndValue(Error, ValueError): pass
AndValue(1).code
isinstance(AndValue(1), (Error, ValueError))
e = Error('a')
e.add_note('note')
e.__notes__
e.with_traceback(None) is e
e.me = e
r = weakref.ref(e)
del e
gc.collect() > 0
r()
pickle.loads(pickle.dumps(Error.__mro__))
group = ExceptionGroup('g', [Error(1), KeyError(2)])
group.split(Error)
try: raise group
except* Error as caught: print('group', caught)
except* KeyError: pass
del group
traceback.format_exception_only(Error(3))
class Context(Error):
  def __enter__(self): return self
  def __exit__(self, *args): return True
with Context(1) as c: raise c
def generator():
  try: yield 1
  except Error as caught: yield caught.code
g = generator()
next(g), g.throw(Error(1, 2))
""", gc=__import__("gc"), weakref=__import__("weakref"), pickle=__import__("pickle"), traceback=__import__("traceback"))
