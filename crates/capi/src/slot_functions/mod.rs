//! The slots of classes from C. A slot of the VM holds a Rust function without data, so there is
//! one function here for each slot. It finds the C function through the object's class.
//!
//! A class from C may call the function that a class above it has for the same slot
//! (`super().__len__()`). So each function exists once for each level of C classes.

mod asynchronous;
mod call;
mod container;
mod creation;
mod number;
mod object;

use crate::foreign_buffer::AS_BUFFER;
use crate::slot_ids::{BF_GETBUFFER, BF_RELEASEBUFFER};
use crate::type_record::TypeRecord;

pub(crate) use asynchronous::add_methods as add_async_methods;
pub(crate) use creation::add_new;

/// The instance of a function for the level of a class.
macro_rules! with_level {
    ($level:expr, $function:ident) => {
        match $level {
            0 => $function::<0>,
            1 => $function::<1>,
            2 => $function::<2>,
            3 => $function::<3>,
            4 => $function::<4>,
            5 => $function::<5>,
            6 => $function::<6>,
            _ => $function::<7>,
        }
    };
    ($level:expr, $function:ident, $parameter:ident) => {
        match $level {
            0 => $function::<$parameter, 0>,
            1 => $function::<$parameter, 1>,
            2 => $function::<$parameter, 2>,
            3 => $function::<$parameter, 3>,
            4 => $function::<$parameter, 4>,
            5 => $function::<$parameter, 5>,
            6 => $function::<$parameter, 6>,
            _ => $function::<$parameter, 7>,
        }
    };
}

use with_level;

/// Fills the slots for which the class has C functions of its own.
pub(crate) fn fill(record: &TypeRecord) {
    number::fill(record);
    container::fill(record);
    object::fill(record);
    creation::fill(record);
    if record.is_own(BF_GETBUFFER) {
        let slots = &record.class().slots;
        slots.as_buffer.store(Some(AS_BUFFER));
        let releases = !record.function(BF_RELEASEBUFFER).is_null();
        slots.has_release_buffer.store(releases);
    }
}
