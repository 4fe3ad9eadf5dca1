//! Fault injection in destructors, as a matrix: what the destructor does × its kind × where it
//! runs. The destructor runs once, an exception or panic in it is reported once, and the program
//! continues. Properties of a single action or place are tested under their own topics.

mod actions;
mod allocator;
mod fixture;
mod out_of_memory;
mod points;
mod shutdown;

use libtest_mimic::Trial;
use rustpython_vm::VirtualMachine;

use crate::interpreter::trial;
use crate::ledger::{Kind, in_shared_interpreter};
use actions::ACTIONS;
use fixture::{Action, Attachment, Fixture, Left, reports};
use points::{POINTS, Point};

pub(crate) fn trials() -> Vec<Trial> {
    let matrix = POINTS.iter().flat_map(|point| {
        point.kinds.iter().map(move |&kind| {
            trial(format!("faults::{kind:?}::in-{}", point.name), move || {
                in_shared_interpreter(move |vm| {
                    for action in ACTIONS.iter().filter(|action| action.is_for(kind)) {
                        cell(point, kind, action, vm);
                    }
                });
                Ok(())
            })
        })
    });
    matrix
        .chain(shutdown::trials())
        .chain(out_of_memory::trials())
        .collect()
}

impl Action {
    /// Whether destructors of this kind can do it: C code cannot panic.
    fn is_for(&self, kind: Kind) -> bool {
        kind != Kind::C || !matches!(self.left, Left::Panic(_))
    }

    /// The report that is expected.
    fn report(&self, kind: Kind, attachment: Attachment) -> Option<&'static str> {
        // Without an interpreter there is no hook to report to. A Python destructor brings its own.
        let reported = kind == Kind::Python || attachment != Attachment::Detached;
        self.left.text().filter(|_| reported)
    }
}

fn cell(point: &Point, kind: Kind, action: &'static Action, vm: &VirtualMachine) {
    let fixture = Fixture::new(point.attachment);
    let capsule = fixture.capsule(action, kind, vm);
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let reported = reports(vm, || (point.drop_last)(capsule, vm));
        let expected: Vec<_> = action.report(kind, point.attachment).into_iter().collect();
        assert_eq!(reported, expected, "reports");
        fixture.check(1, action.others);
    }));
    if ran.is_err() {
        panic!("{kind:?} destructor, {} in {}", action.name, point.name);
    }
}
