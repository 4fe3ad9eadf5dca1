//! The state of a run: references, the pending exception, the destructors that must run. Each call
//! is made on the model and through the C API, and the results are compared.

mod checks;
mod references;

use core::cell::{Cell, RefCell};
use core::ptr::{null_mut, without_provenance_mut};
use std::collections::VecDeque;
use std::rc::Rc;

use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{AsObject, PyObject, PyObjectRef};

use super::super::c_api;
use super::super::raised::{self, Raised};
use super::call;
use super::model::{self, Arguments, Capsule, Expected, Object, Stage, UNTOUCHED};
use super::names::{ATTRIBUTES, Name};
use super::record::{Call, OTHERS, Operation, PLACES, PROGRAMS, Target};

/// The maximum number of calls of a run, since destructors can make new capsules without end.
const MAX_CALLS: usize = 3000;

/// Up to this depth nested destructors run at once. Deeper ones may be deferred.
const NESTED_AT_ONCE: usize = 20;

/// The maximum number of collections of a run, since they are slow.
const MAX_COLLECTIONS: usize = 2;

/// The object in a place or an attribute.
#[derive(Clone, Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Other(usize),
    Capsule(Rc<Capsule>),
}

impl Held {
    fn object(&self) -> Object<'_> {
        match self {
            Self::Nothing => Object::Null,
            Self::Other(other) => Object::Other(*other),
            Self::Capsule(capsule) => Object::Capsule(capsule),
        }
    }

    fn name(&self) -> Name {
        match self {
            Self::Capsule(capsule) => capsule.name.borrow().clone(),
            _ => Name::Null,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Run {
    module: *mut PyObject,
    others: [*mut PyObject; OTHERS],
    programs: [Vec<Operation>; PROGRAMS],
    places: [RefCell<Held>; PLACES],
    attributes: [RefCell<Held>; ATTRIBUTES.len()],
    /// All capsules that are not `Dead`.
    capsules: RefCell<Vec<Rc<Capsule>>>,
    /// The capsules that the current collection must free.
    garbage: RefCell<Vec<Rc<Capsule>>>,
    /// The capsules whose destructors are running, the innermost last.
    destroying: RefCell<Vec<Rc<Capsule>>>,
    /// The pending exception, as a value and as an object.
    pending: RefCell<Option<Raised>>,
    pending_object: Cell<*mut PyObject>,
    /// Exceptions that must be reported, each with its capsule.
    to_report: RefCell<VecDeque<(Raised, *const PyObject)>>,
    collecting: Cell<bool>,
    collections: Cell<usize>,
    calls: Cell<usize>,
    failure: RefCell<Option<String>>,
}

impl Run {
    pub(crate) fn new(
        operations: &[Operation],
        module: &PyObject,
        others: &[PyObjectRef; OTHERS],
    ) -> Self {
        let program = |number| {
            let own = operations
                .iter()
                .filter(|operation| operation.program == number + 1);
            own.cloned().collect()
        };
        Self {
            module: core::ptr::from_ref(module).cast_mut(),
            others: others
                .each_ref()
                .map(|other| core::ptr::from_ref(other.as_object()).cast_mut()),
            programs: core::array::from_fn(program),
            places: Default::default(),
            attributes: Default::default(),
            capsules: RefCell::default(),
            garbage: RefCell::default(),
            destroying: RefCell::default(),
            pending: RefCell::default(),
            pending_object: null_mut::<PyObject>().into(),
            to_report: RefCell::default(),
            collecting: false.into(),
            collections: 0.into(),
            calls: 0.into(),
            failure: RefCell::default(),
        }
    }

    /// Records the first difference. No calls are made after that.
    pub(crate) fn fail(&self, text: String) {
        self.failure.borrow_mut().get_or_insert(text);
    }

    fn check(&self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.fail(text());
        }
    }

    pub(crate) fn step(&self, operation: &Operation) {
        if self.calls.get() == MAX_CALLS || self.failure.borrow().is_some() {
            return;
        }
        self.calls.set(self.calls.get() + 1);
        let target = self.target(operation.target);
        // C code must keep a name until it has been replaced.
        let own_name = target.name();
        let given = Arguments {
            name: match operation.call {
                Call::Import | Call::ImportCapsule => operation.name.resolve_for_import(),
                _ => operation.name.resolve(&own_name),
            },
            new_name: operation.new_name.resolve(&own_name),
            pointer: operation.pointer,
            destructor: operation.destructor,
            hooks: [
                operation.choice % 8 < 6,
                !matches!(operation.choice % 8, 5 | 7),
            ],
        };
        self.perform(operation, &target, &given);
        self.check_count(&target);
        if let Some(failure) = &mut *self.failure.borrow_mut()
            && !failure.contains("\nin ")
        {
            *failure += &format!("\nin {operation:?}\nof {target:?}\nwith {given:?}");
        }
    }

    fn perform(&self, operation: &Operation, target: &Held, given: &Arguments) {
        let choice = operation.choice;
        match operation.call {
            Call::New => self.make(target, given, operation.target),
            Call::Import => {
                let expected = self.imported(&given.name, |capsule| capsule.pointer.get());
                // SAFETY: the name stays alive for the call.
                let found = unsafe { c_api::PyCapsule_Import(given.name.address(), 0) };
                self.compare(Call::Import, (found.addr(), UNTOUCHED), expected);
            }
            Call::ImportCapsule => self.import_capsule(given, choice),
            Call::Publish => self.publish(target, choice),
            Call::Unpublish => self.unpublish(choice),
            Call::IncRef => {
                // SAFETY: the object is NULL or alive.
                unsafe { c_api::Py_IncRef(self.address(target)) };
                self.put(choice, self.with_reference(target));
            }
            Call::DecRef => match operation.target {
                Target::Place(place) => self.put(place, Held::Nothing),
                _ => self.put(choice, Held::Nothing),
            },
            Call::IncDecRef => {
                let object = self.address(target);
                // SAFETY: the object is NULL or alive.
                unsafe { c_api::Py_IncRef(object) };
                // SAFETY: the object is NULL or alive, and the reference was taken above.
                unsafe { c_api::Py_DecRef(object) };
                self.compare_pending(None);
            }
            Call::Raise => {
                let (class, text) = model::on_purpose(choice);
                with_current_vm(|vm| {
                    let class = vm.builtins.get_attr(class, vm);
                    let exception = class.and_then(|class| class.call((text,), vm));
                    let exception = exception.expect("these classes exist");
                    raised::make_pending(
                        exception
                            .downcast()
                            .expect("the classes are those of exceptions"),
                    );
                });
                self.compare_pending(Some(Raised::new(class, text)));
            }
            Call::Clear => {
                raised::clear_pending();
                self.pending.replace(None);
                self.pending_object.set(null_mut());
                self.compare_pending(None);
            }
            Call::OwnItself => self.own_itself(target),
            Call::Collect => {
                // Deeper, destructors of collected capsules may be deferred, and this would wait
                // for them.
                if self.destroying.borrow().len() < NESTED_AT_ONCE
                    && self.collections.get() < MAX_COLLECTIONS
                {
                    self.collect(choice.is_multiple_of(16));
                }
            }
            call => {
                let expected = model::on_object(call, target.object(), given);
                // SAFETY: the object is NULL or alive, and the model keeps the names alive.
                let answer = unsafe { call::on_object(call, self.address(target), given) };
                self.compare(call, answer, expected);
            }
        }
    }

    fn make(&self, target: &Held, given: &Arguments, place: Target) {
        let pointer = without_provenance_mut(given.pointer);
        let destructor = call::destructor(given.destructor);
        // SAFETY: the model keeps the name alive, and the destructor accepts every capsule of the
        // run.
        let made = unsafe { c_api::PyCapsule_New(pointer, given.name.address(), destructor) };
        if given.pointer == 0 {
            let expected = Err(model::refused(Call::New, "null pointer"));
            return self.compare(Call::New, (made.addr(), UNTOUCHED), expected);
        }
        self.compare_pending(None);
        let capsules = self.capsules.borrow();
        let mut in_use = capsules
            .iter()
            .filter(|known| known.references.get() > 0 || known.stage.get() == Stage::Due);
        let is_new = !made.is_null() && in_use.all(|known| known.address.get() != made);
        drop(capsules);
        if !is_new {
            return self.fail(format!("{made:p} is not a new capsule, for {target:?}"));
        }
        let capsule = Rc::new(Capsule::new(given));
        capsule.address.set(made);
        self.capsules.borrow_mut().push(capsule.clone());
        let place = match place {
            Target::Place(place) => place,
            _ => 0,
        };
        self.put(place, Held::Capsule(capsule));
    }

    fn import_capsule(&self, given: &Arguments, choice: usize) {
        let found = Cell::new(Held::Nothing);
        let expected = self.imported(&given.name, |capsule| {
            found.set(Held::Capsule(capsule.clone()));
            capsule.address.get().addr()
        });
        // SAFETY: the name stays alive for the call.
        let object = unsafe { c_api::PyCapsuleRs_ImportCapsule(given.name.address()) };
        self.compare(Call::ImportCapsule, (object.addr(), UNTOUCHED), expected);
        let found = found.take();
        if !object.is_null() {
            self.put(choice, self.with_reference(&found));
        }
    }

    /// The expected result of an import. `answer` computes it from the capsule that is found.
    fn imported(&self, name: &Name, answer: impl FnOnce(&Rc<Capsule>) -> usize) -> Expected {
        let attributes = self.attributes.each_ref().map(|held| held.borrow().clone());
        let objects = attributes.each_ref().map(Held::object);
        let found = model::on_import(name, objects, self.pending.borrow().as_ref())?;
        let capsules = self.capsules.borrow();
        let capsule = capsules
            .iter()
            .find(|known| core::ptr::eq(&***known, found));
        Ok((capsule.map_or(0, answer), UNTOUCHED))
    }

    fn publish(&self, target: &Held, choice: usize) {
        if matches!(target, Held::Nothing) {
            return;
        }
        let (attribute, name) = model::attribute(choice);
        let old = self.attributes[attribute].replace(self.with_reference(target));
        self.release(&old, || {
            let object = self.address(target);
            // SAFETY: both objects are alive, and the name is a C string.
            let status =
                unsafe { c_api::PyObject_SetAttrString(self.module, name.as_ptr(), object) };
            self.check(status == 0, || {
                "setting an attribute of a module failed".to_owned()
            });
        });
    }

    fn unpublish(&self, choice: usize) {
        let (attribute, name) = model::attribute(choice);
        let old = self.attributes[attribute].take();
        if matches!(old, Held::Nothing) {
            return;
        }
        self.release(&old, || {
            // SAFETY: the module is alive, and the name is a C string.
            let status = unsafe { c_api::PyObject_DelAttrString(self.module, name.as_ptr()) };
            self.check(status == 0, || {
                "deleting an attribute of a module failed".to_owned()
            });
        });
    }

    fn drop_everything(&self) {
        for place in 0..PLACES {
            self.put(place, Held::Nothing);
        }
        for attribute in 0..ATTRIBUTES.len() {
            self.unpublish(attribute);
        }
        let left = self.capsules.borrow().clone();
        for capsule in left {
            self.release_itself(&capsule);
        }
    }

    /// Drops everything at the end of a run. No capsule may be left.
    pub(crate) fn end(&self) -> Result<u64, String> {
        // Destructors may fill places again, but the number of calls is limited.
        let mut rounds = 0;
        while !self.capsules.borrow().is_empty() && rounds <= MAX_CALLS {
            self.drop_everything();
            rounds += 1;
        }
        self.drop_everything();
        raised::clear_pending();
        let left = self.capsules.borrow();
        self.check(left.is_empty(), || format!("left at the end: {left:?}"));
        match self.failure.take() {
            None => Ok(self.calls.get() as u64),
            Some(failure) => Err(failure),
        }
    }
}
