"""Methods of every calling convention, and their descriptors."""

from telling import rows

CALLS = ["()", "(1)", "(1, 2)", "(1, 2, 3)", "(a=1)", "(1, a=2, b='x')", "(*[1, 2], **{'k': []})", "(**{})", "(self=1)"]
NAMES = ["noargs", "o", "varargs", "keywords", "fast", "fast_keywords"]

rows("calls", "\n".join(
    ["m = Methods()", "class Sub(Methods): pass", "s = Sub()"]
    + [f"m.{prefix}{name}{call}" for name in NAMES for prefix in ("", "class_", "static_") for call in CALLS]
    + [f"m.{name}{call}" for name in ("method", "class_method") for call in CALLS]
    + [f"{owner}.{name}(1)" for owner in ("s", "Sub", "Methods")
       for name in ("o", "class_o", "static_o", "method", "class_method", "class_noargs")]
    + [f"Methods.{name}({arguments})" for name in (*NAMES, "method") for arguments in ("m", "s, 1", "3", "", "m, 1, a=2")]
    + ["f = m.fast_keywords", "f(1), f(2, x=3)", "del m", "f(1)", "list(map(f, [1, 2]))", "sorted([3, 1], key=s.o)"]))

rows("results", """
m = Methods()
m.raises()
m.nothing()
m.too_much()
try:
  m.raises()
except ZeroDivisionError as error:
  print('caught', error, error.__traceback__.tb_next)
""")

rows("slots", """
m = Methods()
len(m)
m.__len__()
5 in m
m.__contains__(5)
Methods.__len__
Methods.__contains__
Methods.__len__.__doc__
Methods.__contains__.__doc__
class Sub(Methods): pass
1 in Sub()
len(Sub())
class Own(Methods):
  def __contains__(self, value): return super().__contains__(value) and 'mine'
1 in Own()
Own().__contains__(1)
""")

rows("descriptors", """
m = Methods()
Methods.o
m.o
Methods.class_o
m.class_o
Methods.static_o
m.static_o
Methods.method
m.method
Methods.class_method
type(Methods.o), type(m.o), type(Methods.__dict__['class_o']), type(Methods.__dict__['static_o'])
type(Methods.__dict__['class_method'])
Methods.__dict__['class_o']
Methods.__dict__['static_o']
Methods.__dict__['o'] is Methods.o
Methods.o.__name__, Methods.o.__qualname__, Methods.o.__objclass__, Methods.o.__doc__
m.o.__name__, m.o.__qualname__, m.o.__self__ is m, m.o.__module__
Methods.class_o.__self__, Methods.class_o.__qualname__, Methods.class_o.__doc__
Methods.static_o.__self__, Methods.static_o.__qualname__, Methods.static_o.__doc__
Methods.with_doc.__doc__, Methods.with_doc.__text_signature__
Methods.with_signature.__doc__, Methods.with_signature.__text_signature__
m.with_signature.__doc__, m.with_signature.__text_signature__
Methods.with_empty_doc.__doc__
Methods.noargs.__doc__
Methods.__doc__, Methods.__text_signature__
inspect.signature(Methods.with_signature)
inspect.signature(m.with_signature)
inspect.signature(Methods.with_doc)
inspect.signature(Methods)
inspect.getdoc(Methods.with_signature)
inspect.ismethoddescriptor(Methods.o), inspect.isbuiltin(m.o), inspect.isroutine(Methods.o), callable(Methods.o)
Methods.o.__get__(m, Methods)(1)
Methods.o.__get__(m)(1)
Methods.o.__get__(None, Methods) is Methods.o
Methods.o.__get__(3, int)
Methods.o.__get__(None, None)
Methods.__dict__['class_o'].__get__(None, Methods)(1)
Methods.__dict__['class_o'].__get__(m)(1)
Methods.__dict__['class_o'].__get__(None, int)
Methods.__dict__['class_o'].__get__(3, int)
Methods.__dict__['class_o'](Methods, 1)
Methods.__dict__['static_o'].__get__(None, Methods)(1)
m.o == m.o, m.o is m.o, m.o == Methods().o
Methods.o == Methods.o
m.o.__call__(1), Methods.o.__call__(m, 1)
m.o = 1
Methods.o = Methods.o
Methods.added = lambda self: 'added'
m.added()
del Methods.added
m.added
pickle.loads(pickle.dumps(Methods.o)) is Methods.o
pickle.loads(pickle.dumps(Methods.static_o))(1)
copy.copy(Methods.o) is Methods.o
copy.deepcopy(m.class_o)(1)
functools.partial(Methods.o, m)(1)
m.o.__reduce__()
Methods.o.__reduce__()
[name for name in dir(m) if not name.startswith('__')]
""", inspect=__import__("inspect"), pickle=__import__("pickle"), copy=__import__("copy"),
     functools=__import__("functools"))
