//! The object protocol of a capsule and its class in Python: `repr`, attributes, equality, the
//! collector. `protocol_errors` has the operations that fail, `protocol_vm` those where the VM
//! differs from CPython.

use libtest_mimic::Trial;

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

/// Two capsules with equal fields, and their class.
pub(crate) const PRELUDE: &str = "\
import _capsule, gc, sys, types
from _capsule import new
c, d = new(7, 'a.b'), new(7, 'a.b')
T = type(c)
def shown(name): return repr(new(1, name)).partition(' at 0x')[0]
def page(thing):
    import io, pydoc
    out = io.StringIO()
    pydoc.doc(thing, output=out)
    return out.getvalue()
";

const GROUPS: &[Group] = &[
    (
        "repr-has-the-name-and-the-address-of-the-capsule",
        &[
            (
                "repr(c) == f'<capsule object \"a.b\" at {id(c):#x}>'",
                "True",
            ),
            (
                "n = new(7); answer = repr(n) == f'<capsule object NULL at {id(n):#x}>'",
                "True",
            ),
            (
                "n = new(7, ''); answer = repr(n) == f'<capsule object \"\" at {id(n):#x}>'",
                "True",
            ),
            ("str(c) == repr(c)", "True"),
            ("format(c) == repr(c)", "True"),
            (
                "'%s %r' % (c, c) == f'{c} {c!r}' == repr(c) + ' ' + repr(c)",
                "True",
            ),
            (
                "c.__str__() == c.__repr__() == T.__repr__(c) == repr(c)",
                "True",
            ),
            (
                "object.__repr__(c) == f'<PyCapsule object at {id(c):#x}>'",
                "True",
            ),
            ("repr([c, d]) == f'[{c}, {d}]'", "True"),
            (
                "format(c, '>20')",
                "TypeError: unsupported format string passed to PyCapsule.__format__",
            ),
            (
                "before = repr(c); _capsule.set_pointer(c, 9); answer = repr(c) == before",
                "True",
            ),
            (
                "_capsule.set_name(c, 'x'); answer = repr(c) == f'<capsule object \"x\" at {id(c):#x}>'",
                "True",
            ),
        ],
    ),
    (
        "repr-does-not-escape-the-name",
        &[
            ("shown('q\"q')", "'<capsule object \"q\"q\"'"),
            ("shown('%s%n{}{0}')", "'<capsule object \"%s%n{}{0}\"'"),
            ("shown('a\\nb') == '<capsule object \"a\\nb\"'", "True"),
            ("shown('a\\\\b') == '<capsule object \"a\\\\b\"'", "True"),
            (
                "shown('\\x01\\x7f') == '<capsule object \"\\x01\\x7f\"'",
                "True",
            ),
            (
                "shown('h\\xe9\\u20ac\\U0001f600') == '<capsule object \"h\\xe9\\u20ac\\U0001f600\"'",
                "True",
            ),
            (
                "shown('x' * 2**20) == '<capsule object \"' + 'x' * 2**20 + '\"'",
                "True",
            ),
        ],
    ),
    (
        "repr-replaces-each-byte-that-is-not-utf-8",
        &[
            (
                "ascii(shown(b'ab\\xff\\xfecd'))",
                r#"'\'<capsule object "ab\\ufffd\\ufffdcd"\''"#,
            ),
            (
                "ascii(shown(b'ab\\xc3'))",
                r#"'\'<capsule object "ab\\ufffd"\''"#,
            ),
            (
                "ascii(shown(b'\\xed\\xa0\\x80'))",
                r#"'\'<capsule object "\\ufffd\\ufffd\\ufffd"\''"#,
            ),
            (
                "answer = [b for b in range(128, 256) if shown(bytes([b])) != '<capsule object \"\\ufffd\"']",
                "[]",
            ),
        ],
    ),
    (
        "the-class-has-the-attributes-of-a-builtin-class",
        &[
            ("T", "<class 'PyCapsule'>"),
            (
                "T.__name__, T.__qualname__, T.__module__",
                "('PyCapsule', 'PyCapsule', 'builtins')",
            ),
            ("hasattr(__import__('builtins'), 'PyCapsule')", "False"),
            ("T.__mro__", "(<class 'PyCapsule'>, <class 'object'>)"),
            (
                "T.__bases__, T.__base__, T.__class__",
                "((<class 'object'>,), <class 'object'>, <class 'type'>)",
            ),
            (
                "T.__itemsize__, T.__type_params__, T.__text_signature__",
                "(0, (), None)",
            ),
            (
                "T.__repr__",
                "<slot wrapper '__repr__' of 'PyCapsule' objects>",
            ),
            (
                "T.__doc__.splitlines()[0]",
                "'Capsule objects carry an opaque native pointer through Python.'",
            ),
            ("c.__doc__ == T.__doc__", "True"),
            ("c.__class__ is T is type(d)", "True"),
            ("T.__subclasses__()", "[]"),
            ("T | int", "PyCapsule | int"),
            ("c.__init__()", "None"),
            ("c.__getstate__()", "None"),
        ],
    ),
    (
        "the-class-has-nothing-of-its-own-but-repr",
        &[
            ("sorted(T.__dict__)", "['__doc__', '__repr__']"),
            (
                "c.__getstate__(); answer = sorted(T.__dict__)",
                "['__doc__', '__repr__']",
            ),
            ("sorted(set(dir(c)) ^ set(dir(object())))", "[]"),
            ("sorted(set(dir(T)) ^ set(dir(object)))", "[]"),
            ("c.__dir__() == object.__dir__(c)", "True"),
            (
                "hasattr(T, '__del__'), hasattr(c, '__del__')",
                "(False, False)",
            ),
            (
                "hasattr(c, '__dict__'), hasattr(T, '__weakref__')",
                "(False, False)",
            ),
        ],
    ),
    (
        "type-flags",
        &[
            (
                "flag = lambda bit: bool(T.__flags__ >> bit & 1); answer = flag(7), flag(8)",
                "(True, True)",
            ),
            (
                "flag = lambda bit: bool(T.__flags__ >> bit & 1); answer = flag(9), flag(10)",
                "(False, False)",
            ),
        ],
    ),
    (
        "the-types-module-exports-the-class",
        &[
            ("types.CapsuleType is T", "True"),
            ("__import__('_types').CapsuleType is T", "True"),
            ("_capsule.PyCapsule is T", "True"),
            ("'CapsuleType' in types.__all__", "True"),
            (
                "answer = 0\nmatch c:\n    case types.CapsuleType(): answer = 1",
                "1",
            ),
        ],
    ),
    (
        "equality-and-hash-are-identity",
        &[
            (
                "c == c, c != c, c == d, c != d",
                "(True, False, False, True)",
            ),
            (
                "c.__eq__(c), c.__eq__(d), c.__ne__(d)",
                "(True, NotImplemented, NotImplemented)",
            ),
            (
                "c.__lt__(d), c.__ge__(d)",
                "(NotImplemented, NotImplemented)",
            ),
            ("hash(c) == object.__hash__(c) == c.__hash__()", "True"),
            (
                "before = hash(c); _capsule.set_pointer(c, 9); _capsule.set_name(c, 'x')\n\
                 answer = hash(c) == before",
                "True",
            ),
            (
                "{c: 1}[c], d in {c: 1}, c in {c}, d in {c}",
                "(1, False, True, False)",
            ),
            ("len({c, d, c})", "2"),
            ("bool(c), not c", "(True, False)"),
            ("[c, d].index(d), [c, d].count(c)", "(1, 1)"),
        ],
    ),
    (
        "isinstance-and-abstract-classes",
        &[
            (
                "isinstance(c, T), issubclass(T, object), callable(c)",
                "(True, True, False)",
            ),
            (
                "import collections.abc as abc\n\
                 answer = [n for n in abc.__all__ if n not in ('Callable', 'Hashable') \
                 and isinstance(c, getattr(abc, n))]",
                "[]",
            ),
            (
                "import collections.abc as abc; answer = isinstance(c, abc.Callable)",
                "False",
            ),
            (
                "import collections.abc as abc; answer = isinstance(c, abc.Hashable)",
                "True",
            ),
            (
                "import numbers; answer = isinstance(c, numbers.Number)",
                "False",
            ),
        ],
    ),
    (
        "a-capsule-that-owns-no-objects-is-not-tracked-by-the-collector",
        &[
            (
                "gc.is_tracked(c), gc.get_referents(c), gc.is_finalized(c)",
                "(False, [], False)",
            ),
            ("any(o is c for o in gc.get_objects())", "False"),
            ("gc.is_tracked(new(1, context=id(c)))", "False"),
            (
                "_capsule.set_name(c, 'x'); answer = gc.is_tracked(c)",
                "False",
            ),
            (
                "_capsule.set_destructor(c, None); answer = gc.is_tracked(c)",
                "False",
            ),
        ],
    ),
    (
        "a-capsule-that-owns-objects-is-tracked-by-the-collector",
        &[
            (
                "o = new(1, owner=[1]); answer = gc.is_tracked(o), gc.get_referents(o)",
                "(True, [[1]])",
            ),
            (
                "o = new(1, owner=[1]); answer = sum(x is o for x in gc.get_objects())",
                "1",
            ),
            (
                "o = new(1, 'a', bool); answer = gc.is_tracked(o), gc.get_referents(o)",
                "(True, [<class 'bool'>])",
            ),
            (
                "o = new(1, 'a', bool, owner=T); answer = gc.get_referents(o) == [T, bool]",
                "True",
            ),
            (
                "_capsule.set_destructor(c, bool); answer = gc.is_tracked(c), gc.get_referents(c)",
                "(True, [<class 'bool'>])",
            ),
            (
                "_capsule.set_destructor(c, bool); _capsule.set_destructor(c, repr)\n\
                 answer = gc.get_referents(c) == [repr], sum(x is c for x in gc.get_objects())",
                "(True, 1)",
            ),
            (
                "_capsule.set_destructor(c, bool); _capsule.set_destructor(c, None)\n\
                 answer = gc.get_referents(c)",
                "[]",
            ),
            (
                "owner = [1]; o = new(1, owner=owner); answer = o in gc.get_referrers(owner)",
                "True",
            ),
        ],
    ),
    (
        "help-works",
        &[
            ("'class PyCapsule in module builtins' in page(T)", "True"),
            (
                "'class PyCapsule(object)' in page(T) and T.__doc__.splitlines()[0] in page(T)",
                "True",
            ),
            ("'class PyCapsule(object)' in page(c)", "True"),
            ("'built-in module _capsule' in page(_capsule)", "True"),
            ("'get_pointer(capsule, name, /)' in page(_capsule)", "True"),
            (
                "'new(pointer, name=None, destructor=None, *, context=0, owner=None)' in page(_capsule)",
                "True",
            ),
            (
                "'class PyCapsuleError(builtins.ValueError)' in page(_capsule)",
                "True",
            ),
            (
                "'class CapsuleInfo(builtins.tuple)' in page(_capsule.CapsuleInfo)",
                "True",
            ),
            (
                "import inspect; answer = inspect.getdoc(c) == inspect.getdoc(T)",
                "True",
            ),
            (
                "import inspect; answer = inspect.isclass(T), inspect.signature(T)",
                "(True, <Signature ()>)",
            ),
            (
                "import pprint; answer = pprint.pformat(c) == repr(c)",
                "True",
            ),
        ],
    ),
];
