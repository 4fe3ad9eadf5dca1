use core::cell::Cell;
use core::ops::Deref;
use std::rc::Rc;

use rustpython_capsule_glue::capsule::{PyCapsule, TypedCapsule};

/// `Send`, but not `Sync`.
pub fn with_a_cell(capsule: impl Deref<Target = PyCapsule>) {
    let _ = capsule.value::<Cell<u64>>(None);
}

/// Neither.
pub fn of_a_reference_count() {
    let _ = PyCapsule::from_value(Rc::new(1_u64));
}

pub fn on_another_thread(capsule: TypedCapsule<Cell<u64>>) {
    std::thread::spawn(move || drop(capsule));
}
