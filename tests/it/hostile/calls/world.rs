//! A history as it goes: who refers to what, what is pending, whose destructor must run now. Each
//! call is made of the model and of the C API, and the two are held against one another.

mod answers;
mod lives;

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

/// The most calls of one history, since destructors can make new capsules without end.
const LONGEST: usize = 3000;

/// So deep, destructors run at once. Deeper ones may wait for the outermost to be done.
const AT_ONCE: usize = 20;

/// What a place or an attribute holds.
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
pub(crate) struct World {
    module: *mut PyObject,
    others: [*mut PyObject; OTHERS],
    programs: [Vec<Operation>; PROGRAMS],
    places: [RefCell<Held>; PLACES],
    attributes: [RefCell<Held>; ATTRIBUTES.len()],
    /// All that are not dead.
    capsules: RefCell<Vec<Rc<Capsule>>>,
    /// What a collection that runs now must take.
    garbage: RefCell<Vec<Rc<Capsule>>>,
    /// Those whose destructors run now, one inside the other.
    dying: RefCell<Vec<Rc<Capsule>>>,
    /// What is pending, and which object that is.
    pending: RefCell<Option<Raised>>,
    pending_object: Cell<*mut PyObject>,
    /// What will be reported, and of which capsule.
    to_report: RefCell<VecDeque<(Raised, *const PyObject)>>,
    collected: Cell<bool>,
    calls: Cell<usize>,
    failure: RefCell<Option<String>>,
}

impl World {
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
            dying: RefCell::default(),
            pending: RefCell::default(),
            pending_object: null_mut::<PyObject>().into(),
            to_report: RefCell::default(),
            collected: false.into(),
            calls: 0.into(),
            failure: RefCell::default(),
        }
    }

    /// Keeps the first difference. Nothing more is called then.
    pub(crate) fn fail(&self, text: String) {
        self.failure.borrow_mut().get_or_insert(text);
    }

    fn check(&self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.fail(text());
        }
    }

    pub(crate) fn step(&self, operation: &Operation) {
        if self.calls.get() == LONGEST || self.failure.borrow().is_some() {
            return;
        }
        self.calls.set(self.calls.get() + 1);
        let target = self.target(operation.target);
        // C code keeps a name until it has been replaced.
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
                // SAFETY: the name lives for the call.
                let found = unsafe { c_api::PyCapsule_Import(given.name.address(), 0) };
                self.compare(Call::Import, (found.addr(), UNTOUCHED), expected);
            }
            Call::ImportCapsule => self.import_capsule(given, choice),
            Call::Publish => self.publish(target, choice),
            Call::Withdraw => self.withdraw(choice),
            Call::Keep => {
                // SAFETY: NULL or an object that lives.
                unsafe { c_api::Py_IncRef(self.address(target)) };
                self.put(choice, self.gained(target));
            }
            Call::Drop => match operation.target {
                Target::Place(place) => self.put(place, Held::Nothing),
                _ => self.put(choice, Held::Nothing),
            },
            Call::Touch => {
                let object = self.address(target);
                // SAFETY: NULL or an object that lives.
                unsafe { c_api::Py_IncRef(object) };
                // SAFETY: as above, and the reference was made here.
                unsafe { c_api::Py_DecRef(object) };
                self.compare_pending(None);
            }
            Call::Raise => {
                let (class, text) = model::on_purpose(choice);
                with_current_vm(|vm| {
                    let class = vm.builtins.get_attr(class, vm);
                    let exception = class.and_then(|class| class.call((text,), vm));
                    let exception = exception.expect("these classes are there");
                    raised::make_pending(exception.downcast().expect("it is an exception"));
                });
                self.compare_pending(Some(Raised::new(class, text)));
            }
            Call::Clear => {
                raised::clear_pending();
                self.pending.replace(None);
                self.pending_object.set(null_mut());
                self.compare_pending(None);
            }
            Call::Hold => self.hold(target),
            Call::Collect => {
                // Deeper, what is collected may have to wait, and so would we. A collection is slow.
                let at_once = choice.is_multiple_of(4) && self.dying.borrow().len() < AT_ONCE;
                if at_once && !self.collected.replace(true) {
                    self.collect();
                }
            }
            call => {
                let expected = model::on_object(call, target.object(), given);
                // SAFETY: the object is NULL or lives; the model keeps the names.
                let answer = unsafe { call::on_object(call, self.address(target), given) };
                self.compare(call, answer, expected);
            }
        }
    }

    fn make(&self, target: &Held, given: &Arguments, place: Target) {
        let pointer = without_provenance_mut(given.pointer);
        let destructor = call::destructor(given.destructor);
        // SAFETY: the model keeps the name.
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
            return self.fail(format!("{made:p} is no new capsule, beside {target:?}"));
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
        // SAFETY: the name lives for the call.
        let object = unsafe { c_api::PyCapsuleRs_ImportCapsule(given.name.address()) };
        self.compare(Call::ImportCapsule, (object.addr(), UNTOUCHED), expected);
        let found = found.take();
        if !object.is_null() {
            self.put(choice, self.gained(&found));
        }
    }

    /// What an import must answer, where `answer` tells it of the capsule that is found.
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
        let old = self.attributes[attribute].replace(self.gained(target));
        self.release(&old, || {
            let object = self.address(target);
            // SAFETY: both objects live, and the name is one.
            let status =
                unsafe { c_api::PyObject_SetAttrString(self.module, name.as_ptr(), object) };
            self.check(status == 0, || "a module takes no attribute".to_owned());
        });
    }

    fn withdraw(&self, choice: usize) {
        let (attribute, name) = model::attribute(choice);
        let old = self.attributes[attribute].take();
        if matches!(old, Held::Nothing) {
            return;
        }
        self.release(&old, || {
            // SAFETY: the module lives, and the name is one.
            let status = unsafe { c_api::PyObject_DelAttrString(self.module, name.as_ptr()) };
            self.check(status == 0, || "a module lost an attribute".to_owned());
        });
    }

    fn give_up_all(&self) {
        for place in 0..PLACES {
            self.put(place, Held::Nothing);
        }
        for attribute in 0..ATTRIBUTES.len() {
            self.withdraw(attribute);
        }
        let left = self.capsules.borrow().clone();
        for capsule in left {
            self.let_go(&capsule);
        }
    }

    /// The end of a history: everything is given up, and nothing may be left.
    pub(crate) fn end(&self) -> Result<u64, String> {
        // Destructors may fill places again, but not for ever.
        let mut rounds = 0;
        while !self.capsules.borrow().is_empty() && rounds <= LONGEST {
            self.give_up_all();
            rounds += 1;
        }
        self.give_up_all();
        raised::clear_pending();
        let left = self.capsules.borrow();
        self.check(left.is_empty(), || format!("left at the end: {left:?}"));
        match self.failure.take() {
            None => Ok(self.calls.get() as u64),
            Some(failure) => Err(failure),
        }
    }
}
