"""What classes say of themselves, to Python and to C code; and descriptions that are refused."""

import inspect
import pydoc

import class_driver
from telling import rows

CLASSES = [name for name, value in sorted(vars(class_driver).items()) if isinstance(value, type)]
BITS = {
    3: "MANAGED_WEAKREF", 4: "MANAGED_DICT", 5: "SEQUENCE", 6: "MAPPING", 7: "DISALLOW_INSTANTIATION",
    8: "IMMUTABLETYPE", 9: "HEAPTYPE", 10: "BASETYPE", 11: "HAVE_VECTORCALL", 12: "READY", 14: "HAVE_GC",
    17: "METHOD_DESCRIPTOR", 20: "IS_ABSTRACT", 24: "LONG_SUBCLASS", 25: "LIST_SUBCLASS", 26: "TUPLE_SUBCLASS",
    27: "BYTES_SUBCLASS", 28: "UNICODE_SUBCLASS", 29: "DICT_SUBCLASS", 30: "BASE_EXC_SUBCLASS", 31: "TYPE_SUBCLASS",
}


def flags(cls):
    value = class_driver.flags_of(cls)
    return [name for bit, name in BITS.items() if value >> bit & 1]


def helped(thing):
    """What help() prints, without the lines that every class has."""
    return pydoc.plain(pydoc.render_doc(thing)).splitlines()


rows("names", "\n".join(
    [f"{name}\n{name}.__name__, {name}.__qualname__, {name}.__module__, {name}.__doc__\n"
     f"names_of({name})\nmodule_of({name})\nflags({name})\n{name}.__mro__\ntype({name})" for name in CLASSES]),
     flags=flags)

rows("python subclasses", """
class Sub(Base): pass
names_of(Sub)
module_of(Sub)
flags(Sub)
class Node2(Node): pass
flags(Node2)
class Row2(Row): pass
flags(Row2)
class Table2(Table): pass
flags(Table2)
class Vector2(Vector): pass
flags(Vector2)
class Called(Vector):
  def __call__(self): pass
flags(Called)
class Error2(Error): pass
flags(Error2)
flags(make_over(list)), flags(make_over(dict)), flags(make_over(str))
names_of(int), names_of(make_over(Base))
module_of(int)
module_of(make_over(Base))
""", flags=flags)

rows("inspect", """
inspect.isclass(Base), inspect.getmodule(Base).__name__, inspect.getmro(Derived)
inspect.getdoc(Base), inspect.getdoc(Derived), inspect.getdoc(Number.__add__)
inspect.signature(Value)
inspect.signature(Base)
inspect.signature(Number.__add__)
inspect.signature(Base.who)
inspect.signature(Caller())
inspect.getsource(Base)
inspect.getfile(Base).endswith('class_driver.so')
sorted(name for name, value in inspect.getmembers(Base) if not name.startswith('__'))
inspect.classify_class_attrs(Base)[-1]
[(a.name, a.kind) for a in inspect.classify_class_attrs(Methods) if not a.name.startswith('__')]
inspect.getattr_static(Base(1), 'number')
inspect.unwrap(Base) is Base
inspect.getclasstree([Base, Derived])
helped(Base)
helped(Value)
helped(Methods)
helped(Members.read_int)
helped(Getters.both)
helped(Methods.with_signature)
sorted(name for name in set(dir(Base)) - set(dir(object)) if name.strip('_') == name)
typing.get_type_hints(Base)
Base.__annotations__
Base.__dict__['who']
type(Base.__dict__)
Base.__abstractmethods__
Base.__basicsize__ > object.__basicsize__, Base.__itemsize__, Base.__dictoffset__, Base.__weakrefoffset__
Derived.__basicsize__ > Base.__basicsize__
Base.__flags__ == flags_of(Base)
Base.mro()
Base | None
isinstance(1, Base | int)
Base.__call__
""", inspect=inspect, helped=helped, typing=__import__("typing"))

SLOTS = {
    5: "mp_subscript", 7: "nb_add", 9: "nb_bool", 26: "nb_int", 30: "nb_negative", 33: "nb_power", 39: "sq_ass_item",
    40: "sq_concat", 41: "sq_contains", 44: "sq_item", 45: "sq_length", 46: "sq_repeat", 47: "tp_alloc", 50: "tp_call",
    51: "tp_clear", 52: "tp_dealloc", 54: "tp_descr_get", 55: "tp_descr_set", 56: "tp_doc", 57: "tp_getattr",
    58: "tp_getattro", 59: "tp_hash", 60: "tp_init", 61: "tp_is_gc", 62: "tp_iter", 63: "tp_iternext", 64: "tp_methods",
    65: "tp_new", 66: "tp_repr", 67: "tp_richcompare", 68: "tp_setattr", 69: "tp_setattro", 70: "tp_str",
    71: "tp_traverse", 72: "tp_members", 73: "tp_getset", 74: "tp_free", 77: "am_await", 78: "am_aiter", 79: "am_anext",
    80: "tp_finalize", 81: "am_send",
}


# Classes of the VM have other data, and functions for the collector that C code cannot call.
NO_FUNCTIONS = ("tp_doc", "tp_methods", "tp_members", "tp_getset", "tp_traverse", "tp_clear")


def filled(cls, without=()):
    return [name for number, name in SLOTS.items() if name not in without and class_driver.get_slot(cls, number)]


rows("slots", "\n".join(
    [f"filled({name})" for name in CLASSES]
    + [f"filled({name}, NO_FUNCTIONS)" for name in ("object", "int", "str", "list", "dict", "type", "Exception", "float", "tuple")]
    + ["class Sub(Number): pass", "filled(Sub, NO_FUNCTIONS)", "class Adds:\n  def __add__(self, other): return 'added'\n"
       "  def __len__(self): return 3\n  def __getitem__(self, key): return key\n  def __iter__(self): return self\n"
       "  def __next__(self): return 8\n  def __hash__(self): return 77\n  def __repr__(self): return 'R'\n"
       "  def __neg__(self): return 'negative'", "filled(Adds, NO_FUNCTIONS)",
       "slot_object(Derived, 48), slot_object(Joined, 49), slot_object(int, 48), slot_object(object, 48)",
       "get_slot(Base, 0)", "get_slot(Base, -1)", "get_slot(Base, 1000)", "get_slot(int, 1000)", "get_slot(Base, 75)"]),
     filled=filled, NO_FUNCTIONS=NO_FUNCTIONS)

CALLS = [
    "'repr', 5", "'str', 'a'", "'iter', [1]", "'iternext', iter([4])", "'iternext', iter([])", "'negative', 5",
    "'int', 2.5", "'add', 2, 3", "'add', 2, 'a'", "'add', 'a', 2", "'subtract', 2.5, 1", "'concat', 'a', 'b'",
    "'concat', [1], 'b'", "'subscript', {1: 2}, 1", "'subscript', [5], 0", "'subscript', [5], 9", "'getattro', 1j, 'imag'",
    "'getattro', 1j, 'no'", "'length', [1, 2]", "'mp_length', {1: 2}", "'length', 'abc'", "'item', [7, 8], 1",
    "'item', [7, 8], 5", "'hash', 12", "'hash', []", "'new', object, ()", "'new', list, ()", "'new', Exception, (1, 2)",
    "'new', int, ('12',)", "'new', int, ('x',)", "'new', dict, ()", "'new', str, (5,)",
    "'add', Number(), 2", "'repr', Value(3)", "'hash', Value(3)", "'length', Row(1, 2)", "'item', Row(1, 2), 1",
    "'iternext', Countdown(3)", "'iternext', Countdown(0)", "'new', Base, ()", "'negative', Number()",
    "'add', Adds(), 1", "'length', Adds()", "'subscript', Adds(), 'k'", "'iternext', Adds()", "'iter', Adds()",
    "'hash', Adds()", "'repr', Adds()", "'negative', Adds()", "'str', Adds()",
]

rows("slot calls", "\n".join(
    ["class Adds:\n  def __add__(self, other): return 'added'\n  def __len__(self): return 3\n"
     "  def __getitem__(self, key): return key\n  def __iter__(self): return self\n"
     "  def __next__(self): return 8\n  def __hash__(self): return 77\n  def __repr__(self): return 'R'\n"
     "  def __neg__(self): return 'negative'"]
    + [f"call(({arguments},))" for arguments in CALLS]),
     call=lambda given: class_driver.call_slot(given[1] if given[0] == "new" else type(given[1]), *given))

rows("refusals", "\n".join(
    f"description({row})\nC = describe({row}, {base}); C, C.__module__, C.__doc__, C()"
    for row in range(22) for base in ("None", "list")))
