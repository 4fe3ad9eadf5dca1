//! References, and what happens when the last one goes.

use core::ptr::null_mut;
use std::rc::Rc;

use rustpython_vm::PyObject;

use super::super::super::{collect, raised};
use super::super::model::{Capsule, Stage};
use super::super::names::Name;
use super::super::record::{PLAIN, Target};
use super::{AT_ONCE, Held, World, c_api};

impl World {
    pub(super) fn target(&self, target: Target) -> Held {
        match target {
            Target::Place(place) => self.places[place].borrow().clone(),
            Target::Dying => {
                let dying = self.dying.borrow();
                dying.last().cloned().map_or(Held::Nothing, Held::Capsule)
            }
            Target::Null => Held::Nothing,
            Target::Other(other) => Held::Other(other),
        }
    }

    pub(super) fn address(&self, held: &Held) -> *mut PyObject {
        match held {
            Held::Nothing => null_mut(),
            Held::Other(other) => self.others[*other],
            Held::Capsule(capsule) => capsule.address.get(),
        }
    }

    /// The same, with one reference more.
    pub(super) fn gained(&self, held: &Held) -> Held {
        if let Held::Capsule(capsule) = held {
            capsule.references.update(|references| references + 1);
        }
        held.clone()
    }

    /// Puts a reference in a place, and gives up the one that was there.
    pub(super) fn put(&self, choice: usize, held: Held) {
        let old = self.places[choice % self.places.len()].replace(held);
        self.release(&old, || {
            // SAFETY: NULL, or a reference that the place had.
            unsafe { c_api::Py_DecRef(self.address(&old)) };
        });
    }

    /// One reference less, which `give_up` makes true.
    pub(super) fn release(&self, held: &Held, give_up: impl FnOnce()) {
        let last = match held {
            Held::Capsule(capsule) => {
                capsule.references.update(|references| references - 1);
                let is_last = capsule.references.get() == 0;
                (is_last && capsule.stage.get() == Stage::Alive).then_some(capsule)
            }
            _ => None,
        };
        let Some(capsule) = last else {
            give_up();
            return self.compare_pending(None);
        };
        Self::is_last(capsule);
        give_up();
        self.compare_pending(None);
        let depth = self.dying.borrow().len();
        if depth < AT_ONCE {
            self.settle(capsule);
        }
        if depth == 0 {
            self.settle_all();
        }
    }

    /// Nobody refers to a capsule any more.
    fn is_last(capsule: &Capsule) {
        let destroyed = capsule.destructor.get() != 0 && !capsule.spent.get();
        let stage = if destroyed { Stage::Due } else { Stage::Dead };
        capsule.stage.set(stage);
        capsule.hooks.set(false);
    }

    /// Whether a capsule whose last reference went has lived on.
    fn settle(&self, capsule: &Capsule) {
        match capsule.stage.get() {
            Stage::Due => self.fail(format!("no destructor ran for {capsule:?}")),
            Stage::Dying if capsule.references.get() > 0 => capsule.stage.set(Stage::Alive),
            Stage::Dying => capsule.stage.set(Stage::Dead),
            Stage::Alive | Stage::Dead => {}
        }
    }

    fn settle_all(&self) {
        let mut capsules = self.capsules.borrow_mut();
        for capsule in capsules.iter() {
            self.settle(capsule);
        }
        capsules.retain(|capsule| {
            let lives = capsule.stage.get() != Stage::Dead;
            if !lives {
                capsule.name.replace(Name::Null);
            }
            lives
        });
        drop(capsules);
        let reports = self.to_report.borrow();
        self.check(reports.is_empty(), || format!("not reported: {reports:?}"));
    }

    /// A destructor was called.
    pub(crate) fn destroyed(&self, number: usize, object: *mut PyObject) {
        let capsules = self.capsules.borrow();
        let mut due = capsules
            .iter()
            .filter(|capsule| capsule.stage.get() == Stage::Due);
        let capsule = due.find(|capsule| capsule.address.get() == object).cloned();
        drop(capsules);
        let Some(capsule) = capsule else {
            return self.fail(format!("destructor {number} ran for no capsule that ends"));
        };
        capsule.stage.set(Stage::Dying);
        capsule.spent.set(true);
        let own = capsule.destructor.get();
        self.check(own == number, || {
            format!("destructor {number} ran instead of {own}")
        });
        let parked = self.pending.take();
        let parked_object = self.pending_object.replace(null_mut());
        self.check(raised::pending().is_null(), || {
            "a destructor sees an exception that was pending".to_owned()
        });
        self.dying.borrow_mut().push(capsule);
        if let Some(program) = number.checked_sub(PLAIN + 1) {
            for operation in &self.programs[program] {
                self.step(operation);
            }
        }
        self.dying.borrow_mut().pop();
        let left = core::mem::replace(&mut *self.pending.borrow_mut(), parked);
        self.pending_object.set(parked_object);
        let report = left.map(|left| (left, object.cast_const()));
        self.to_report.borrow_mut().extend(report);
    }

    /// A capsule gets a reference to itself.
    pub(super) fn hold(&self, held: &Held) {
        if let Held::Capsule(capsule) = held
            && capsule.stage.get() == Stage::Alive
            && !capsule.holds_itself.replace(true)
        {
            self.gained(held);
            // SAFETY: the capsule lives.
            unsafe { c_api::Py_IncRef(capsule.address.get()) };
        }
    }

    /// It gives the reference up, if it has one.
    pub(super) fn let_go(&self, capsule: &Rc<Capsule>) {
        if capsule.holds_itself.replace(false) {
            self.release(&Held::Capsule(capsule.clone()), || {
                // SAFETY: the reference that was made for it.
                unsafe { c_api::Py_DecRef(capsule.address.get()) };
            });
        }
    }

    /// The collector takes what only refers to itself, and shows it with hooks.
    pub(super) fn collect(&self) {
        let capsules = self.capsules.borrow().clone();
        let is_garbage = |capsule: &Rc<Capsule>| {
            capsule.hooks.get() && capsule.holds_itself.get() && capsule.references.get() == 1
        };
        let garbage = capsules.into_iter().filter(is_garbage).collect();
        self.garbage.replace(garbage);
        collect();
        self.compare_pending(None);
        for capsule in self.garbage.take() {
            self.check(!capsule.holds_itself.get(), || {
                format!("not collected: {capsule:?}")
            });
            self.settle(&capsule);
        }
        if self.dying.borrow().is_empty() {
            self.settle_all();
        }
    }

    /// The collector asked a capsule to give up what it holds. It still has it in hand itself.
    pub(crate) fn cleared(&self, object: *mut PyObject) {
        let garbage = self.garbage.borrow();
        let is_meant = |capsule: &&Rc<Capsule>| capsule.address.get() == object;
        let capsule = garbage.iter().find(is_meant).cloned();
        drop(garbage);
        let Some(capsule) = capsule.filter(|capsule| capsule.holds_itself.replace(false)) else {
            return self.fail(format!("{object:p} was cleared, and is no garbage"));
        };
        self.check(raised::pending().is_null(), || {
            "a hook sees an exception that was pending".to_owned()
        });
        capsule.references.set(0);
        Self::is_last(&capsule);
        // SAFETY: the reference that was made for it.
        unsafe { c_api::Py_DecRef(object) };
    }

    /// The collector looked into a capsule. Whether that holds itself.
    pub(crate) fn traversed(&self, object: *mut PyObject) -> bool {
        let capsules = self.capsules.borrow();
        let mut shown = capsules.iter().filter(|capsule| {
            capsule.address.get() == object && capsule.hooks.get() && capsule.references.get() > 0
        });
        let shown = shown.next();
        self.check(shown.is_some(), || {
            format!("traverse was called with {object:p}, which has no hooks")
        });
        shown.is_some_and(|capsule| capsule.holds_itself.get())
    }
}
