//! Slot functions that exist once for each level of classes from C.

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

pub(super) use with_level;
