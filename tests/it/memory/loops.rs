//! Sub-interpreters that are made and finalised in a loop, with capsules in both directions: each
//! capsule ends once, and what the loop costs is what it costs without capsules.

use libtest_mimic::Trial;
use rustpython_capsule::{Destructor, PyCapsule};
use rustpython_capsule_glue::Access;
use rustpython_vm::{Interpreter, PyRef, VirtualMachine};

use super::{SLACK, allocated};
use crate::interpreter::{exec, interpreter, shown};
use crate::ledger::{Kind, Ledger, alone, dying};

/// How many interpreters of each sort: with capsules, and without. The VM leaves two million bytes of
/// each, which every collection after it looks at.
fn times() -> usize {
    (super::many() / 50_000).max(10)
}

pub(super) fn trials() -> Vec<Trial> {
    vec![
        alone(
            "memory::loops::capsules-cost-a-sub-interpreter-nothing",
            costs_nothing,
        ),
        alone(
            "memory::loops::every-capsule-of-a-sub-interpreter-ends-once",
            ends_once,
        ),
    ]
}

/// What a program does in each of them that has no capsules, but the module for them.
const WORK: &str = "
import _capsule, gc, json, sys, types
other = sys.modules['other'] = types.ModuleType('other')
other.data = json.dumps([1, {'a': None}])
cycle = []; cycle.append(cycle)
del cycle
gc.collect()
";

/// What it does with them: kept by a module, in cycles, with a hook for what destructors raise.
const CAPSULES: &str = "
told = []
sys.unraisablehook = lambda left: told.append(type(left.exc_value))
new = _capsule.new
def raises(c): 1/0
new(1, 'raises', raises)
assert told == [ZeroDivisionError]
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

fn plain(parent: &Interpreter) {
    let sub = parent.create_subinterpreter();
    sub.enter(|vm| run(WORK, vm));
    sub.finalize(None);
}

/// How the capsules of one turn end; an entry each.
const COUNTS: [u32; 8] = [1, 1, 0, 1, 1, 1, 1, 1];

/// Three kinds made inside and dropped after its end, where a Python destructor can no longer run;
/// three made outside and dropped inside; the value of a capsule that is left there, and the closure
/// of one whose Python destructor is gone with the interpreter.
fn with_capsules(parent: &Interpreter) {
    let ledger = Ledger::of(COUNTS.len());
    let of_kinds = |first: usize, vm: &VirtualMachine| -> [PyRef<PyCapsule>; 3] {
        let mut entry = first..;
        Kind::ALL.map(|kind| {
            let (ledger, entry) = (ledger.clone(), entry.next().unwrap_or_default());
            dying(kind, vm, move |_| ledger.strike(entry))
                .name(c"own".to_owned())
                .build(&vm.ctx)
        })
    };
    let sub = parent.create_subinterpreter();
    let outer = parent.enter(|vm| of_kinds(3, vm));
    let inner = sub.enter(|vm| {
        run(&format!("{WORK}{CAPSULES}"), vm);
        drop(outer);
        let left = PyCapsule::from_value(ledger.token(6)).build(&vm.ctx);
        let set = vm.sys_module.set_attr("left", left, vm);
        set.unwrap_or_else(|error| panic!("{}", shown(&error, vm)));
        of_kinds(0, vm)
    });
    let token = ledger.token(7);
    inner[2].set_destructor(Destructor::none());
    inner[0].set_context(core::ptr::null_mut());
    sub.finalize(None);
    drop(token);
    parent.enter(|_| drop(inner));
    assert_eq!(ledger.counts(), COUNTS);
}

fn ends_once() {
    let parent = interpreter(Access::Open);
    for _ in 0..times() {
        with_capsules(&parent);
    }
    parent.finalize(None);
}

fn costs_nothing() {
    let parent = interpreter(Access::Open);
    let grown = |turn: fn(&Interpreter)| {
        let before = allocated();
        (0..times()).for_each(|_| turn(&parent));
        allocated().saturating_sub(before)
    };
    (0..3).for_each(|_| with_capsules(&parent));
    let (without, with) = (grown(plain), grown(with_capsules));
    eprintln!(
        "{} interpreters leave {without} bytes, with capsules {with}",
        times()
    );
    assert!(
        with < without + without / 10 + SLACK,
        "{with} bytes, {without} without"
    );
    parent.finalize(None);
}
