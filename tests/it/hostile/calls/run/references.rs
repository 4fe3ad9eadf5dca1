//! References, destructors and collections.

use core::ptr::null_mut;
use std::rc::Rc;

use rustpython_vm::PyObject;

use super::super::super::{collect, raised};
use super::super::model::{Capsule, Stage};
use super::super::names::Name;
use super::super::record::{PLAIN, Target};
use super::super::{clear, traverse};
use super::{Held, NESTED_AT_ONCE, Run, c_api};

impl Run {
    pub(super) fn target(&self, target: Target) -> Held {
        match target {
            Target::Place(place) => self.places[place].borrow().clone(),
            Target::Destroying => {
                let destroying = self.destroying.borrow();
                destroying
                    .last()
                    .cloned()
                    .map_or(Held::Nothing, Held::Capsule)
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

    /// The same object, with one more reference.
    pub(super) fn with_reference(&self, held: &Held) -> Held {
        if let Held::Capsule(capsule) = held {
            capsule.references.update(|references| references + 1);
        }
        held.clone()
    }

    /// Puts a reference into a place, and drops the old one.
    pub(super) fn put(&self, choice: usize, held: Held) {
        let old = self.places[choice % self.places.len()].replace(held);
        self.release(&old, || {
            // SAFETY: the object is NULL, or the place had the reference that is dropped.
            unsafe { c_api::Py_DecRef(self.address(&old)) };
        });
    }

    /// Counts one reference less in the model. `give_up` drops it.
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
        let depth = self.destroying.borrow().len();
        if depth < NESTED_AT_ONCE {
            self.settle(capsule);
        }
        if depth == 0 {
            self.settle_all();
        }
    }

    /// The last reference to a capsule is gone.
    fn is_last(capsule: &Capsule) {
        let destroyed = capsule.destructor.get() != 0 && !capsule.destructor_ran.get();
        let stage = if destroyed { Stage::Due } else { Stage::Dead };
        capsule.stage.set(stage);
        capsule.hooks.set(false);
    }

    /// Decides whether a capsule whose last reference was dropped has been resurrected.
    fn settle(&self, capsule: &Capsule) {
        match capsule.stage.get() {
            Stage::Due => self.fail(format!("no destructor ran for {capsule:?}")),
            Stage::Destroying if capsule.references.get() > 0 => capsule.stage.set(Stage::Alive),
            Stage::Destroying => capsule.stage.set(Stage::Dead),
            Stage::Alive | Stage::Dead => {}
        }
    }

    fn settle_all(&self) {
        let mut capsules = self.capsules.borrow_mut();
        for capsule in capsules.iter() {
            self.settle(capsule);
        }
        capsules.retain(|capsule| {
            let is_alive = capsule.stage.get() != Stage::Dead;
            if !is_alive {
                capsule.name.replace(Name::Null);
            }
            is_alive
        });
        drop(capsules);
        let reports = self.to_report.borrow();
        self.check(reports.is_empty(), || format!("not reported: {reports:?}"));
    }

    /// Called by destructors. Runs the program of the destructor.
    pub(crate) fn destroyed(&self, number: usize, object: *mut PyObject) {
        let capsules = self.capsules.borrow();
        let mut due = capsules
            .iter()
            .filter(|capsule| capsule.stage.get() == Stage::Due);
        let capsule = due.find(|capsule| capsule.address.get() == object).cloned();
        drop(capsules);
        let Some(capsule) = capsule else {
            return self.fail(format!(
                "destructor {number} ran for a capsule that is not being destroyed"
            ));
        };
        capsule.stage.set(Stage::Destroying);
        capsule.destructor_ran.set(true);
        let own = capsule.destructor.get();
        self.check(own == number, || {
            format!("destructor {number} ran instead of {own}")
        });
        let saved = self.pending.take();
        let saved_object = self.pending_object.replace(null_mut());
        self.check(raised::pending().is_null(), || {
            "a destructor sees an exception that was pending".to_owned()
        });
        self.destroying.borrow_mut().push(capsule);
        if let Some(program) = number.checked_sub(PLAIN + 1) {
            for operation in &self.programs[program] {
                self.step(operation);
            }
        }
        self.destroying.borrow_mut().pop();
        let left = core::mem::replace(&mut *self.pending.borrow_mut(), saved);
        self.pending_object.set(saved_object);
        let report = left.map(|left| (left, object.cast_const()));
        self.to_report.borrow_mut().extend(report);
    }

    /// Gives a capsule a reference to itself, and hooks that visit it.
    pub(super) fn own_itself(&self, held: &Held) {
        if let Held::Capsule(capsule) = held
            && capsule.stage.get() == Stage::Alive
            && !capsule.owns_itself.replace(true)
        {
            self.with_reference(held);
            let object = capsule.address.get();
            // SAFETY: the capsule is alive.
            unsafe { c_api::Py_IncRef(object) };
            capsule.hooks.set(true);
            // SAFETY: the capsule is alive, and the hooks visit and drop the reference that was
            // taken above.
            let status =
                unsafe { c_api::_PyCapsule_SetTraverse(object, Some(traverse), Some(clear)) };
            self.check(status == 0, || "hooks were refused".to_owned());
        }
    }

    /// Drops the reference of a capsule to itself, if it has one.
    pub(super) fn release_itself(&self, capsule: &Rc<Capsule>) {
        if capsule.owns_itself.replace(false) {
            self.release(&Held::Capsule(capsule.clone()), || {
                // SAFETY: this is the reference that `own_itself` took.
                unsafe { c_api::Py_DecRef(capsule.address.get()) };
            });
        }
    }

    /// Collects, and checks that capsules with hooks that only refer to themselves are freed.
    /// Without such capsules it collects only if `in_any_case`.
    pub(super) fn collect(&self, in_any_case: bool) {
        let capsules = self.capsules.borrow().clone();
        let is_garbage = |capsule: &Rc<Capsule>| {
            capsule.hooks.get() && capsule.owns_itself.get() && capsule.references.get() == 1
        };
        let garbage: Vec<_> = capsules.into_iter().filter(is_garbage).collect();
        let worth_it = in_any_case || !garbage.is_empty();
        if !worth_it || self.collecting.replace(true) {
            return;
        }
        self.collections.update(|collections| collections + 1);
        self.garbage.replace(garbage);
        collect();
        self.collecting.set(false);
        self.compare_pending(None);
        for capsule in self.garbage.take() {
            self.check(!capsule.owns_itself.get(), || {
                format!("not collected: {capsule:?}")
            });
            self.settle(&capsule);
        }
        if self.destroying.borrow().is_empty() {
            self.settle_all();
        }
    }

    /// Called by the clear hook. The collector still holds a reference to the capsule.
    pub(crate) fn cleared(&self, object: *mut PyObject) {
        let garbage = self.garbage.borrow();
        let is_meant = |capsule: &&Rc<Capsule>| capsule.address.get() == object;
        let capsule = garbage.iter().find(is_meant).cloned();
        drop(garbage);
        let Some(capsule) = capsule.filter(|capsule| capsule.owns_itself.replace(false)) else {
            return self.fail(format!("{object:p} was cleared, and is reachable"));
        };
        self.check(raised::pending().is_null(), || {
            "a hook sees an exception that was pending".to_owned()
        });
        capsule.references.set(0);
        Self::is_last(&capsule);
        // SAFETY: this is the reference that `own_itself` took.
        unsafe { c_api::Py_DecRef(object) };
    }

    /// Called by the traverse hook. Whether the capsule refers to itself.
    pub(crate) fn traversed(&self, object: *mut PyObject) -> bool {
        let capsules = self.capsules.borrow();
        let mut shown = capsules.iter().filter(|capsule| {
            capsule.address.get() == object && capsule.hooks.get() && capsule.references.get() > 0
        });
        let shown = shown.next();
        self.check(shown.is_some(), || {
            format!("traverse was called with {object:p}, which has no hooks")
        });
        shown.is_some_and(|capsule| capsule.owns_itself.get())
    }
}
