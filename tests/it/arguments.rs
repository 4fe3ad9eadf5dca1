//! What the functions of `_capsule` accept from Python and what they return: names, addresses,
//! destructors, wrong arguments, and errors as Python sees them.

use libtest_mimic::Trial;

use crate::interpreter::{child_source, trial};
use crate::table::{Group, Table};

pub(crate) fn trials() -> Vec<Trial> {
    let table = Table {
        topic: "arguments",
        prelude: PRELUDE,
        groups: GROUPS,
        class: "PyCapsule",
    };
    let mut trials = table.trials();
    trials.push(trial("arguments::the-traceback-of-an-uncaught-error-shows-its-note", || {
        let ended = child_source("import _capsule; _capsule.get_pointer(_capsule.new(1, 'a'), 'b')");
        let expected = "_capsule.PyCapsuleError: PyCapsule_GetPointer called with incorrect name\n\
                        expected the name \"b\", found \"a\"\n";
        if ended.code == Some(1) && ended.stderr.ends_with(expected) {
            Ok(())
        } else {
            Err(format!("{ended:?}").into())
        }
    }));
    trials
}

const PRELUDE: &str = "\
import _capsule, gc, inspect
from _capsule import *
c = new(7, 'a')
def ignore(capsule): pass
class Index:
    def __init__(self, value): self.value = value
    def __index__(self):
        if isinstance(self.value, BaseException): raise self.value
        return self.value
class Text(str): pass
class Bytes(bytes): pass
def caught(function, *arguments):
    try: function(*arguments)
    except Exception as exception: return exception
";

const OUT_OF_RANGE: &str = "OverflowError: an address must be in range(0, 2**64)";
const NO_NAME: &str = "TypeError: name must be str, bytes or None, not int";
const NULL_CHARACTER: &str = "ValueError: embedded null character";

const GROUPS: &[Group] = &[
    (
        "names-are-str-or-bytes",
        &[
            ("get_name(new(1, 'a.b'))", "'a.b'"),
            ("get_name(new(1, b'a.b'))", "'a.b'"),
            ("get_name(new(1, Text('a')))", "'a'"),
            ("get_name(new(1, Bytes(b'a')))", "'a'"),
            ("type(get_name(new(1, Text('a'))))", "<class 'str'>"),
            ("get_name(new(1, ''))", "''"),
            ("get_name(new(1))", "None"),
            ("get_pointer(new(1, 'h\\xe9'), b'h\\xc3\\xa9')", "1"),
            ("get_pointer(new(1, b'h\\xc3\\xa9'), 'h\\xe9')", "1"),
            ("new(1, 3)", NO_NAME),
            (
                "new(1, bytearray(b'a'))",
                "TypeError: name must be str, bytes or None, not bytearray",
            ),
            ("get_pointer(c, 3)", NO_NAME),
            ("is_valid(c, 3)", NO_NAME),
            ("set_name(c, 3)", NO_NAME),
            ("claim(c, 3, 'a')", NO_NAME),
            ("claim(c, 'a', 3)", NO_NAME),
            ("import_(3)", NO_NAME),
            ("import_capsule(3)", NO_NAME),
            (
                "import_(None)",
                "TypeError: name must be str or bytes, not NoneType",
            ),
            (
                "import_capsule(None)",
                "TypeError: name must be str or bytes, not NoneType",
            ),
        ],
    ),
    (
        "bytes-that-are-not-utf-8-become-surrogates",
        &[
            ("get_name(new(1, b'a\\xff'))", "'a\\udcff'"),
            ("get_pointer(new(1, b'a\\xff'), 'a\\udcff')", "1"),
            ("get_pointer(new(1, 'a\\udcff'), b'a\\xff')", "1"),
            ("describe(new(1, b'a\\xff')).name", "'a\\udcff'"),
            (
                "odd = [bytes([b, c]) for b in range(1, 256) for c in (1, 0x7f, 0x80, 0xff)]\n\
                 answer = [b for b in odd if not is_valid(new(1, b), get_name(new(1, b)))]",
                "[]",
            ),
            (
                "new(1, '\\ud800')",
                "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800' in position 0: \
                 surrogates not allowed",
            ),
        ],
    ),
    (
        "names-have-no-null-in-them",
        &[
            ("new(1, 'a\\0b')", NULL_CHARACTER),
            ("new(1, 'a\\0')", NULL_CHARACTER),
            ("new(1, '\\0')", NULL_CHARACTER),
            ("new(1, b'a\\0b')", "ValueError: embedded null byte"),
            ("new(0, 'a\\0b')", NULL_CHARACTER),
            ("get_pointer(c, 'a\\0')", NULL_CHARACTER),
            ("get_pointer(c, b'a\\0')", "ValueError: embedded null byte"),
            ("is_valid(c, 'a\\0')", NULL_CHARACTER),
            ("set_name(c, 'x\\0')", NULL_CHARACTER),
            ("claim(c, 'a', 'x\\0')", NULL_CHARACTER),
            ("claim(c, 'a\\0', 'x')", NULL_CHARACTER),
            ("import_('a\\0')", NULL_CHARACTER),
            ("import_capsule('a\\0')", NULL_CHARACTER),
            ("caught(claim, c, 'a', 'x\\0'); answer = get_name(c)", "'a'"),
            ("caught(set_name, c, 'x\\0'); answer = get_name(c)", "'a'"),
            ("type(caught(new, 1, '\\0'))", "<class 'ValueError'>"),
        ],
    ),
    (
        "addresses-are-ints",
        &[
            ("get_pointer(new(2**64 - 1), None)", "18446744073709551615"),
            (
                "get_context(new(1, context=2**64 - 1))",
                "18446744073709551615",
            ),
            ("get_pointer(new(True), None)", "1"),
            ("get_pointer(new(Index(5)), None)", "5"),
            ("type(get_pointer(new(True), None))", "<class 'int'>"),
            (
                "new('x')",
                "TypeError: 'str' object cannot be interpreted as an integer",
            ),
            (
                "new(1.0)",
                "TypeError: 'float' object cannot be interpreted as an integer",
            ),
            (
                "new(None)",
                "TypeError: 'NoneType' object cannot be interpreted as an integer",
            ),
            (
                "new(Index('x'))",
                "TypeError: __index__ returned non-int (type str)",
            ),
            ("new(Index(KeyError('k')))", "KeyError: 'k'"),
            (
                "new(1, context='x')",
                "TypeError: 'str' object cannot be interpreted as an integer",
            ),
            (
                "set_pointer(c, c)",
                "TypeError: 'PyCapsule' object cannot be interpreted as an integer",
            ),
            (
                "set_context(c, None)",
                "TypeError: 'NoneType' object cannot be interpreted as an integer",
            ),
        ],
    ),
    (
        "addresses-out-of-range-raise-overflow-error",
        &[
            ("new(-1)", OUT_OF_RANGE),
            ("new(2**64)", OUT_OF_RANGE),
            ("new(-2**64 + 1)", OUT_OF_RANGE),
            ("new(10**40)", OUT_OF_RANGE),
            ("new(1, context=-1)", OUT_OF_RANGE),
            ("new(1, context=2**64)", OUT_OF_RANGE),
            ("set_pointer(c, -1)", OUT_OF_RANGE),
            ("set_pointer(c, 2**64)", OUT_OF_RANGE),
            ("set_context(c, -1)", OUT_OF_RANGE),
            (
                "caught(set_pointer, c, -1); answer = get_pointer(c, 'a')",
                "7",
            ),
        ],
    ),
    (
        "destructors-are-callables",
        &[
            (
                "new(1, None, 3)",
                "TypeError: destructor must be callable or None, not int",
            ),
            (
                "new(1, None, c)",
                "TypeError: destructor must be callable or None, not PyCapsule",
            ),
            (
                "set_destructor(c, 'x')",
                "TypeError: destructor must be callable or None, not str",
            ),
            (
                "d = new(1, None, ignore); caught(set_destructor, d, 3)\n\
                 answer = get_destructor(d) is ignore",
                "True",
            ),
            ("get_destructor(new(1, None, repr)) is repr", "True"),
            ("get_destructor(new(1, None, bool)) is bool", "True"),
            (
                "log = []; caught(new, 0, 'a', log.append); gc.collect(); answer = log",
                "[]",
            ),
        ],
    ),
    (
        "a-python-destructor-can-read-itself-while-it-runs",
        &[
            (
                "seen = []\ndef read(capsule): seen.extend([get_destructor(capsule), read])\n\
                 d = new(1, None, read); del d; gc.collect(); answer = seen[0] is seen[1]",
                "True",
            ),
            (
                "seen = []\ndef read(capsule): seen.append(describe(capsule).destructor)\n\
                 d = new(1, None, read); del d; gc.collect(); answer = seen",
                "['python']",
            ),
        ],
    ),
    (
        "the-number-of-arguments-is-checked",
        &[
            (
                "new()",
                "TypeError: new() missing required argument 'pointer' (pos 1)",
            ),
            (
                "new(1, 'a', None, 4)",
                "TypeError: new expected at most 3 arguments, got 4",
            ),
            (
                "new(1, other=3)",
                "TypeError: new() got an unexpected keyword argument 'other'",
            ),
            (
                "get_name(new(pointer=1, name='n', destructor=None, context=0, owner=None))",
                "'n'",
            ),
            (
                "get_pointer(c)",
                "TypeError: get_pointer expected 2 arguments, got 1",
            ),
            (
                "get_pointer(c, 'a', 'a')",
                "TypeError: get_pointer expected 2 arguments, got 3",
            ),
            (
                "is_valid(c)",
                "TypeError: is_valid expected 2 arguments, got 1",
            ),
            (
                "claim(c, 'a')",
                "TypeError: claim expected 3 arguments, got 2",
            ),
            (
                "describe()",
                "TypeError: describe expected 1 argument, got 0",
            ),
        ],
    ),
    (
        "arguments-that-change-the-capsule-do-no-harm",
        &[
            (
                "class Rename:\n    def __index__(self): set_name(c, 'b'); return 5\n\
                 set_pointer(c, Rename()); answer = get_pointer(c, 'b')",
                "5",
            ),
            (
                "class Drop:\n    def __index__(self): globals().pop('c'); gc.collect(); return 5\n\
                 answer = set_pointer(c, Drop())",
                "None",
            ),
        ],
    ),
    (
        "describe-returns-every-field",
        &[
            (
                "tuple(describe(new(7, 'a', ignore, context=8, owner=gc))) \
                 == ('a', 7, 8, 'python', gc, None, None)",
                "True",
            ),
            (
                "describe(c)",
                "_capsule.CapsuleInfo(name='a', pointer=7, context=0, destructor=None, owner=None, \
                 library=None, symbol=None)",
            ),
            ("describe(new(1)).name", "None"),
            (
                "describe(c).__match_args__",
                "('name', 'pointer', 'context', 'destructor', 'owner', 'library', 'symbol')",
            ),
        ],
    ),
    (
        "the-error-is-a-value-error",
        &[
            (
                "type(caught(get_pointer, c, 'x')) is PyCapsuleError",
                "True",
            ),
            (
                "PyCapsuleError.__mro__[1:]",
                "(<class 'ValueError'>, <class 'Exception'>, <class 'BaseException'>, <class 'object'>)",
            ),
            ("PyCapsuleError", "<class '_capsule.PyCapsuleError'>"),
            (
                "PyCapsuleError.__name__, PyCapsuleError.__module__",
                "('PyCapsuleError', '_capsule')",
            ),
            (
                "caught(get_pointer, c, 'x')",
                "PyCapsuleError('PyCapsule_GetPointer called with incorrect name')",
            ),
            (
                "caught(get_pointer, c, 'x').args",
                "('PyCapsule_GetPointer called with incorrect name',)",
            ),
            (
                "caught(get_pointer, c, 'x').__notes__",
                "['expected the name \"x\", found \"a\"']",
            ),
            (
                "caught(get_pointer, c, None).__notes__",
                "['expected the name NULL, found \"a\"']",
            ),
            (
                "caught(get_pointer, new(1), '').__notes__",
                "['expected the name \"\", found NULL']",
            ),
            ("hasattr(caught(new, 0), '__notes__')", "False"),
            (
                "caught(get_name, Text()).__notes__",
                "[\"not a capsule but an object of type 'Text'\"]",
            ),
            (
                "import pickle; e = caught(new, 0); answer = pickle.loads(pickle.dumps(e))",
                "PyCapsuleError('PyCapsule_New called with null pointer')",
            ),
        ],
    ),
    (
        "the-error-has-the-handled-exception-as-context",
        &[
            (
                "e = caught(new, 0); answer = e.__context__, e.__cause__",
                "(None, None)",
            ),
            (
                "try: raise KeyError('k')\n\
                 except KeyError as handled:\n    e = caught(get_pointer, c, 'x')\n    \
                 answer = e.__context__ is handled, e.__cause__, e.__suppress_context__",
                "(True, None, False)",
            ),
            (
                "try: raise KeyError('k')\nexcept KeyError: get_pointer(c, 'a')\n\
                 answer = caught(get_pointer, c, 'x').__context__",
                "None",
            ),
        ],
    ),
    (
        "the-first-argument-is-checked-before-the-destructor",
        &[
            (
                "set_destructor(3, 3)",
                "PyCapsuleError: PyCapsule_SetDestructor called with invalid PyCapsule object",
            ),
            (
                "new(0, None, 3)",
                "PyCapsuleError: PyCapsule_New called with null pointer",
            ),
        ],
    ),
    (
        "the-module-has-its-names-and-signatures",
        &[
            (
                "sorted(name for name in dir(_capsule) if not name.startswith('_'))",
                "['CapsuleInfo', 'PyCapsule', 'PyCapsuleError', 'claim', 'describe', 'get_context', \
                 'get_destructor', 'get_name', 'get_pointer', 'import_', 'import_capsule', \
                 'is_valid', 'load', 'new', 'set_context', 'set_destructor', 'set_name', \
                 'set_pointer']",
            ),
            ("PyCapsule is type(c)", "True"),
            (
                "str(inspect.signature(new))",
                "'(pointer, name=None, destructor=None, *, context=0, owner=None)'",
            ),
            (
                "str(inspect.signature(get_pointer))",
                "'(capsule, name, /)'",
            ),
            ("str(inspect.signature(get_name))", "'(capsule, /)'"),
            ("str(inspect.signature(get_context))", "'(capsule, /)'"),
            ("str(inspect.signature(get_destructor))", "'(capsule, /)'"),
            ("str(inspect.signature(is_valid))", "'(capsule, name, /)'"),
            (
                "str(inspect.signature(set_pointer))",
                "'(capsule, pointer, /)'",
            ),
            ("str(inspect.signature(set_name))", "'(capsule, name, /)'"),
            (
                "str(inspect.signature(set_context))",
                "'(capsule, context, /)'",
            ),
            (
                "str(inspect.signature(set_destructor))",
                "'(capsule, destructor, /)'",
            ),
            (
                "str(inspect.signature(claim))",
                "'(capsule, name, new_name, /)'",
            ),
            ("str(inspect.signature(describe))", "'(capsule, /)'"),
            ("str(inspect.signature(import_))", "'(name, /)'"),
            ("str(inspect.signature(import_capsule))", "'(name, /)'"),
        ],
    ),
];
