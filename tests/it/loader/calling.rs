//! Functions of extension modules: calling conventions, reference counts, and exceptions across
//! calls.

use super::fixture::Suite;
use crate::table::Group;

pub(super) const SUITE: Suite = Suite {
    topic: "calling",
    sources: &["functions.c"],
    prelude: PRELUDE,
    groups: GROUPS,
};

const PRELUDE: &str = "
m = load('functions')
def no(call): return refused(call).removeprefix('TypeError: functions.')
";

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    ("no-arguments", &[
        ("m.noargs() == (m, None)", "True"),
        ("no(lambda: m.noargs(1)), no(lambda: m.noargs(1, 2)), no(lambda: m.noargs(a=1))", "('noargs() takes no arguments (1 given)', 'noargs() takes no arguments (2 given)', 'noargs() takes no keyword arguments')"),
    ]),
    ("one-argument", &[
        ("m.one(5) == (m, 5), m.one(*[None]) == (m, None), m.one(m)[1] is m", "(True, True, True)"),
        ("no(lambda: m.one()), no(lambda: m.one(1, 2)), no(lambda: m.one(a=1)), no(lambda: m.one(1, a=1))", "('one() takes exactly one argument (0 given)', 'one() takes exactly one argument (2 given)', 'one() takes no keyword arguments', 'one() takes no keyword arguments')"),
    ]),
    ("a-tuple", &[
        ("m.varargs() == (m, ()), m.varargs(1, 'a', None) == (m, (1, 'a', None)), m.varargs(*range(1000))[1] == tuple(range(1000))", "(True, True, True)"),
        ("no(lambda: m.varargs(1, a=1))", "'TypeError: varargs() takes no keyword arguments'"),
    ]),
    ("a-tuple-and-a-dict", &[
        ("[f == (m, *rest) for f, *rest in [(m.keywords(), (), None), (m.keywords(1), (1,), None), (m.keywords(a=1), (), {'a': 1}), (m.keywords(1, 2, a=3, b=4), (1, 2), {'a': 3, 'b': 4})]]", "[True, True, True, True]"),
        ("given = {'a b': 1, 'é': 2, 'self': 3}\nanswer = m.keywords(**given)[2] == given, m.keywords(**given)[2] is given, list(m.keywords(b=1, a=2)[2])", "(True, False, ['b', 'a'])"),
    ]),
    ("an-array", &[
        ("m.fast() == (m, ()), m.fast(1, 'a', None) == (m, (1, 'a', None)), m.fast(*range(1000))[1] == tuple(range(1000))", "(True, True, True)"),
        ("no(lambda: m.fast(1, a=1))", "'fast() takes no keyword arguments'"),
    ]),
    ("an-array-and-names", &[
        ("f = m.fast_keywords\nanswer = [f() == ((m, ()), (None, ())), f(1, 2) == ((m, (1, 2)), (None, ())), f(a=1) == ((m, ()), (('a',), (1,))), f(1, 2, b=3, a=4) == ((m, (1, 2)), (('b', 'a'), (3, 4)))]", "[True, True, True, True]"),
        ("m.fast_keywords(**{'é': 1, 'a b': 2})[1]", "(('é', 'a b'), (1, 2))"),
    ]),
    ("arguments-are-kept-alive-for-the-call-only", &[
        ("import weakref\nclass A: pass\na = A()\nseen = weakref.ref(a)\nresults = [m.one(a), m.varargs(a), m.keywords(a, a=a), m.fast(a), m.fast_keywords(a, a=a)]\ndel a\nalive = seen() is not None\ndel results\nanswer = alive, seen()", "(True, None)"),
        ("def counts(): return [sys.getrefcount(x) for x in (m, sys, 'functions')]\nbefore = counts()\nfor _ in range(100):\n m.one(sys); m.fast(sys); m.keywords(sys, a=sys); m.fast_keywords(sys, a=sys); m.varargs(sys); m.noargs(); refused(m.noargs, 1)\nanswer = counts() == before", "True"),
    ]),
    ("functions-have-the-type-builtin-function", &[
        ("m.one, type(m.one) is type(len), callable(m.one)", "(<built-in function one>, True, True)"),
        ("m.one.__self__ is m, m.one.__module__, m.one.__name__, m.one.__qualname__", "(True, 'functions', 'one', 'one')"),
        ("m.pending.__doc__, m.one.__doc__, m.raises.__doc__", "('Whether C code sees an exception.', None, None)"),
        ("class A: f = m.varargs\nanswer = A().f(1) == (m, (1,)), A.f is m.varargs", "(True, True)"),
        ("m.one == m.one, m.one != m.fast, hash(m.one) == hash(m.one), {m.one: 1}[m.one]", "(True, True, True, 1)"),
        ("import pickle, copy\nanswer = pickle.loads(pickle.dumps(m.one)) is m.one, copy.deepcopy(m.one) is m.one", "(True, True)"),
        ("import functools\nanswer = [x[1] for x in map(m.one, 'ab')], functools.partial(m.fast, 1)(2) == (m, (1, 2)), sorted([3, 1], key=lambda x: m.one(x)[1])", "(['a', 'b'], True, [1, 3])"),
        ("m.one.x = 5", "AttributeError: 'builtin_function_or_method' object has no attribute 'x' and no __dict__ for setting new attributes"),
        ("kept = m.fast\nimport gc, weakref\ndel sys.modules['functions'], m\ngc.collect()\nanswer = kept(1)[0].__name__", "'functions'"),
    ]),
    ("c-code-can-create-functions", &[
        ("f = m.makes(0, None)\nanswer = f, f(5), f.__self__, f.__module__, f.__doc__", "(<built-in function made>, (None, 5), None, None, 'Made by C code.')"),
        ("f = m.makes(0, [7])\nanswer = f(5), f.__self__, f.__module__", "(([7], 5), [7], None)"),
        ("f = m.makes(0, [7], 'mine')\nanswer = f.__module__, refused(f)", "('mine', 'TypeError: mine.list.made() takes exactly one argument (0 given)')"),
        ("refused(m.makes, 1, None), refused(m.makes, 3, None), refused(m.makes, -1, None)", "('SystemError: attempting to create PyCMethod with a METH_METHOD flag but no class', 'SystemError: a method definition has no name', 'SystemError: PyCFunction_NewEx: NULL instead of a definition')"),
        ("m.makes(2, [7])(5)", "(None, 5)"),
        ("import gc\nfor number in range(3): m.makes(0, [number])\nfunctions = [m.makes(0, number) for number in range(1000)]\nanswer = [f(0)[0] for f in functions] == list(range(1000))", "True"),
    ]),
    ("no-exception-is-pending-when-c-code-starts", &[
        ("m.pending()", "0"),
        ("try: 1/0\nexcept ZeroDivisionError: answer = m.pending()", "0"),
        ("def f():\n try: yield 1/0\n except ZeroDivisionError: yield m.pending()\nanswer = list(f())", "[0]"),
        ("try:\n try: 1/0\n finally: answer = m.pending()\nexcept ZeroDivisionError: pass", "0"),
        ("class A:\n def __exit__(self, *error): self.seen = m.pending(); return True\n def __enter__(self): return self\nwith A() as a: 1/0\nanswer = a.seen", "0"),
        ("try: 1/0\nexcept ZeroDivisionError:\n try: m.calls(lambda: [][0])\n except IndexError: answer = m.pending(), m.calls(m.pending), m.calls(lambda: m.pending())", "(0, 0, 0)"),
    ]),
    ("a-call-keeps-the-exception-being-handled", &[
        ("try: 1/0\nexcept ZeroDivisionError as error:\n m.pending(); m.one(1); m.calls(m.pending); m.calls(lambda: 1)\n answer = sys.exception() is error", "True"),
        ("try: 1/0\nexcept ZeroDivisionError as error:\n refused(m.raises, KeyError())\n refused(m.one)\n m.catches(lambda: [][0])\n answer = sys.exception() is error", "True"),
        ("try: 1/0\nexcept ZeroDivisionError:\n try: m.noargs()\n finally: answer = type(sys.exception()).__name__", "'ZeroDivisionError'"),
        ("try:\n try: 1/0\n except ZeroDivisionError:\n  m.one(1)\n  raise\nexcept ZeroDivisionError as error: answer = error.__context__, sys.exception() is error", "(None, True)"),
    ]),
    // The VM stores the handled exception where C code looks for a pending one, so the loader hides
    // it during the call.
    ("the-exception-being-handled-is-hidden-from-what-c-code-calls", &[
        ("try: 1/0\nexcept ZeroDivisionError as error: answer = m.calls(sys.exception), sys.exception() is error", "(None, True)"),
        ("try: 1/0\nexcept ZeroDivisionError as handled:\n caught, left = m.catches(lambda: [][0])\n answer = caught.__context__, left", "(None, 0)"),
    ]),
    ("an-exception-from-python-code-called-by-c-code-is-chained", &[
        ("try: 1/0\nexcept ZeroDivisionError as handled:\n try: m.calls(lambda: [][0])\n except IndexError as error: answer = error.__context__ is handled", "True"),
        ("def f():\n try: [][0]\n except IndexError: {}[0]\ntry: 1/0\nexcept ZeroDivisionError as handled:\n try: m.calls(f)\n except KeyError as error: answer = type(error.__context__).__name__, error.__context__.__context__ is handled", "('IndexError', True)"),
        // The reraised exception is the context of the one being handled; the chain must not
        // become a cycle.
        ("first = ValueError()\ndef again(): raise first\ntry:\n try:\n  try: raise first\n  except ValueError: {}[0]\n except KeyError as handled: m.calls(again)\nexcept ValueError as error: answer = error is first, type(error.__context__).__name__, error.__context__.__context__", "(True, 'KeyError', None)"),
    ]),
    ("an-exception-object-that-c-code-raises-is-the-one-caught", &[
        ("mine = KeyError('mine')\ntry: m.raises(mine)\nexcept KeyError as error: answer = error is mine, error.__context__, error.__cause__, error.__traceback__ is not None", "(True, None, None, True)"),
        ("mine = KeyError('mine')\ntry: 1/0\nexcept ZeroDivisionError as handled:\n try: m.raises(mine)\n except KeyError as error: answer = error is mine, error.__context__ is handled", "(True, True)"),
        ("[refused(m.raises, one) for one in (StopIteration(1), SystemExit(2), KeyboardInterrupt(), GeneratorExit(), MemoryError())]", "['StopIteration: 1', 'SystemExit: 2', 'KeyboardInterrupt: ', 'GeneratorExit: ', 'MemoryError: ']"),
        ("def f(): 1/0\ntry: m.calls(f)\nexcept ZeroDivisionError as error: answer = error.__traceback__.tb_next.tb_frame.f_code.co_name", "'f'"),
        ("m.catches(lambda: [][0])", "(IndexError('list index out of range'), 0)"),
    ]),
    ("c-and-python-code-can-call-each-other", &[
        ("def down(n): return n if n == 0 else m.calls(lambda: down(n - 1)) + 1\nanswer = down(50)", "50"),
        ("def down(): return m.calls(down)\nanswer = refused(down).partition(':')[0]", "'RecursionError'"),
        ("import functools\ndown = int\nfor _ in range(200000): down = functools.partial(m.calls, down)\nanswer = refused(down)", "'RecursionError: maximum recursion depth exceeded while calling a C function'"),
        ("m.calls(m.noargs) == (m, None)", "True"),
        ("class A:\n def __call__(self): return 5\nanswer = m.calls(A()), m.calls(list), refused(m.calls, 5)", "(5, [], \"TypeError: 'int' object is not callable\")"),
    ]),
];
