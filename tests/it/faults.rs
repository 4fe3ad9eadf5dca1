//! Destructors that misbehave, at every point of life: what one does × its kind × where it runs, as
//! one matrix. The destructor runs once, what it leaves behind is reported once, and all around goes
//! on. What a single action or place has beside that is tested under its own topic.

mod actions;
mod allocator;
mod endings;
mod points;
mod scene;
mod shortage;

use libtest_mimic::Trial;
use rustpython_vm::VirtualMachine;

use crate::interpreter::trial;
use crate::ledger::{Kind, shared};
use actions::{ACTIONS, Action, Leaves};
use points::{POINTS, Point};
use scene::{Scene, Surroundings, reports};

pub(crate) fn trials() -> Vec<Trial> {
    let matrix = POINTS.iter().flat_map(|point| {
        point.kinds.iter().map(move |&kind| {
            trial(format!("faults::{kind:?}::in-{}", point.name), move || {
                shared(move |vm| {
                    for action in ACTIONS.iter().filter(|action| action.is_for(kind)) {
                        cell(point, kind, action, vm);
                    }
                });
                Ok(())
            })
        })
    });
    matrix
        .chain(endings::trials())
        .chain(shortage::trials())
        .collect()
}

impl Action {
    /// Whether destructors of this kind can do it: a panic is Rust's.
    fn is_for(&self, kind: Kind) -> bool {
        kind != Kind::C || !matches!(self.leaves, Leaves::Panic(_))
    }

    /// What is reported where it ran.
    fn report(&self, kind: Kind, surroundings: Surroundings) -> Option<&'static str> {
        // With no interpreter there is none to report to. A Python destructor has its own.
        let told = kind == Kind::Python || surroundings != Surroundings::Outside;
        self.leaves.text().filter(|_| told)
    }
}

fn cell(point: &Point, kind: Kind, action: &'static Action, vm: &VirtualMachine) {
    let scene = Scene::new(point.surroundings);
    let capsule = scene.capsule(action, kind, vm);
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let told = reports(vm, || (point.lets_go)(capsule, vm));
        let expected: Vec<_> = action
            .report(kind, point.surroundings)
            .into_iter()
            .collect();
        assert_eq!(told, expected, "reports");
        scene.judge(1, action.others);
    }));
    if ran.is_err() {
        panic!("{kind:?} that {} in {}", action.name, point.name);
    }
}
