//! Compares results, exceptions and reference counts with the model.

use rustpython_vm::PyObject;

use super::super::super::raised::{self, Raised};
use super::super::model::{Answer, Expected, Stage, UNTOUCHED, failure};
use super::super::record::Call;
use super::{Held, Run, c_api};

impl Run {
    /// Checks the result of a call and the exception that is pending after it.
    pub(super) fn compare(&self, call: Call, answer: Answer, expected: Expected) {
        let (expected, raised) = match expected {
            Ok(expected) => (expected, None),
            Err(raised) => ((failure(call), UNTOUCHED), Some(raised)),
        };
        self.check(answer == expected, || {
            format!("result: {answer:x?}, and it should be {expected:x?}")
        });
        self.compare_pending(raised);
    }

    /// Checks the pending exception: `raised`, or the same object as before the call.
    pub(super) fn compare_pending(&self, raised: Option<Raised>) {
        let object = raised::pending();
        if raised.is_none() {
            let before = self.pending_object.get();
            return self.check(object == before, || {
                let pending = raised::describe_pending();
                format!("pending: {pending:?}, before: {:?}", self.pending)
            });
        }
        let described = raised::describe_pending();
        self.check(described == raised, || {
            format!("raised: {described:?}, and it should be {raised:?}")
        });
        self.pending_object.set(object);
        self.pending.replace(raised);
    }

    /// Checks a reference count. In destructors not all references are known.
    pub(super) fn check_count(&self, held: &Held) {
        if let Held::Capsule(capsule) = held
            && capsule.stage.get() == Stage::Alive
            && self.destroying.borrow().is_empty()
        {
            // SAFETY: the capsule is alive.
            let count = unsafe { c_api::Py_REFCNT(capsule.address.get()) };
            let known = capsule.references.get();
            self.check(count.cast_unsigned() == known, || {
                format!("{count} references, {known} known")
            });
        }
    }

    /// Called by `sys.unraisablehook`. Checks that this report is the next one expected.
    pub(crate) fn reported(&self, raised: &Raised, of: *const PyObject) {
        let expected = self.to_report.borrow_mut().pop_front();
        let is_same = expected
            .as_ref()
            .is_some_and(|(left, capsule)| left == raised && *capsule == of);
        self.check(is_same, || {
            format!("reported: {raised:?} of {of:p}, and it should be {expected:?}")
        });
    }
}
