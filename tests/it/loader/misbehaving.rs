//! Extension modules, and destructors of capsules, that break the rules of the C API. Python code
//! gets an exception or an unraisable report, and the process continues.

use super::fixture::Suite;
use crate::table::Group;

pub(super) const SUITE: Suite = Suite {
    topic: "misbehaving",
    sources: &["misbehaving.c"],
    prelude: PRELUDE,
    groups: GROUPS,
};

/// `destroy` makes a capsule and drops it. It returns how often its destructor ran, and what was
/// reported as unraisable.
const PRELUDE: &str = "
import gc
place('functions.so')
m = from_file('functions', 'functions.so')

class unraisable:
    def __enter__(self):
        self.hook, sys.unraisablehook, self.seen = sys.unraisablehook, self.note, []
        return self.seen
    def __exit__(self, *error):
        sys.unraisablehook = self.hook
    def note(self, args):
        self.seen.append(f'{args.exc_type.__name__}: {args.exc_value} in {type(args.object).__name__}')

def destroy(name):
    with unraisable() as seen:
        m.make(name)
        gc.collect()
    return m.destroyed(), seen
";

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    ("an-inconsistent-result-of-execution-is-a-system-error", &[
        ("load('fails_silently')", "SystemError: execution of module fails_silently failed without setting an exception"),
        ("load('fails_oddly')", "SystemError: execution of module fails_oddly failed without setting an exception"),
        ("load('raises_unreported')", "SystemError: execution of module raises_unreported raised unreported exception\ncause KeyError: 'mine'"),
        ("try: load('raises_unreported')\nexcept SystemError as error: answer = error.__context__ is error.__cause__", "True"),
        ("try: 1/0\nexcept ZeroDivisionError: answer = refused(load, 'fails_silently'), type(sys.exception()).__name__", "('SystemError: execution of module fails_silently failed without setting an exception', 'ZeroDivisionError')"),
    ]),
    ("an-inconsistent-result-of-creation-is-a-system-error", &[
        ("load('creates_null')", "SystemError: creation of module creates_null failed without setting an exception"),
        ("load('creates_and_raises')", "SystemError: creation of module creates_and_raises raised unreported exception\ncause KeyError: 'mine'"),
        ("import weakref\nplace('creates_and_raises.so')\nspec = importlib.util.spec_from_file_location('creates_and_raises', path('creates_and_raises.so'))\nbefore = sys.getrefcount(spec)\nrefused(importlib.util.module_from_spec, spec)\ngc.collect()\nanswer = sys.getrefcount(spec) - before", "0"),
    ]),
    ("an-inconsistent-result-of-a-function-is-a-system-error", &[
        ("m.null_silently()", "SystemError: <built-in function null_silently> returned NULL without setting an exception"),
        ("m.result_and_exception()", "SystemError: <built-in function result_and_exception> returned a result with an exception set\ncause KeyError: 'mine'"),
        ("try: 1/0\nexcept ZeroDivisionError as handled:\n try: m.null_silently()\n except SystemError as error: answer = error.__context__ is handled, error.__cause__", "(True, None)"),
        ("try: m.result_and_exception()\nexcept SystemError as error: answer = error.__context__ is error.__cause__, error.__context__.__context__", "(True, None)"),
        ("for _ in range(100): refused(m.null_silently); refused(m.result_and_exception)\nanswer = sys.exception()", "None"),
    ]),
    ("a-module-whose-execution-fails-is-not-kept", &[
        ("[refused(load, name) and name in sys.modules for name in ('fails_silently', 'fails_oddly', 'raises_unreported', 'creates_null', 'creates_and_raises', 'fails_at_first')]", "[False, False, False, False, False, False]"),
        ("first = refused(load, 'fails_at_first')\nimport fails_at_first\nanswer = first, hasattr(fails_at_first, 'left')", "(\"KeyError: 'first'\", False)"),
        ("place('fails_at_first.so')\nspec = importlib.util.spec_from_file_location('fails_at_first', path('fails_at_first.so'))\nmade = importlib.util.module_from_spec(spec)\nanswer = refused(spec.loader.exec_module, made), made.left, spec.loader.exec_module(made)", "(\"KeyError: 'first'\", 1, None)"),
        ("import builtins\nbuiltins.forget = lambda name: sys.modules.pop(name)\nanswer = refused(load, 'forgets_itself')\ndel builtins.forget", "\"KeyError: 'forgets_itself'\""),
        ("import builtins\ndef forget(name): sys.modules[name] = 5\nbuiltins.forget = forget\nanswer = load('forgets_itself')\ndel builtins.forget", "5"),
    ]),
    ("exceptions-in-clear-and-free-hooks-are-unraisable", &[
        ("with unraisable() as seen:\n made = load('hooks_raise')\n del sys.modules['hooks_raise'], made\n gc.collect()\nanswer = seen", "[\"KeyError: 'clear' in type\", \"KeyError: 'free' in type\"]"),
        ("with unraisable() as seen:\n made = load('hooks_raise')\n del made.me, sys.modules['hooks_raise'], made\n gc.collect()\nanswer = seen", "[\"KeyError: 'free' in type\"]"),
        ("hook = sys.unraisablehook\ndel sys.unraisablehook\nmade = load('hooks_raise')\ndel sys.modules['hooks_raise'], made\ngc.collect()\nsys.unraisablehook = hook\nanswer = 'alive'", "'alive'"),
    ]),
    ("exceptions-in-destructors-are-unraisable", &[
        ("destroy('destroy_and_raise')", "(1, [\"KeyError: 'destructor' in PyCapsule\"])"),
        ("destroy('destroy_and_fail')", "(1, ['PyCapsuleError: PyCapsule_SetPointer called with null pointer in PyCapsule'])"),
        ("destroy('destroy_and_import')", "(1, ['ImportError: PyCapsule_Import could not import module \"no\" in PyCapsule'])"),
        ("with unraisable() as seen:\n capsule = m.make('destroy_and_call')\n def f(): 1/0\n m.set_context(capsule, f)\n del capsule\nanswer = m.destroyed(), seen", "(1, ['ZeroDivisionError: division by zero in PyCapsule'])"),
    ]),
    ("a-destructor-can-call-the-interpreter", &[
        ("[destroy(name) for name in ('destroy_and_clear', 'destroy_and_reenter', 'destroy_and_set_again', 'destroy_and_collect')]", "[(1, []), (1, []), (1, []), (1, [])]"),
        ("capsule = m.make('destroy_and_call')\nseen = []\ndef f(): seen.append(sys.exc_info()[0]); gc.collect(); m.make('destroy_and_raise'); return seen\nm.set_context(capsule, f)\nwith unraisable() as reports: del capsule\nanswer = m.destroyed(), seen, reports", "(2, [None], [\"KeyError: 'destructor' in PyCapsule\"])"),
        ("capsule = m.make('destroy_and_collect')\ncycle = [capsule]\ncycle.append(cycle)\ndel capsule, cycle\ngc.collect()\nanswer = m.destroyed()", "1"),
    ]),
    ("a-capsule-that-its-destructor-stores-stays-alive", &[
        ("first = destroy('destroy_and_store')\nkept = m.stored()\nimport _capsule\nanswer = first, _capsule.get_name(kept), _capsule.is_valid(kept, 'destroy_and_store')", "((1, []), 'destroy_and_store', True)"),
        ("destroy('destroy_and_store')\nkept = m.stored()\ndel kept\ngc.collect()\nanswer = m.destroyed()", "0"),
        ("for _ in range(100): m.make('destroy_and_store')\nanswer = m.destroyed(), m.stored() is not None, m.destroyed()", "(100, True, 0)"),
    ]),
    ("a-pending-exception-survives-a-destructor", &[
        ("with unraisable(): answer = [refused(m.raises_around, name) for name in ('destroy_and_raise', 'destroy_and_clear', 'destroy_and_fail', 'destroy_and_import', 'destroy_and_reenter', 'destroy_and_store', 'destroy_and_set_again', 'destroy_and_collect')] == 8 * [\"KeyError: 'mine'\"]", "True"),
        ("def f(*args): pass\nwith unraisable(): answer = [refused(lambda: f(m.make(name), 1/0)) for name in ('destroy_and_raise', 'destroy_and_clear', 'destroy_and_fail', 'destroy_and_import')] == 4 * ['ZeroDivisionError: division by zero']", "True"),
        ("try: 1/0\nexcept ZeroDivisionError as error:\n with unraisable() as seen: m.make('destroy_and_raise'); m.make('destroy_and_clear')\n answer = sys.exception() is error, error.__context__, seen", "(True, None, [\"KeyError: 'destructor' in PyCapsule\"])"),
        ("def f():\n local = m.make('destroy_and_clear')\n 1/0\nanswer = refused(f), m.destroyed() > 0", "('ZeroDivisionError: division by zero', True)"),
    ]),
];
