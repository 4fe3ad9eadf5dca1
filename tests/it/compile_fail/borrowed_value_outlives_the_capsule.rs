use core::ops::Deref;

use rustpython_capsule_glue::capsule::{PyCapsule, TypedCapsule};

pub fn from_a_capsule(capsule: impl Deref<Target = PyCapsule>) -> u64 {
    let value = capsule.value::<u64>(None).unwrap();
    drop(capsule);
    *value
}

pub fn from_a_typed_capsule(capsule: TypedCapsule<u64>) -> u64 {
    let value: &u64 = &capsule;
    drop(capsule);
    *value
}

pub fn returned(capsule: TypedCapsule<u64>) -> &'static u64 {
    &capsule
}
