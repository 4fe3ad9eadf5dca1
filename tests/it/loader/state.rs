//! Module state: its memory, and the hooks `traverse`, `clear` and `free`.

use super::fixture::Suite;
use crate::table::Group;

pub(super) const SUITE: Suite = Suite {
    topic: "state",
    sources: &["state.c"],
    prelude: PRELUDE,
    groups: GROUPS,
};

/// `calls` collects garbage and returns whether `traverse` was called, how often `clear` and `free`
/// were called, and what `free` found in the state.
const PRELUDE: &str = "
import gc
place('any.so')
watch = from_file('stateless', 'any.so')

def module(name): return from_file(name, 'any.so')

def calls():
    gc.collect()
    return tuple(watch.calls())
calls()
";

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    ("state-has-the-requested-size-and-is-zeroed", &[
        ("m = module('full')\nanswer = m.size(m), m.sum(m)", "(112, 0)"),
        ("m = module('huge')\nanswer = m.size(m), m.sum(m)", "(1048576, 0)"),
        ("[m.address(m) % 16 for m in map(module, ['full', 'bare', 'huge'])]", "[0, 0, 0]"),
        ("m = module('full')\nanswer = m.address(m) == m.address(m) != 0", "True"),
    ]),
    ("each-module-object-has-state-of-its-own", &[
        ("a, b = module('full'), module('full')\na.mark(5)\nanswer = a.address(a) == b.address(b), a.sum(a), b.sum(b), b.sum(a)", "(False, 5, 0, 5)"),
        ("a = load('full')\na.mark(5)\nimport _interpreters\none = _interpreters.create()\nfailed = _interpreters.run_string(one, f'import sys; sys.path[:0] = [{folder!r}]\\nimport full\\nassert full.sum(full) == 0\\nfull.mark(6)')\n_interpreters.destroy(one)\nanswer = failed, a.sum(a)", "(None, 5)"),
        ("a = load('full')\na.mark(5)\nb = importlib.reload(a)\ndel sys.modules['full']\nimport full\nanswer = b.sum(b), full.sum(full)", "(5, 0)"),
    ]),
    ("a-module-without-state-has-size-0-and-no-address", &[
        ("m = module('stateless')\nanswer = m.size(m), m.address(m), m.size(sys), m.address(sys), m.address(types.ModuleType('x'))", "(0, 0, 0, 0, 0)"),
        ("refused(watch.address, 5), refused(watch.address, None), refused(watch.size, 5), refused(watch.size, None)", "('TypeError: expected a module, got int', 'SystemError: NULL instead of a module', 'TypeError: expected a module, got int', 'SystemError: NULL instead of a module')"),
    ]),
    ("free-runs-once-and-only-the-collector-calls-clear", &[
        ("m = module('freed')\nm.mark(5)\nbefore = calls()\ndel m\nanswer = before[1:], calls()[1:]", "((0, 0, 0), (0, 1, 5))"),
        ("m = module('lonely')\nbefore = calls()[1:]\ndel m\nanswer = before, watch.calls()[1:]", "((0, 0, 0), [0, 1, 5])"),
        ("for _ in range(100): module('lonely')\nanswer = watch.calls()[1:3]", "[0, 100]"),
        ("m = module('full')\nm.mark(5)\ndel m\nanswer = calls()[1:]", "(1, 1, 5)"),
        ("for _ in range(100): module('full').hold([])\nanswer = calls()[1:3]", "(100, 100)"),
        ("m = module('bare')\ndel m\nanswer = calls()", "(0, 0, 0, 0)"),
        ("m = load('full')\nm.mark(5)\nother = from_file('stateless', 'full.so')\ndel sys.modules['full'], m\ngc.collect()\nanswer = tuple(other.calls())[2:]", "(1, 5)"),
    ]),
    ("free-can-drop-the-last-reference-to-an-object", &[
        ("import weakref\nclass A: pass\na = A()\nseen = weakref.ref(a)\nm = module('freed')\nm.hold(a)\ndel a\nbefore = seen() is not None\ndel m\ngc.collect()\nanswer = before, seen()", "(True, None)"),
    ]),
    ("the-collector-follows-references-in-the-state", &[
        ("m = module('full')\ncycle = [m]\nm.hold(cycle)\nm.mark(5)\ncalls()\ndel m, cycle\nanswer = calls()", "(1, 1, 1, 5)"),
        ("m = module('full')\nm.hold(m)\ncalls()\ndel m\nanswer = calls()", "(1, 1, 1, 0)"),
        ("import weakref\nclass A: pass\na = A()\na.m = module('full')\na.m.hold(a)\nseen = weakref.ref(a)\ndel a\ngc.collect()\nanswer = seen(), calls()[1:3]", "(None, (1, 1))"),
        ("m = module('full')\nm.hold([1])\ncalls()\ngc.collect()\nanswer = calls()[:3]", "(1, 0, 0)"),
        ("m = module('full')\nheld = []\nm.hold(held)\nanswer = any(one is held for one in gc.get_referents(m))", "True"),
    ]),
    ("a-cycle-through-state-without-traverse-is-not-collected", &[
        ("m = module('freed')\nm.hold([m])\nm.mark(5)\ndel m\nanswer = calls()[1:]", "(0, 0, 0)"),
    ]),
    ("the-state-of-a-module-whose-execution-fails-is-freed", &[
        ("refused(module, 'failing'), calls()[1:]", "(\"KeyError: 'mine'\", (1, 1, 9))"),
    ]),
    ("state-outlives-the-attributes-of-the-module", &[
        ("m = module('pointing')\ndel m\nanswer = watch.found()", "7"),
    ]),
    ("free-can-read-attributes-of-a-collected-module", &[
        ("m = module('asking')\ndel m\nanswer = calls()[2:]", "(1, 1)"),
    ]),
    ("functions-keep-their-module-and-its-state-alive", &[
        ("m = module('full')\nm.mark(5)\nmark, sum, address = m.mark, m.sum, m.address\ndel m\nbefore = calls()[2]\nmark(6)\nanswer = before, sum(mark.__self__)", "(0, 6)"),
        ("m = module('full')\nvars(m)['f'] = m.hold\nm.hold(m.f)\ndel m\nanswer = calls()[2]", "1"),
    ]),
];
