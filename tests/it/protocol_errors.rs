//! Operations of Python code on a capsule or its class that must fail: calling the class, deriving
//! from it, changing it, copying a capsule, using one as another type. An object of the class that
//! this project did not allocate would have the wrong memory layout.

use libtest_mimic::Trial;

use crate::protocol::PRELUDE;
use crate::table::{Group, Table};

pub(crate) fn trials() -> Vec<Trial> {
    let table = Table {
        topic: "protocol",
        prelude: PRELUDE,
        groups: GROUPS,
        class: "PyCapsule",
    };
    table.trials()
}

const NOT_MADE: &str = "TypeError: cannot create 'PyCapsule' instances";
const NOT_A_BASE: &str = "TypeError: type 'PyCapsule' is not an acceptable base type";
const NO_OTHER_CLASS: &str =
    "TypeError: __class__ assignment only supported for mutable types or ModuleType subclasses";
const NOT_PICKLED: &str = "TypeError: cannot pickle 'PyCapsule' object";
const NO_WEAK_REFERENCE: &str = "TypeError: cannot create weak reference to 'PyCapsule' object";
const UNMARSHALLABLE: &str = "ValueError: unmarshallable object";
const NOT_AN_INTEGER: &str = "TypeError: 'PyCapsule' object cannot be interpreted as an integer";

const GROUPS: &[Group] = &[
    (
        "no-call-creates-one",
        &[
            ("T()", NOT_MADE),
            ("T(1)", NOT_MADE),
            ("T(c)", NOT_MADE),
            ("T(pointer=1)", NOT_MADE),
            ("T.__call__()", NOT_MADE),
            ("type.__call__(T)", NOT_MADE),
            ("import functools; functools.partial(T)()", NOT_MADE),
            ("types.GenericAlias(T, (int,))()", NOT_MADE),
            ("list(map(T, [1]))", NOT_MADE),
            (
                "import collections; answer = collections.defaultdict(T)[1]",
                NOT_MADE,
            ),
            (
                "import pickle; answer = pickle.loads(b'ctypes\\nCapsuleType\\n(tR.')",
                NOT_MADE,
            ),
        ],
    ),
    (
        "no-new-method-of-another-class-creates-one",
        &[
            (
                "int.__new__(T)",
                "TypeError: int.__new__(PyCapsule): PyCapsule is not a subtype of int",
            ),
            (
                "types.FunctionType.__new__(T)",
                "TypeError: function.__new__(PyCapsule): PyCapsule is not a subtype of function",
            ),
            (
                "_capsule.CapsuleInfo.__new__(T, (1,))",
                "TypeError: CapsuleInfo.__new__(PyCapsule): PyCapsule is not a subtype of CapsuleInfo",
            ),
        ],
    ),
    (
        "no-class-derives-from-it",
        &[
            ("class X(T): pass", NOT_A_BASE),
            ("class Z: pass\nclass X(Z, T): pass", NOT_A_BASE),
            ("class X(T, int): pass", NOT_A_BASE),
            ("type('X', (T,), {})", NOT_A_BASE),
            ("type.__new__(type, 'X', (T,), {})", NOT_A_BASE),
            ("types.new_class('X', (T,))", NOT_A_BASE),
            ("import abc; abc.ABCMeta('X', (T,), {})", NOT_A_BASE),
            ("import enum\nclass X(T, enum.Enum): a = c", NOT_A_BASE),
            (
                "class M(type): pass\nclass X(T, metaclass=M): pass",
                NOT_A_BASE,
            ),
            (
                "class E:\n    def __mro_entries__(self, bases): return (T,)\nclass X(E()): pass",
                NOT_A_BASE,
            ),
            (
                "class A: pass\nclass B(A): pass\nB.__bases__ = (T,)",
                NOT_A_BASE,
            ),
            ("class A: pass\nA.__bases__ = (T,)", NOT_A_BASE),
            (
                "class M(type):\n    def mro(cls): return (cls, T, object)\nclass X(metaclass=M): pass",
                "TypeError: mro() returned base with unsuitable layout ('PyCapsule')",
            ),
        ],
    ),
    (
        "assigning-to-class-does-not-convert-from-or-to-one",
        &[
            ("class Z: pass\nZ().__class__ = T", NO_OTHER_CLASS),
            ("class Z: __slots__ = ()\nZ().__class__ = T", NO_OTHER_CLASS),
            (
                "class Z: pass\nobject.__setattr__(Z(), '__class__', T)",
                NO_OTHER_CLASS,
            ),
            (
                "class Z: pass\nobject.__dict__['__class__'].__set__(Z(), T)",
                NO_OTHER_CLASS,
            ),
            ("sys.__class__ = T", NO_OTHER_CLASS),
            (
                "class M(types.ModuleType): pass\nM('m').__class__ = T",
                NO_OTHER_CLASS,
            ),
            ("c.__class__ = object", NO_OTHER_CLASS),
            ("c.__class__ = T", NO_OTHER_CLASS),
            ("class Z: pass\nc.__class__ = Z", NO_OTHER_CLASS),
            (
                "object.__dict__['__class__'].__set__(c, object)",
                NO_OTHER_CLASS,
            ),
        ],
    ),
    (
        "an-object-with-a-fake-class-attribute-is-not-one",
        &[
            (
                "class F: __class__ = property(lambda self: T)\n\
                 answer = isinstance(F(), T), _capsule.is_valid(F(), None)",
                "(True, False)",
            ),
            (
                "class F: __class__ = property(lambda self: T)\nT.__repr__(F())",
                "TypeError: descriptor '__repr__' requires a 'PyCapsule' object but received a 'F'",
            ),
            (
                "class F: __repr__ = T.__repr__\nrepr(F())",
                "TypeError: descriptor '__repr__' requires a 'PyCapsule' object but received a 'F'",
            ),
            (
                "T.__repr__()",
                "TypeError: descriptor '__repr__' of 'PyCapsule' object needs an argument",
            ),
        ],
    ),
    (
        "the-class-cannot-be-changed",
        &[
            (
                "T.x = 1",
                "TypeError: cannot set 'x' attribute of immutable type 'PyCapsule'",
            ),
            (
                "type.__setattr__(T, 'x', 1)",
                "TypeError: cannot set 'x' attribute of immutable type 'PyCapsule'",
            ),
            (
                "T.__name__ = 'Q'",
                "TypeError: cannot set '__name__' attribute of immutable type 'PyCapsule'",
            ),
            (
                "T.__doc__ = 'Q'",
                "TypeError: cannot set '__doc__' attribute of immutable type 'PyCapsule'",
            ),
            (
                "T.__bases__ = (int,)",
                "TypeError: cannot set '__bases__' attribute of immutable type 'PyCapsule'",
            ),
            (
                "T.__repr__ = len",
                "TypeError: cannot set '__repr__' attribute of immutable type 'PyCapsule'",
            ),
            (
                "T.__new__ = len",
                "TypeError: cannot set '__new__' attribute of immutable type 'PyCapsule'",
            ),
            (
                "T.__del__ = len",
                "TypeError: cannot set '__del__' attribute of immutable type 'PyCapsule'",
            ),
            (
                "del T.__repr__",
                "TypeError: cannot set '__repr__' attribute of immutable type 'PyCapsule'",
            ),
            (
                "T.__abstractmethods__ = {'a'}",
                "TypeError: cannot set '__abstractmethods__' attribute of immutable type 'PyCapsule'",
            ),
            (
                "T.__dict__['x'] = 1",
                "TypeError: 'mappingproxy' object does not support item assignment",
            ),
            (
                "class Q:\n    def __eq__(self, other): other['__del__'] = print; return True\n\
                 T.__dict__ == Q(); answer = sorted(T.__dict__), hasattr(c, '__del__')",
                "(['__doc__', '__repr__'], False)",
            ),
            ("T[int]", "TypeError: type 'PyCapsule' is not subscriptable"),
        ],
    ),
    (
        "a-capsule-has-no-attributes-of-its-own",
        &[
            (
                "c.x",
                "AttributeError: 'PyCapsule' object has no attribute 'x'",
            ),
            (
                "c.__dict__",
                "AttributeError: 'PyCapsule' object has no attribute '__dict__'",
            ),
            ("getattr(c, 'x', 5)", "5"),
            (
                "c.x = 1",
                "AttributeError: 'PyCapsule' object has no attribute 'x' and no __dict__ for setting new attributes",
            ),
            (
                "del c.x",
                "AttributeError: 'PyCapsule' object has no attribute 'x' and no __dict__ for setting new attributes",
            ),
            (
                "object.__setattr__(c, 'x', 1)",
                "AttributeError: 'PyCapsule' object has no attribute 'x' and no __dict__ for setting new attributes",
            ),
            (
                "c.__doc__ = 1",
                "AttributeError: 'PyCapsule' object attribute '__doc__' is read-only",
            ),
            (
                "c.__repr__ = 1",
                "AttributeError: 'PyCapsule' object attribute '__repr__' is read-only",
            ),
            (
                "del c.__doc__",
                "AttributeError: 'PyCapsule' object attribute '__doc__' is read-only",
            ),
            (
                "vars(c)",
                "TypeError: vars() argument must have __dict__ attribute",
            ),
        ],
    ),
    (
        "no-weak-references",
        &[
            ("import weakref; weakref.ref(c)", NO_WEAK_REFERENCE),
            ("import weakref; weakref.proxy(c)", NO_WEAK_REFERENCE),
            (
                "import weakref; weakref.finalize(c, print)",
                NO_WEAK_REFERENCE,
            ),
            ("import weakref; weakref.WeakSet([c])", NO_WEAK_REFERENCE),
            (
                "import weakref; weakref.WeakKeyDictionary()[c] = 1",
                NO_WEAK_REFERENCE,
            ),
            (
                "import weakref; weakref.WeakValueDictionary()[1] = c",
                NO_WEAK_REFERENCE,
            ),
            (
                "c.__weakref__",
                "AttributeError: 'PyCapsule' object has no attribute '__weakref__'",
            ),
            ("import weakref; answer = weakref.getweakrefcount(c)", "0"),
        ],
    ),
    (
        "no-copies",
        &[
            ("import copy; copy.copy(c)", NOT_PICKLED),
            ("import copy; copy.deepcopy(c)", NOT_PICKLED),
            ("import copy; copy.deepcopy([c])", NOT_PICKLED),
            (
                "import copy; copy.replace(c)",
                "TypeError: replace() does not support PyCapsule objects",
            ),
            ("c.__reduce__()", NOT_PICKLED),
            ("object.__reduce_ex__(c, 2)", NOT_PICKLED),
            ("[c.__reduce_ex__(0)]", NOT_PICKLED),
            ("[c.__reduce_ex__(1)]", NOT_PICKLED),
            ("[c.__reduce_ex__(2)]", NOT_PICKLED),
            ("[c.__reduce_ex__(3)]", NOT_PICKLED),
            ("[c.__reduce_ex__(4)]", NOT_PICKLED),
            ("[c.__reduce_ex__(5)]", NOT_PICKLED),
            (
                "import pickle\nanswer = set()\nfor dumps in pickle.dumps, pickle._dumps:\n    \
                 for protocol in range(6):\n        try: answer.add(dumps([c], protocol))\n        \
                 except TypeError as e: answer.add(str(e))",
                "{\"cannot pickle 'PyCapsule' object\"}",
            ),
            ("import marshal; marshal.dumps(c)", UNMARSHALLABLE),
            ("import marshal; marshal.dumps([c])", UNMARSHALLABLE),
            (
                "import json; json.dumps(c)",
                "TypeError: Object of type PyCapsule is not JSON serializable",
            ),
            (
                "import json; json.dumps({c: 1})",
                "TypeError: keys must be str, int, float, bool or None, not PyCapsule",
            ),
            (
                "import json; answer = json.dumps({c: 1}, skipkeys=True)",
                "'{}'",
            ),
        ],
    ),
    (
        "no-order",
        &[
            (
                "c < d",
                "TypeError: '<' not supported between instances of 'PyCapsule' and 'PyCapsule'",
            ),
            (
                "c <= d",
                "TypeError: '<=' not supported between instances of 'PyCapsule' and 'PyCapsule'",
            ),
            (
                "c > d",
                "TypeError: '>' not supported between instances of 'PyCapsule' and 'PyCapsule'",
            ),
            (
                "c >= d",
                "TypeError: '>=' not supported between instances of 'PyCapsule' and 'PyCapsule'",
            ),
            (
                "c < 1",
                "TypeError: '<' not supported between instances of 'PyCapsule' and 'int'",
            ),
            (
                "sorted([c, d])",
                "TypeError: '<' not supported between instances of 'PyCapsule' and 'PyCapsule'",
            ),
        ],
    ),
    (
        "not-a-container-nor-a-function",
        &[
            (
                "len(c)",
                "TypeError: object of type 'PyCapsule' has no len()",
            ),
            ("iter(c)", "TypeError: 'PyCapsule' object is not iterable"),
            (
                "for x in c: pass",
                "TypeError: 'PyCapsule' object is not iterable",
            ),
            (
                "a, b = c",
                "TypeError: cannot unpack non-iterable PyCapsule object",
            ),
            (
                "[*c]",
                "TypeError: Value after * must be an iterable, not PyCapsule",
            ),
            ("{**c}", "TypeError: 'PyCapsule' object is not a mapping"),
            (
                "next(c)",
                "TypeError: 'PyCapsule' object is not an iterator",
            ),
            ("c[0]", "TypeError: 'PyCapsule' object is not subscriptable"),
            (
                "c[0] = 1",
                "TypeError: 'PyCapsule' object does not support item assignment",
            ),
            (
                "del c[0]",
                "TypeError: 'PyCapsule' object does not support item deletion",
            ),
            ("c()", "TypeError: 'PyCapsule' object is not callable"),
            (
                "isinstance(1, c)",
                "TypeError: isinstance() arg 2 must be a type, a tuple of types, or a union",
            ),
            (
                "raise ValueError from c",
                "TypeError: exception causes must derive from BaseException",
            ),
        ],
    ),
    (
        "not-a-number-nor-bytes",
        &[
            (
                "int(c)",
                "TypeError: int() argument must be a string, a bytes-like object or a real number, not 'PyCapsule'",
            ),
            (
                "float(c)",
                "TypeError: float() argument must be a string or a real number, not 'PyCapsule'",
            ),
            ("hex(c)", NOT_AN_INTEGER),
            ("import operator; operator.index(c)", NOT_AN_INTEGER),
            (
                "abs(c)",
                "TypeError: bad operand type for abs(): 'PyCapsule'",
            ),
            ("-c", "TypeError: bad operand type for unary -: 'PyCapsule'"),
            (
                "c + 1",
                "TypeError: unsupported operand type(s) for +: 'PyCapsule' and 'int'",
            ),
            (
                "1 + c",
                "TypeError: unsupported operand type(s) for +: 'int' and 'PyCapsule'",
            ),
            (
                "c += 1",
                "TypeError: unsupported operand type(s) for +=: 'PyCapsule' and 'int'",
            ),
            (
                "c | c",
                "TypeError: unsupported operand type(s) for |: 'PyCapsule' and 'PyCapsule'",
            ),
            (
                "bytes(c)",
                "TypeError: cannot convert 'PyCapsule' object to bytes",
            ),
            (
                "memoryview(c)",
                "TypeError: memoryview: a bytes-like object is required, not 'PyCapsule'",
            ),
            (
                "''.join([c])",
                "TypeError: sequence item 0: expected str instance, PyCapsule found",
            ),
        ],
    ),
];
