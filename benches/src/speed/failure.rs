//! The error type of this program.

use std::error::Error;

/// Any error. The program prints it and exits.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
