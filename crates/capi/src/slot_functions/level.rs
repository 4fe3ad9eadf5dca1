//! Slot functions that exist once for each level of classes from C.

/// The instance of a function for the level of a class.
macro_rules! with_level {
    ($level:expr, $function:ident) => {
        match $level {
            0 => $function::<0>,
            1 => $function::<1>,
            2 => $function::<2>,
            _ => $function::<3>,
        }
    };
    ($level:expr, $function:ident, $parameter:ident) => {
        match $level {
            0 => $function::<$parameter, 0>,
            1 => $function::<$parameter, 1>,
            2 => $function::<$parameter, 2>,
            _ => $function::<$parameter, 3>,
        }
    };
}

pub(super) use with_level;
