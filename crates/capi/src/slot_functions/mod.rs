//! The slots of classes from C. A slot of the VM holds a Rust function without data, so there is
//! one function here for each slot. It finds the C function through the object's class.
//!
//! A class from C may call the function that a class above it has for the same slot
//! (`super().__len__()`). So each function exists once for each level of C classes.

mod asynchronous;
mod buffer;
mod call;
mod container;
mod creation;
mod level;
mod number;
mod object;

use crate::type_record::TypeRecord;

pub(crate) use asynchronous::add_methods as add_async_methods;
pub(crate) use buffer::add_release_method;
pub(crate) use creation::add_new;

/// Fills the slots for which the class has C functions of its own.
pub(crate) fn fill(record: &TypeRecord) {
    number::fill(record);
    container::fill(record);
    object::fill(record);
    creation::fill(record);
    buffer::fill(record);
}
