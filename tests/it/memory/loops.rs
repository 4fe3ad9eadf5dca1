//! Sub-interpreters created and finalized in a loop, with capsules passed in and out: each capsule
//! is destroyed once, and the loop leaks no more memory than one without capsules.

use libtest_mimic::Trial;
use rustpython_capsule::PyCapsule;
use rustpython_capsule_glue::Access;
use rustpython_vm::{Interpreter, PyRef, VirtualMachine};

use super::measure::{SLACK, allocated, many};
use crate::interpreter::{exec, interpreter, shown};
use crate::ledger::{Kind, Ledger, in_own_process, python, with_destructor};

/// How many interpreters to create with capsules, and as many without. The VM leaks two million
/// bytes of each, which every later collection traverses.
fn times() -> usize {
    (many() / 50_000).max(10)
}

pub(super) fn trials() -> Vec<Trial> {
    vec![
        in_own_process(
            "memory::loops::capsules-do-not-make-a-sub-interpreter-leak-more",
            leak_no_more,
        ),
        in_own_process(
            "memory::loops::every-capsule-of-a-sub-interpreter-is-destroyed-once",
            destroyed_once,
        ),
    ]
}

/// A program without capsules, which imports the module for them.
const WORK: &str = "
import _capsule, gc, json, sys, types
other = sys.modules['other'] = types.ModuleType('other')
other.data = json.dumps([1, {'a': None}])
cycle = []; cycle.append(cycle)
del cycle
gc.collect()
";

/// The same program continues with capsules: in a module, in cycles, and with destructors that raise.
const CAPSULES: &str = "
reported = []
sys.unraisablehook = lambda unraisable: reported.append(type(unraisable.exc_value))
new = _capsule.new
def raises(c): 1/0
new(1, 'raises', raises)
assert reported == [ZeroDivisionError]
other.plain = new(7, 'other.plain', lambda c: None)
other.owned = new(7, 'other.owned', owner=other)
assert _capsule.import_('other.plain') == 7
for number in range(20): _capsule.set_name(other.owned, f'name {number}')
other.raises = new(7, None, lambda c: None)
";

fn run(source: &str, vm: &VirtualMachine) {
    if let Err(error) = exec(source, &vm.new_scope_with_builtins(), vm) {
        panic!("{}", shown(&error, vm));
    }
}

fn without_capsules(parent: &Interpreter) {
    let sub = parent.create_subinterpreter();
    sub.enter(|vm| run(WORK, vm));
    sub.finalize(None);
}

/// What `with_capsules` counts, an entry for each capsule and token.
const COUNTS: [u32; 8] = [1, 1, 0, 1, 1, 1, 1, 1];

/// Entries 0 to 2 are capsules of the three kinds made in the sub-interpreter and dropped after it
/// was finalized, when a Python destructor can no longer run. Entries 3 to 5 are made outside and
/// dropped inside. Entry 6 is the value of a capsule that the sub-interpreter still has when it is
/// finalized. Entry 7 is held by the Python destructor of capsule 2: it is dropped although that
/// does not run.
fn with_capsules(parent: &Interpreter) {
    let ledger = Ledger::of(COUNTS.len());
    let of_kinds = |first: usize, vm: &VirtualMachine| -> [PyRef<PyCapsule>; 3] {
        let mut entry = first..;
        Kind::ALL.map(|kind| {
            let (ledger, entry) = (ledger.clone(), entry.next().unwrap_or_default());
            with_destructor(kind, vm, move |_| ledger.record(entry))
                .name(c"own".to_owned())
                .build(&vm.ctx)
        })
    };
    let sub = parent.create_subinterpreter();
    let outer = parent.enter(|vm| of_kinds(3, vm));
    let (runs, held) = (ledger.clone(), ledger.token(7));
    let inner = sub.enter(|vm| {
        run(&format!("{WORK}{CAPSULES}"), vm);
        drop(outer);
        let left = PyCapsule::from_value(ledger.token(6)).build(&vm.ctx);
        let set = vm.sys_module.set_attr("left", left, vm);
        set.unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
        let inner = of_kinds(0, vm);
        inner[2].set_destructor(python(vm, move |_| {
            let _held = &held;
            runs.record(2);
        }));
        inner
    });
    sub.finalize(None);
    parent.enter(|_| drop(inner));
    assert_eq!(ledger.counts(), COUNTS);
}

fn destroyed_once() {
    let parent = interpreter(Access::Open);
    for _ in 0..times() {
        with_capsules(&parent);
    }
    parent.finalize(None);
}

fn leak_no_more() {
    let parent = interpreter(Access::Open);
    let leaked = |turn: fn(&Interpreter)| {
        let before = allocated();
        (0..times()).for_each(|_| turn(&parent));
        allocated().saturating_sub(before)
    };
    (0..3).for_each(|_| with_capsules(&parent));
    let (without, with) = (leaked(without_capsules), leaked(with_capsules));
    eprintln!(
        "{} interpreters leak {without} bytes, with capsules {with}",
        times()
    );
    assert!(
        with < without + without / 10 + SLACK,
        "{with} bytes, {without} without"
    );
    parent.finalize(None);
}
